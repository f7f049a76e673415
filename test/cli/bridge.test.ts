import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { useQueues } from '../aws/queues.ts'
import { deployment, SECRET } from '../e2e/deployment.ts'
import { recent, recentAnswer, request } from '../e2e/http.ts'
import { folderForTest } from '../e2e/server-process.ts'
import { publisherToken, unique } from '../e2e/tokens.ts'
import { hanging, ScriptedServer } from '../publisher/scripted-server.ts'
import { RedisServer } from '../support/redis-server.ts'
import { awsEnv, bridge, ended, type Env, healthOf, logged } from './bridge-command.ts'
import { run } from './cli-process.ts'

const server = deployment()
const queues = useQueues()

const eventFor = (userId: string, id = unique('event')) => ({ type: 'T', id, userId })

describe('fanout bridge', () => {
  it.each(['pubsub', 'stream'])('brings what comes by %s to a server, and ends with 0', async (from) => {
    const redis = await RedisServer.forTest()
    const cli = bridge(
      ['--redis', redis.url, '--from', from, '--to', server.httpUrl, '--channel', 'events'],
      {
        // What the command line says counts.
        REDIS_URL: 'redis://127.0.0.1:1',
        REDIS_FROM: from === 'stream' ? 'pubsub' : 'stream',
        REDIS_CHANNEL: 'others',
        FANOUT_HTTP_URL: 'http://127.0.0.1:1',
        EVENTS_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/123456789012/events.fifo',
      },
    )
    expect(await logged(cli, 'bridge started')).toMatchObject({
      redis: redis.url,
      from,
      channel: 'events',
      target: server.httpUrl,
    })
    const health = await healthOf(cli)
    await logged(cli, from === 'stream' ? 'reading the stream' : 'subscribed')

    const userId = unique('user')
    const text = `{"type":"T",  "id":"${unique('event')}","userId":"${userId}","n":12345678901234567890}`
    const client = redis.client()
    if (from === 'stream') await client.xadd('events', '*', 'event', text)
    else await client.publish('events', text)
    await expect
      .poll(async () => (await recentAnswer(server, userId)).text, { timeout: 30_000 })
      .toContain(`"event":${text}}`)

    const { status, json } = await request(health)
    expect(status).toBe(200)
    expect(json).toMatchObject({ status: 'ok', from, state: 'reading', target: server.httpUrl, problems: [] })
    expect((await request(health.replace('/health', '/metrics'))).text).toContain(
      'fanout_bridge_messages_total{result="published"} 1\n',
    )
    expect(await ended(cli)).toMatchObject({ code: 0, stderr: '' })
  })

  it('takes all of that from the environment as well', async () => {
    const redis = await RedisServer.forTest()
    const cli = bridge([], {
      REDIS_URL: redis.url,
      REDIS_FROM: 'stream',
      REDIS_CHANNEL: 'events',
      FANOUT_HTTP_URL: server.httpUrl,
      // Set to nothing is not set.
      EVENTS_QUEUE_URL: '',
      FANOUT_TOKEN_FILE: '',
      BRIDGE_PORT: '',
    })
    expect(await logged(cli, 'bridge started')).toMatchObject({
      redis: redis.url,
      from: 'stream',
      channel: 'events',
      target: server.httpUrl,
    })
    expect((await ended(cli, 'SIGINT')).code).toBe(0)
  })

  it('reads the token file anew, so that a token may be replaced while it runs', async () => {
    const redis = await RedisServer.forTest()
    const file = join(folderForTest(), 'token')
    writeFileSync(file, 'not-this-one')
    const env = { REDIS_URL: redis.url, JWT_SECRET: '', FANOUT_TOKEN: 'nor-this-one' }
    const cli = bridge(['--from', 'stream', '--to', server.httpUrl, '--token-file', file], env)
    const health = await healthOf(cli)
    const userId = unique('user')
    await redis.client().xadd('business-events', '*', 'event', JSON.stringify(eventFor(userId)))
    await logged(cli, 'target did not take events, trying again')
    await expect
      .poll(async () => (await request(health)).json)
      .toMatchObject({ status: 'failing', problems: [expect.stringContaining('401') as string] })
    writeFileSync(file, `${publisherToken(server)}\n`)
    await expect.poll(async () => (await recent(server, userId)).events, { timeout: 30_000 }).toHaveLength(1)
    await expect.poll(async () => (await request(health)).status, { timeout: 30_000 }).toBe(200)
    expect((await ended(cli)).code).toBe(0)
  })

  it('sends to a queue, with the group and the de-duplication id', async () => {
    const redis = await RedisServer.forTest()
    const { client, queueUrl, messages } = queues.createQueue()
    const cli = bridge(['--from', 'stream', '--queue', queueUrl], {
      REDIS_URL: redis.url,
      // No server is asked, so no token is needed.
      JWT_SECRET: '',
      ...(await awsEnv(client)),
    })
    expect(await logged(cli, 'bridge started')).toMatchObject({
      target: `the queue ${queueUrl.split('/').at(-1)}`,
    })
    const texts = Array.from({ length: 25 }, (_, i) =>
      JSON.stringify(eventFor(i % 3 === 0 ? 'ann' : 'bob', `e-${i}`)),
    )
    const writer = redis.client()
    for (const text of texts) await writer.xadd('business-events', '*', 'event', text)
    await expect.poll(() => messages().map(({ body }) => body), { timeout: 30_000 }).toEqual(texts)
    for (const [i, { messageGroupId, messageDeduplicationId }] of messages().entries()) {
      expect(messageGroupId).toBe(i % 3 === 0 ? 'ann' : 'bob')
      expect(messageDeduplicationId).toMatch(/^[\da-f]{64}$/)
    }
    expect((await ended(cli)).code).toBe(0)
    expect((await writer.xpending('business-events', 'event-fanout'))[0]).toBe(0)
  })

  it('ends with 0 where Redis is away, and starts without it', async () => {
    const redis = await RedisServer.forTest()
    await redis.stop()
    const cli = bridge(['--to', server.httpUrl], { REDIS_URL: redis.url })
    const health = await healthOf(cli)
    await logged(cli, 'Redis connection failed')
    const { status, json } = await request(health)
    expect(status).toBe(503)
    expect(json).toMatchObject({ problems: [expect.stringContaining('Redis cannot be used') as string] })
    expect(await ended(cli)).toMatchObject({ code: 0, stderr: '' })
  })

  it('goes on when nobody is there any more who reads its log', async () => {
    const redis = await RedisServer.forTest()
    const { hang, asked } = hanging()
    const scripted = await ScriptedServer.with(hang)
    const cli = bridge(['--to', scripted.httpUrl], { REDIS_URL: redis.url })
    const health = await healthOf(cli)
    await logged(cli, 'subscribed')
    cli.closeStdout()
    const client = redis.client()
    for (let n = 0; n < 50; n++) await client.publish('business-events', `no event, which is logged ${n}`)
    await client.publish('business-events', JSON.stringify(eventFor('ann')))
    await asked
    expect((await request(health.replace('/health', '/live'))).status).toBe(200)
    expect(await ended(cli)).toMatchObject({ code: 0, stderr: '' })
  })

  it('finishes at the first SIGTERM, and ends at once at the second', async () => {
    const redis = await RedisServer.forTest()
    const { hang, asked } = hanging()
    const scripted = await ScriptedServer.with(hang)
    const cli = bridge(['--from', 'stream', '--to', scripted.httpUrl], { REDIS_URL: redis.url })
    const health = await healthOf(cli)
    await redis.client().xadd('business-events', '*', 'event', JSON.stringify(eventFor('ann')))
    await asked
    cli.signal('SIGTERM')
    // It waits for the answer, and serves its health meanwhile.
    expect((await request(health.replace('/health', '/live'))).status).toBe(200)
    expect(await ended(cli)).toMatchObject({ code: null, stderr: '' })
    // What was not acknowledged is still there for the next one.
    expect((await redis.client().xpending('business-events', 'event-fanout'))[0]).toBe(1)
  })

  it.each(['pubsub', 'stream'])(
    'ends with 0 though the target does not answer, and says by %s what becomes of it',
    async (from) => {
      const redis = await RedisServer.forTest()
      const { hang, asked } = hanging()
      const scripted = await ScriptedServer.with(hang, hang)
      const cli = bridge(['--from', from, '--to', scripted.httpUrl], { REDIS_URL: redis.url })
      await logged(cli, from === 'stream' ? 'reading the stream' : 'subscribed')
      const client = redis.client()
      const text = JSON.stringify(eventFor('ann'))
      if (from === 'stream') await client.xadd('business-events', '*', 'event', text)
      else await client.publish('business-events', text)
      await asked
      const { code, stdout, stderr } = await ended(cli)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      if (from === 'stream') expect((await client.xpending('business-events', 'event-fanout'))[0]).toBe(1)
      else expect(stdout).toMatch(/"level":"error".*"count":1,.*"msg":"messages dropped/)
    },
  )

  it('never says a password', async () => {
    const secret = unique('secret')
    const redis = await RedisServer.forTest('--requirepass', secret)
    const withPassword = redis.url.replace('//', `//:${secret}@`)
    const cli = bridge(['--redis', withPassword, '--from', 'stream', '--to', server.httpUrl], {
      LOG_LEVEL: 'debug',
    })
    await logged(cli, 'reading the stream')
    const { code, stdout, stderr } = await ended(cli)
    expect(code).toBe(0)
    expect(stdout + stderr).not.toContain(secret)

    const other = await RedisServer.forTest('--requirepass', 'another')
    const refused = bridge(['--from', 'stream', '--to', server.httpUrl], {
      REDIS_URL: other.url,
      REDIS_PASSWORD: secret,
      LOG_LEVEL: 'debug',
    })
    await logged(refused, 'Redis connection failed')
    const told = await ended(refused)
    expect(told.code).toBe(0)
    expect(told.stdout).toContain('WRONGPASS')
    expect(told.stdout + told.stderr).not.toContain(secret)

    for (const url of [
      other.url.replace('//', `//user:${secret}@`),
      `redis://:${secret}@host:port`,
      `http://user:${secret}@host`,
      `:${secret}@host`,
      `redis://:${secret}/${secret}@host`,
    ]) {
      const dead = await run(['bridge', 'dead', '--redis', url])
      expect(dead.code).toBe(1)
      expect(dead.stderr).toMatch(/^fanout: .+\n$/)
      expect(dead.stderr).not.toContain(secret)
    }
  })

  it('says in one line that its port is taken', async () => {
    const redis = await RedisServer.forTest()
    const taken = createServer()
    await once(taken.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void taken.close())
    const { port } = taken.address() as AddressInfo
    const { code, stderr } = await run(['bridge', '--redis', redis.url, '--port', String(port)], {
      env: { JWT_SECRET: SECRET },
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(
      new RegExp(`^fanout: the health cannot be served on port ${port} of 127.0.0.1: .+\n$`),
    )
  })
})

describe('fanout bridge fails in one line', () => {
  const redis = { REDIS_URL: 'redis://127.0.0.1:1', JWT_SECRET: SECRET }
  const fifo = 'https://sqs.eu-central-1.amazonaws.com/123456789012/events.fifo'
  const empty = () => {
    const file = join(folderForTest(), 'token')
    writeFileSync(file, '\n')
    return file
  }

  it.each<[string, (string | (() => string))[], Env, RegExp]>([
    ['without a Redis', [], { JWT_SECRET: SECRET, REDIS_URL: '' }, /say where Redis is: --redis .*REDIS_URL/],
    ['with no address of one', ['--redis', 'localhost'], {}, /--redis is "localhost"; it is no such address/],
    [
      'with a strange port',
      ['--port', '65536'],
      redis,
      /--port is "65536"; it must be a whole number from 0/,
    ],
    ['with a strange port of old', [], { ...redis, BRIDGE_PORT: 'x' }, /BRIDGE_PORT is "x"; /],
    [
      'with a strange source',
      [],
      { ...redis, REDIS_FROM: 'list' },
      /REDIS_FROM is "list"; .* pubsub, stream/,
    ],
    ['with a strange level', [], { ...redis, LOG_LEVEL: 'loud' }, /LOG_LEVEL is "loud"; it must be one of/],
    ['with a blank in the channel', ['--channel', 'a b'], redis, /--channel: the channel is "a b"; /],
    ['without a secret', [], { REDIS_URL: 'redis://h' }, /there is no secret to sign with/],
    ['with a short secret', [], { ...redis, JWT_SECRET: 'short' }, /JWT_SECRET has 5 bytes/],
    [
      'with a token file that is not there',
      ['--token-file', '/nowhere/token'],
      redis,
      /the token file \/nowhere\/token cannot be read: ENOENT/,
    ],
    ['with a folder for a token file', [], { ...redis, FANOUT_TOKEN_FILE: '/' }, /cannot be read: EISDIR/],
    [
      'with something else in the token file',
      ['--token-file', fileURLToPath(import.meta.url)],
      redis,
      /the token file \S+ holds more than a token/,
    ],
    ['with an empty token file', ['--token-file', empty], redis, /the token file \S+ is empty/],
    [
      'with no address of a server',
      ['--to', 'localhost'],
      redis,
      /--to cannot be used: it is "localhost"; it must look/,
    ],
    [
      'with a queue’s name',
      ['--queue', 'events.fifo'],
      redis,
      /--queue is "events.fifo"; the URL of a FIFO queue/,
    ],
    [
      'with a standard queue',
      ['--queue', fifo.replace('.fifo', '')],
      redis,
      /the URL of a FIFO queue looks like/,
    ],
    [
      'with a queue of an unknown region',
      ['--queue', 'http://localhost:4566/000000000000/events.fifo'],
      { ...redis, AWS_CONFIG_FILE: '/nowhere', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
      /the URL http:\S+ does not say in which region the queue is; set AWS_REGION/,
    ],
    ['with two targets', ['--queue', fifo, '--to', 'http://h'], redis, /give --to or --queue, not both/],
  ])('%s', async (_, args, env, message) => {
    const texts = args.map((arg) => (typeof arg === 'string' ? arg : arg()))
    const { code, stdout, stderr } = await run(['bridge', ...texts], { env })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^fanout: .+\n$/)
    expect(stderr).toMatch(message)
  })

  it('where the SDK of the queue is not installed', async () => {
    const resolve = `export async function resolve(name, context, next) {
      if (!name.startsWith('@aws-sdk/')) return next(name, context)
      throw Object.assign(new Error('not there'), { code: 'ERR_MODULE_NOT_FOUND' })
    }`
    const hook = `data:text/javascript,${encodeURIComponent(resolve)}`
    const register = `import { register } from 'node:module'; register(${JSON.stringify(hook)})`
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(register)}`
    const { code, stdout, stderr } = await run(['bridge', '--queue', fifo], {
      env: { ...redis, NODE_OPTIONS },
    })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^fanout: the AWS SDK is not installed; "npm install @aws-sdk\/client-sqs" .+\n$/)
  })

  it.each([
    [['--from', 'list']],
    [['unknown']],
    [['--nonsense']],
    [['dead', '--nonsense']],
    [['replay', '--with']],
  ])('and the help, for %j', async (args) => {
    const { code, stdout, stderr } = await run(['bridge', ...args], { env: redis })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^error: [^\n]+\n([^\n]+\n)?See "fanout bridge( dead| replay)? --help"\.\n$/)
  })
})

describe('the help', () => {
  it.each([
    [
      ['bridge'],
      ['--from', '--port', '--redis', '--channel', '--to', '--queue', '--token-file', 'dead', 'replay'],
    ],
    [
      ['bridge', 'dead'],
      ['--redis', '--channel', '--limit', '--json'],
    ],
    [
      ['bridge', 'replay'],
      ['--redis', '--channel', '--to', '--queue', '--token-file', '--all', '--with'],
    ],
  ])('of %j names everything that can be said', async (command, words) => {
    const { code, stdout, stderr } = await run([...command, '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`Usage: fanout ${command.join(' ')} `)
    for (const word of words) expect(stdout).toMatch(new RegExp(`^  ${word} `, 'm'))
  })

  it('of all lists it', async () => {
    expect((await run(['--help'])).stdout).toMatch(/^ {2}bridge .*Redis/m)
  })
})
