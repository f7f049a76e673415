import type { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { useQueues } from '../aws/queues.ts'
import { deployment, SECRET } from '../e2e/deployment.ts'
import { recent, recentAnswer } from '../e2e/http.ts'
import { tokenFor, unique } from '../e2e/tokens.ts'
import { ScriptedServer } from '../publisher/scripted-server.ts'
import { RedisServer } from '../support/redis-server.ts'
import { awsEnv, bridge, ended } from './bridge-command.ts'
import { run } from './cli-process.ts'

const server = deployment()
const queues = useQueues()

const eventFor = (userId: string, id = unique('event')) => ({ type: 'T', id, userId })

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
    await expect.poll(async () => redis.client().xlen(DEAD), { timeout: 30_000 }).toBe(count)
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
