import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SQSClient } from '@aws-sdk/client-sqs'
import type { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { useQueues } from '../aws/queues.ts'
import { deployment, SECRET } from '../e2e/deployment.ts'
import { recent, recentAnswer, request } from '../e2e/http.ts'
import { folderForTest } from '../e2e/server-process.ts'
import { publisherToken, tokenFor, unique } from '../e2e/tokens.ts'
import { hanging, ScriptedServer } from '../publisher/scripted-server.ts'
import { RedisServer } from '../support/redis-server.ts'
import { Cli, run } from './cli-process.ts'

const server = deployment()
const queues = useQueues()

type Env = Readonly<Record<string, string>>

/** `fanout bridge` that runs, on any free port. */
function bridge(args: readonly string[], env: Env): Cli {
  return new Cli(['bridge', '--port', '0', ...args], { env: { JWT_SECRET: SECRET, ...env } })
}

/** Reads the log up to the first line with this text. */
async function logged(cli: Cli, message: string): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const line = (await cli.printed()) as Readonly<Record<string, unknown>>
    if (line['msg'] === message) return line
  }
}

async function healthOf(cli: Cli): Promise<string> {
  return String((await logged(cli, 'bridge serves its health'))['health'])
}

async function ended(cli: Cli, signal: NodeJS.Signals = 'SIGTERM') {
  cli.signal(signal)
  return cli.ended
}

/** What a process needs to reach a queue of fauxqs. */
async function awsEnv(client: SQSClient): Promise<Env> {
  const { protocol, hostname, port = 0 } = await client.config.endpoint!()
  return {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    // The URL of the queue has a host that does not exist.
    AWS_ENDPOINT_URL_SQS: `${protocol}//${hostname}:${port}`,
  }
}

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
    await expect.poll(async () => (await recentAnswer(server, userId)).text).toContain(`"event":${text}}`)

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
    await expect.poll(async () => (await request(health)).status).toBe(200)
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
    await expect.poll(() => messages().map(({ body }) => body)).toEqual(texts)
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

const DEAD = 'business-events:dead'

/** Dead letters as the bridge writes them. */
async function put(redis: Redis, message: string | Buffer, more: Readonly<Record<string, string>> = {}) {
  const fields = { code: 'malformed_json', reason: 'the body is not JSON', from: 'stream', ...more }
  return (await redis.xadd(DEAD, '*', ...Object.entries(fields).flat(), 'message', message))!
}

async function withLetters(...messages: readonly (string | Buffer)[]) {
  const redis = await RedisServer.forTest()
  const client = redis.client()
  const ids: string[] = []
  for (const message of messages) ids.push(await put(client, message))
  const env = { REDIS_URL: redis.url, FANOUT_HTTP_URL: server.httpUrl, JWT_SECRET: SECRET }
  return {
    redis,
    client,
    ids,
    env,
    left: async () => (await client.xrange(DEAD, '-', '+')).map(([id]) => id),
    fanout: async (args: readonly string[], stdin?: string) =>
      run(['bridge', ...args], { env, ...(stdin !== undefined && { stdin }) }),
  }
}

describe('fanout bridge dead', () => {
  it('says that there are none', async () => {
    const { fanout } = await withLetters()
    expect(await fanout(['dead'])).toEqual({ code: 0, stdout: 'There are no dead letters.\n', stderr: '' })
    expect(await fanout(['dead', '--json'])).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it('shows each with its reason, the newest last, and what to do', async () => {
    const { fanout, ids } = await withLetters('{"a', '{"b')
    const { code, stdout, stderr } = await fanout(['dead'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const time = '20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d\\d\\dZ'
    const letter = (id: string, text: string) =>
      `${id}  ${time}  stream  malformed_json\n  the body is not JSON\n  "\\{\\\\"${text}"\n`
    expect(stdout).toMatch(
      new RegExp(`^${letter(ids[0]!, 'a')}${letter(ids[1]!, 'b')}2 dead letters\\. Once .+ replay <id>.+\n$`),
    )
  })

  it('shows so many of the newest, and says how many there are', async () => {
    const { fanout, ids } = await withLetters('a', 'b', 'c')
    const { stdout } = await fanout(['dead', '--limit', '2'])
    expect(stdout).not.toContain(ids[0])
    expect(stdout.indexOf(ids[1]!)).toBeLessThan(stdout.indexOf(ids[2]!))
    expect(stdout).toContain('3 dead letters. The newest 2 are shown.')
  })

  it('with --json prints one object a line, with all that is known', async () => {
    const { fanout, client, ids } = await withLetters('{"a')
    const more = { path: '/id', entry: '17-1', producer: 'sessions/1', number: '42' }
    const second = await put(client, Buffer.from([0xff, 0]), { ...more, code: 'not_utf8' })
    const third = await put(client, 'beginning', { bytes: '2000000', sha256: 'abc' })
    const { code, stdout } = await fanout(['dead', '--json'])
    expect(code).toBe(0)
    const common = { from: 'stream', reason: 'the body is not JSON', at: expect.any(Number) as number }
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { ...common, id: ids[0], code: 'malformed_json', message: '{"a' },
      {
        ...common,
        id: second,
        code: 'not_utf8',
        path: '/id',
        entry: '17-1',
        number: { producer: 'sessions/1', number: 42 },
        messageBase64: '/wA=',
      },
      {
        ...common,
        id: third,
        code: 'malformed_json',
        message: 'beginning',
        cutFrom: 2_000_000,
        sha256: 'abc',
      },
    ])
  })

  it('never passes on what a terminal obeys', async () => {
    const nasty = 'a\u001b[31m\u0007\u0000\u007f\u009b2J\u202e\n\r'
    const { fanout, client, ids } = await withLetters(nasty)
    await put(client, nasty, { code: nasty, reason: nasty, from: nasty, path: nasty })
    for (const args of [['dead'], ['dead', '--json'], ['replay', '--all'], ['replay', ids[0]!]]) {
      const { stdout, stderr } = await fanout(args)
      expect(stdout).toMatch(/\S/)
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    }
    expect((await fanout(['dead'])).stdout).toContain(
      String.raw`"a\u001b[31m\u0007\u0000\u007f\u009b2J\u202e\n\r"`,
    )
  })

  it('shows the beginning of a long one, and how long it was', async () => {
    const { fanout, client } = await withLetters('x'.repeat(1000))
    await put(client, 'y'.repeat(1024), { bytes: '2000000' })
    const { stdout } = await fanout(['dead'])
    expect(stdout).toContain(`"${'x'.repeat(200)}" … (1000 bytes)\n`)
    expect(stdout).toContain(`"${'y'.repeat(200)}" … (2000000 bytes)\n`)
  })

  it('is of the channel asked for', async () => {
    const { fanout, client } = await withLetters('of the other')
    await client.rename(DEAD, 'sessions:dead')
    expect((await fanout(['dead'])).stdout).toBe('There are no dead letters.\n')
    expect((await fanout(['dead', '--channel', 'sessions'])).stdout).toContain('1 dead letter. ')
  })

  it('shows what a bridge has put there', async () => {
    const redis = await RedisServer.forTest()
    const cli = bridge(['--from', 'stream', '--to', server.httpUrl], { REDIS_URL: redis.url })
    const entry = await redis.client().xadd('business-events', '*', 'type', 'T', 'userId', 'ann')
    const { stdout } = await expectLetters(redis, 1)
    expect(JSON.parse(stdout)).toMatchObject({ code: 'no_event_field', entry, from: 'stream' })
    expect((await ended(cli)).code).toBe(0)
  })

  async function expectLetters(redis: RedisServer, count: number) {
    await expect.poll(async () => redis.client().xlen(DEAD)).toBe(count)
    return run(['bridge', 'dead', '--json', '--redis', redis.url])
  }

  it.each([
    [['--limit', '0'], /--limit is "0"; it must be a whole number from 1 to 1000000/],
    [['--limit', 'all'], /--limit is "all"/],
  ])('fails in one line for %j', async (args, message) => {
    const { code, stdout, stderr } = await run(['bridge', 'dead', '--redis', 'redis://127.0.0.1:1', ...args])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^fanout: .+\n$/)
    expect(stderr).toMatch(message)
  })

  it('fails in one line where Redis is away, or keeps something else there', async () => {
    const { fanout, client, redis } = await withLetters()
    await client.set(DEAD, 'x')
    for (const args of [['dead'], ['replay', '--all'], ['replay', '1-1']]) {
      const { code, stdout, stderr } = await fanout(args)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^fanout: Redis failed: WRONGTYPE .+\n$/)
    }
    await redis.stop('SIGKILL')
    const { code, stderr } = await fanout(['dead'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^fanout: no connection to redis:\/\/127\.0\.0\.1:\d+ \(.*ECONNREFUSED.+\n$/)
  })
})

describe('fanout bridge replay', () => {
  const eventText = (userId: string) => JSON.stringify(eventFor(userId))

  it('publishes what can be published now, and removes it', async () => {
    const userId = unique('user')
    const text = `{"type":"T",  "id":"${unique('event')}","userId":"${userId}","n":12345678901234567890}`
    const { fanout, ids, left } = await withLetters(text)
    expect(await fanout(['replay', ids[0]!])).toEqual({
      code: 0,
      stdout: `${ids[0]}  published as ${(JSON.parse(text) as { id: string }).id}\n`,
      stderr: '',
    })
    expect((await recentAnswer(server, userId)).text).toContain(`"event":${text}}`)
    expect(await left()).toEqual([])
  })

  it('removes what was published already', async () => {
    const text = eventText(unique('user'))
    const { fanout, ids, left } = await withLetters(text, text)
    const { code, stdout } = await fanout(['replay', ...ids])
    expect(code).toBe(0)
    expect(stdout).toMatch(/ {2}published as .+\n.+ {2}was published already as .+\n$/)
    expect(await left()).toEqual([])
  })

  it('keeps what still cannot be published, and fails', async () => {
    const { fanout, ids, left } = await withLetters('{"broken')
    const { code, stdout, stderr } = await fanout(['replay', ids[0]!])
    expect(code).toBe(1)
    expect(stdout).toMatch(
      new RegExp(`^${ids[0]} {2}still cannot be published: the body is not JSON: .+ \\(malformed_json\\)\n$`),
    )
    expect(stderr).toBe('fanout: 1 could not be published, and is still there\n')
    expect(await left()).toEqual(ids)
  })

  it('keeps what the server refuses', async () => {
    const userId = unique('user')
    const id = unique('event')
    const { fanout, ids, left } = await withLetters(
      JSON.stringify(eventFor(userId, id)),
      JSON.stringify({ ...eventFor(userId, id), other: true }),
    )
    const { code, stdout } = await fanout(['replay', ...ids])
    expect(code).toBe(1)
    expect(stdout).toMatch(new RegExp(`\n${ids[1]} {2}refused: .*id_conflict`))
    expect(await left()).toEqual([ids[1]])
  })

  it.each([
    ['the argument', (text: string) => [text] as const],
    ['standard input', (text: string) => ['-', text] as const],
  ])('with --with publishes %s instead, and removes the letter', async (_, given) => {
    const userId = unique('user')
    const text = eventText(userId)
    const { fanout, ids, left } = await withLetters('{"broken', 'other')
    const [argument, stdin] = given(text)
    expect((await fanout(['replay', ids[0]!, '--with', argument], stdin)).code).toBe(0)
    expect((await recent(server, userId)).events.map(({ event }) => event)).toEqual([JSON.parse(text)])
    expect(await left()).toEqual([ids[1]])
  })

  it('with --with that is broken as well keeps the letter', async () => {
    const { fanout, ids, left } = await withLetters(eventText(unique('user')))
    expect((await fanout(['replay', ids[0]!, '--with', ''])).code).toBe(1)
    expect(await left()).toEqual(ids)
  })

  it('--all goes through all of them, in their order, and keeps those that cannot be published', async () => {
    const userId = unique('user')
    // More than are read at once.
    const events = Array.from({ length: 130 }, (_, i) => eventFor(userId, `${userId}#${i}`))
    const messages = events.flatMap((event, i) =>
      i % 50 === 7 ? ['{"broken', JSON.stringify(event)] : [JSON.stringify(event)],
    )
    const { fanout, left, ids } = await withLetters(...messages)
    const { code, stdout, stderr } = await fanout(['replay', '--all'])
    expect(code).toBe(1)
    expect(stderr).toBe('fanout: 3 could not be published, and are still there\n')
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(ids)
    expect(await left()).toEqual(ids.filter((_, i) => messages[i] === '{"broken'))
    const first = (await recent(server, userId, '?after=0')).events
    const rest = (await recent(server, userId, `?after=${first.at(-1)!.offset}`)).events
    const logs = [...first, ...rest]
    expect(logs.map(({ event }) => event['id'])).toEqual(events.map(({ id }) => id))
  })

  it('--all of none is no failure', async () => {
    const { fanout } = await withLetters()
    expect(await fanout(['replay', '--all'])).toEqual({
      code: 0,
      stdout: 'There are no dead letters.\n',
      stderr: '',
    })
  })

  it('does not publish the beginning of what was cut, but what is given instead', async () => {
    const userId = unique('user')
    const { fanout, client, left } = await withLetters()
    const id = await put(client, eventText(userId), { bytes: '2000000', sha256: 'abc' })
    const { code, stdout } = await fanout(['replay', id])
    expect(code).toBe(1)
    expect(stdout).toBe(`${id}  not replayed: it had 2000000 bytes, and only its beginning is kept\n`)
    expect(await left()).toEqual([id])
    expect((await recent(server, userId)).events).toEqual([])
    expect((await fanout(['replay', id, '--with', eventText(userId)])).code).toBe(0)
    expect(await left()).toEqual([])
  })

  it('may send to a queue', async () => {
    const text = eventText('ann')
    const { env, ids, left } = await withLetters(text)
    const { client, queueUrl, messages } = queues.createQueue()
    const { code, stdout } = await run(['bridge', 'replay', ids[0]!, '--queue', queueUrl], {
      env: {
        REDIS_URL: env.REDIS_URL,
        ...(await awsEnv(client)),
      },
    })
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('published as') as string,
    })
    expect(messages()).toMatchObject([{ body: text, messageGroupId: 'ann' }])
    expect(await left()).toEqual([])
  })

  it('keeps everything where the server is away', async () => {
    const { fanout, ids, left } = await withLetters(eventText('ann'), eventText('bob'))
    const gone = await ScriptedServer.with()
    const away = gone.httpUrl.replace('127.0.0.1', '127.0.0.2')
    const { code, stdout, stderr } = await fanout(['replay', '--all', '--to', away])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(new RegExp(`^fanout: ${away} did not take ${ids[0]}, which is still there: .+\n$`))
    expect(await left()).toEqual(ids)
  })

  it('keeps everything where the token is not good', async () => {
    const { ids, left, env } = await withLetters(eventText('ann'))
    const { code, stderr } = await run(['bridge', 'replay', ids[0]!], {
      env: { ...env, FANOUT_TOKEN: tokenFor(server, 'u') },
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^fanout: .*403 forbidden.*\n$/)
    expect(await left()).toEqual(ids)
  })

  it.each([
    ['nothing', [], /say which: ids, .* or --all/],
    ['both', ['1-1', '--all'], /give ids or --all, not both/],
    ['no id', ['newest'], /"newest" is no id of a dead letter; it looks like 1795796820297-0/],
    ['half an id', ['1795796820297'], /"1795796820297" is no id/],
    ['--with for several', ['1-1', '2-1', '--with', '{}'], /--with is for one letter; give one id/],
    ['--with for all', ['--all', '--with', '{}'], /--with is for one letter; give one id/],
    ['one that is not there', ['1-1'], /there is no dead letter 1-1/],
  ])('fails in one line for %s', async (_, args, message) => {
    const { fanout, ids, left } = await withLetters(eventText('ann'))
    const { code, stdout, stderr } = await fanout(['replay', ...args])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^fanout: .+\n$/)
    expect(stderr).toMatch(message)
    expect(await left()).toEqual(ids)
  })
})
