import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { DeadLetterShelf } from '../../src/bridge/dead-letter-shelf.ts'
import { DeadLetters, type DeadLettersOptions } from '../../src/bridge/dead-letters.ts'
import { RedisServer } from '../support/redis-server.ts'

const KEY = 'events:dead'
const DAY = 86_400_000
const REASON = { code: 'malformed_json', message: 'the body is not JSON' }
const MIB = 1024 * 1024

async function setUp(options: Partial<DeadLettersOptions> = {}) {
  const server = await RedisServer.forTest()
  const redis = server.client()
  const letters = new DeadLetters({ redis, key: KEY, from: 'stream', keepFor: 30 * DAY, ...options })
  return { server, redis, letters, shelf: new DeadLetterShelf(redis, KEY) }
}

/** The fields of each letter, as somebody with redis-cli sees them. */
async function written(redis: Redis): Promise<Record<string, string>[]> {
  const entries = await redis.xrange(KEY, '-', '+')
  return entries.map(([, list]) =>
    Object.fromEntries(list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1]!]] : []))),
  )
}

describe('a dead letter', () => {
  it('has the message, the reason, and where both are from', async () => {
    const { letters, redis } = await setUp()
    await letters.put(
      { bytes: Buffer.from('{"a'), entry: '17-1', number: { producer: 'sessions/1', number: 42 } },
      { code: 'invalid_event', message: 'it is wrong', path: '/id' },
    )
    expect(await written(redis)).toEqual([
      {
        message: '{"a',
        code: 'invalid_event',
        reason: 'it is wrong',
        path: '/id',
        from: 'stream',
        entry: '17-1',
        producer: 'sessions/1',
        number: '42',
      },
    ])
  })

  it('has no fields for what is not known', async () => {
    const { letters, redis } = await setUp({ from: 'pubsub' })
    await letters.put({ bytes: Buffer.from('x') }, { ...REASON, path: '' })
    expect(await written(redis)).toEqual([
      { message: 'x', code: 'malformed_json', reason: 'the body is not JSON', from: 'pubsub' },
    ])
  })

  it('is read back as it was, whatever bytes it is', async () => {
    const { letters, shelf } = await setUp()
    const bytes = Buffer.from([0, 0xff, 0x0a, 0x80, 0x7b])
    const number = { producer: 'p', number: 7 }
    const before = Date.now()
    await letters.put({ bytes, entry: '1-1', number }, { code: 'not_utf8', message: 'é\n', path: '/x' })
    await letters.put({ bytes: Buffer.alloc(0) }, REASON)
    const [first, second] = await shelf.newest(10)
    expect(first).toEqual({
      id: expect.stringMatching(/^\d+-\d+$/) as string,
      at: expect.any(Number) as number,
      code: 'not_utf8',
      reason: 'é\n',
      path: '/x',
      from: 'stream',
      entry: '1-1',
      number,
      message: bytes,
      bytes,
    })
    expect(first!.at).toBeGreaterThanOrEqual(before)
    expect(second).toMatchObject({ message: Buffer.alloc(0), code: 'malformed_json' })
    for (const name of ['path', 'entry', 'number', 'cutFrom', 'sha256'])
      expect(second).not.toHaveProperty(name)
  })

  it('of a mebibyte is kept whole, and of a larger one the beginning, its size and its SHA-256', async () => {
    const { letters, shelf } = await setUp()
    const whole = Buffer.alloc(MIB, 'a')
    const large = Buffer.alloc(MIB + 1, 'b')
    await letters.put({ bytes: whole }, REASON)
    await letters.put({ bytes: large }, REASON)
    const [first, second] = await shelf.newest(2)
    expect(first!.message.equals(whole)).toBe(true)
    expect(first).not.toHaveProperty('cutFrom')
    expect(second!.message.equals(large.subarray(0, 1024))).toBe(true)
    expect(second).toMatchObject({
      cutFrom: MIB + 1,
      sha256: createHash('sha256').update(large).digest('hex'),
    })
  })
})

describe('their number', () => {
  it('is bounded by age: what is older goes when another one comes', async () => {
    const { letters, redis, shelf } = await setUp({ keepFor: DAY })
    const old = Date.now() - 2 * DAY
    // Redis removes whole nodes of a stream, by default of 100 entries.
    for (let n = 1; n <= 250; n++) await redis.xadd(KEY, `${old}-${n}`, 'message', 'old')
    await letters.put({ bytes: Buffer.from('new') }, REASON)
    expect(await shelf.count()).toBe(51)
    const [newest] = await shelf.newest(1)
    expect(newest!.message.toString()).toBe('new')
  })

  it('is not bounded for those that are not old', async () => {
    const { letters, redis, shelf } = await setUp({ keepFor: DAY })
    const young = Date.now() - DAY / 2
    for (let n = 1; n <= 250; n++) await redis.xadd(KEY, `${young}-${n}`, 'message', 'young')
    await letters.put({ bytes: Buffer.from('new') }, REASON)
    expect(await shelf.count()).toBe(251)
  })

  it('may be kept for longer than there has been time since 1970', async () => {
    const { letters, shelf } = await setUp({ keepFor: 100_000 * DAY })
    await letters.put({ bytes: Buffer.from('x') }, REASON)
    expect(await shelf.count()).toBe(1)
  })
})

describe('the entry that a letter is of', () => {
  async function withPending() {
    const world = await setUp()
    const { redis } = world
    const entry = (await redis.xadd('events', '*', 'event', '{'))!
    await redis.xgroup('CREATE', 'events', 'g', '0')
    await redis.xreadgroup('GROUP', 'g', 'c', 'STREAMS', 'events', '>')
    const pending = async () => ((await redis.xpending('events', 'g')) as [number])[0]
    return { ...world, entry, pending, acknowledgement: { stream: 'events', group: 'g', entry } }
  }

  it('is acknowledged in the same step', async () => {
    const { letters, redis, shelf, pending, acknowledgement, entry } = await withPending()
    const watcher = redis.duplicate()
    const monitor = await watcher.monitor()
    const seen: string[][] = []
    monitor.on('monitor', (_: string, args: string[], source: string) => seen.push([source, ...args]))
    await letters.put({ bytes: Buffer.from('{'), entry }, REASON, acknowledgement)
    await redis.ping()
    await expect.poll(() => seen.some((args) => args.includes('ping'))).toBe(true)
    watcher.disconnect()
    monitor.disconnect()
    // All from within one script, and nothing in between.
    const names = seen.map(([source, name]) => `${source === 'lua' ? 'lua ' : ''}${name!.toLowerCase()}`)
    expect(names.slice(0, 4)).toEqual(['eval', 'lua xpending', 'lua xadd', 'lua xack'])
    expect([await shelf.count(), await pending()]).toEqual([1, 0])
  })

  it('is not put away by a reader that was replaced, once the new one has done so', async () => {
    const { letters, shelf, acknowledgement, entry } = await withPending()
    for (let times = 0; times < 2; times++)
      await letters.put({ bytes: Buffer.from('{'), entry }, REASON, acknowledgement)
    expect(await shelf.count()).toBe(1)
  })

  it('stays where the letter cannot be written, or it would be nowhere', async () => {
    const { letters, redis, pending, acknowledgement } = await withPending()
    await redis.set(KEY, 'something else')
    await expect(letters.put({ bytes: Buffer.from('{') }, REASON, acknowledgement)).rejects.toThrow(
      'WRONGTYPE',
    )
    expect(await pending()).toBe(1)
    await redis.del(KEY)
    await letters.put({ bytes: Buffer.from('{') }, REASON, acknowledgement)
    expect(await pending()).toBe(0)
  })

  it('stays where Redis has no memory left', async () => {
    const { letters, redis, shelf, pending, acknowledgement } = await withPending()
    await redis.config('SET', 'maxmemory', '1')
    await expect(letters.put({ bytes: Buffer.from('{') }, REASON, acknowledgement)).rejects.toThrow('OOM')
    await redis.config('SET', 'maxmemory', '0')
    expect([await shelf.count(), await pending()]).toEqual([0, 1])
  })

  it('may be any bytes, and as large as what is kept', async () => {
    const { letters, shelf, acknowledgement } = await withPending()
    const bytes = Buffer.alloc(MIB, 0xfe)
    await letters.put({ bytes }, REASON, acknowledgement)
    expect((await shelf.newest(1))[0]!.message.equals(bytes)).toBe(true)
  })
})

it('a letter that Redis does not have is no success', async () => {
  const { server, letters } = await setUp()
  await server.stop('SIGKILL')
  const redis = server.client()
  redis.options.maxRetriesPerRequest = 0
  const putting = new DeadLetters({ redis, key: KEY, from: 'pubsub', keepFor: DAY }).put(
    { bytes: Buffer.from('x') },
    REASON,
  )
  await expect(putting).rejects.toThrow()
  await server.start()
  await letters.put({ bytes: Buffer.from('x') }, REASON)
})

describe('the shelf', () => {
  async function shelfOf(count: number) {
    const world = await setUp()
    for (let n = 1; n <= count; n++) await world.letters.put({ bytes: Buffer.from(`m-${n}`) }, REASON)
    return world
  }
  const texts = (letters: readonly { readonly message: Buffer }[]) =>
    letters.map(({ message }) => message.toString())

  it('is empty where nothing was ever put', async () => {
    const { shelf } = await setUp()
    expect([await shelf.count(), await shelf.newest(5), await shelf.after('0-0', 5)]).toEqual([0, [], []])
  })

  it('shows the newest, the newest last', async () => {
    const { shelf } = await shelfOf(5)
    expect(texts(await shelf.newest(3))).toEqual(['m-3', 'm-4', 'm-5'])
  })

  it('goes on after one, which need not be there any more', async () => {
    const { shelf } = await shelfOf(5)
    const first = await shelf.after('0-0', 2)
    expect(texts(first)).toEqual(['m-1', 'm-2'])
    await shelf.remove(first[1]!.id)
    expect(texts(await shelf.after(first[1]!.id, 100))).toEqual(['m-3', 'm-4', 'm-5'])
  })

  it('gives one by its id, and removes that one', async () => {
    const { shelf } = await shelfOf(3)
    const { id } = (await shelf.newest(2))[0]!
    expect((await shelf.get(id))?.message.toString()).toBe('m-2')
    await shelf.remove(id)
    expect(await shelf.get(id)).toBeUndefined()
    expect(texts(await shelf.newest(9))).toEqual(['m-1', 'm-3'])
    await shelf.remove(id)
  })

  it('shows what somebody else has put there, as far as it is a letter', async () => {
    const { shelf, redis } = await setUp()
    await redis.xadd(KEY, '5-0', 'hello', 'world')
    expect(await shelf.newest(1)).toEqual([
      { id: '5-0', at: 5, code: '', reason: '', from: '', message: Buffer.alloc(0), bytes: Buffer.alloc(0) },
    ])
  })
})
