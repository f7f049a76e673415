import type { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { emit } from '../../src/publisher/redis/index.ts'
import { Random } from '../chaos/random.ts'
import { bridgeKeys } from '../../src/bridge/keys.ts'
import { Group } from '../../src/bridge/stream/group.ts'
import { Lease } from '../../src/bridge/stream/lease.ts'
import { LEASE_LOST, READ } from '../../src/bridge/stream/scripts.ts'
import { RecordingLogger } from '../support/fakes.ts'
import { RedisServer } from '../support/redis-server.ts'
import { bridgeFrom, LOST_ENTRIES, LOST_IN_REDIS, RecordingTarget, type RunningBridge } from './set-up.ts'

const STREAM = 'business-events'
const GROUP = 'event-fanout'
const LEASE = `{${STREAM}}:lease:${GROUP}`
const event = (id: string, userId = 'ann') => JSON.stringify({ type: 'T', id, userId })
const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `e-${from + i}`)

async function add(client: Redis, ...all: readonly string[]): Promise<string[]> {
  const results = await client.pipeline(all.map((id) => ['xadd', STREAM, '*', 'event', event(id)])).exec()
  return (results ?? []).map(([, entry]) => String(entry))
}

/** What the group was given and has not acknowledged, in order. */
async function pending(client: Redis): Promise<string[]> {
  const rows = (await client.xpending(STREAM, GROUP, '-', '+', 10_000)) as [string][]
  return rows.map(([entry]) => entry)
}

/** Until the group has been given, and has acknowledged, the last entry. (Its `lag` is wrong once a stream was trimmed.) */
async function settled(client: Redis): Promise<void> {
  await expect
    .poll(async () => {
      const [group = []] = (await client.xinfo('GROUPS', STREAM)) as unknown[][]
      const stream = (await client.xinfo('STREAM', STREAM)) as unknown[]
      const last = stream[stream.indexOf('last-generated-id') + 1]
      return [group[group.indexOf('last-delivered-id') + 1] === last, group[group.indexOf('pending') + 1]]
    })
    .toEqual([true, 0])
}

async function reading(bridge: RunningBridge, terms = 1): Promise<void> {
  await expect.poll(() => bridge.logged('reading the stream').length, { timeout: 20_000 }).toBe(terms)
}

async function start(overrides: Parameters<typeof bridgeFrom>[2] = {}) {
  const redis = await RedisServer.forTest()
  const running = bridgeFrom(redis, 'stream', overrides)
  await reading(running)
  return { redis, client: redis.client(), ...running, running }
}

describe('entries', () => {
  it('that were there before the bridge, and that come later, are brought in their order, and acknowledged', async () => {
    const redis = await RedisServer.forTest()
    const client = redis.client()
    await add(client, ...ids(1, 350))
    const { target, metric } = bridgeFrom(redis, 'stream')
    await expect.poll(() => target.ids).toEqual(ids(1, 350))
    await add(client, ...ids(351, 360))
    await expect.poll(() => target.ids).toEqual(ids(1, 360))
    await settled(client)
    expect(await metric('fanout_bridge_messages_total', { result: 'published' })).toBe(360)
  })

  it('are read no faster than the target takes them', async () => {
    const { client, target, bridge } = await start()
    target.hold()
    await add(client, ...ids(1, 1000))
    await expect.poll(async () => (await pending(client)).length).toBeGreaterThan(0)
    await expect
      .poll(async () => (await bridge.status()).lag)
      .toMatchObject({ messages: 1000, seconds: expect.any(Number) as number })
    expect((await pending(client)).length).toBeLessThanOrEqual(200)
    target.release()
    await expect.poll(() => target.ids).toEqual(ids(1, 1000))
    await settled(client)
    expect((await bridge.status()).lag).toEqual({ messages: 0, seconds: 0 })
  })

  it('are acknowledged only once the target has them', async () => {
    const { client, target, bridge } = await start()
    target.fail('no database')
    const entries = await add(client, ...ids(1, 3))
    await expect.poll(() => target.tries).toBeGreaterThan(2)
    expect(await pending(client)).toEqual(entries)
    expect((await bridge.status()).problems).toEqual([expect.stringContaining('no database')])
    target.fail()
    await settled(client)
    expect(target.ids).toEqual(ids(1, 3))
  })

  it('survive a Redis that restarts', async () => {
    const { redis, client, target } = await start()
    for (const [i, signal] of (['SIGTERM', 'SIGKILL'] as const).entries()) {
      target.hold()
      await add(client, ...ids(10 * i + 1, 10 * i + 10))
      await expect.poll(async () => (await pending(client)).length).toBe(10)
      await redis.stop(signal)
      target.release()
      await redis.start()
      await expect.poll(() => target.ids, { timeout: 20_000 }).toEqual(ids(1, 10 * i + 10))
      await settled(client)
    }
  })

  it('of a stream that was deleted are followed by those of the new one', async () => {
    const { client, target, logged } = await start()
    await add(client, ...ids(1, 5))
    await settled(client)
    await client.del(STREAM)
    await add(client, ...ids(6, 8))
    await expect.poll(() => target.ids, { timeout: 20_000 }).toEqual(ids(1, 8))
    expect(logged(LOST_ENTRIES)).toEqual([])
  })
})

it('large entries are read a few at a time', async () => {
  const { client, target } = await start()
  target.hold()
  const note = 'x'.repeat(4 * 1024 * 1024)
  for (let n = 1; n <= 40; n++)
    await client.xadd(STREAM, '*', 'event', JSON.stringify({ type: 'T', id: `e-${n}`, userId: 'ann', note }))
  await add(client, 'last')
  target.release()
  let most = 0
  await expect
    .poll(async () => {
      most = Math.max(most, (await pending(client)).length)
      return target.ids
    })
    .toEqual(['last'])
  await settled(client)
  // Two batches of 16 MiB.
  expect(most).toBeLessThanOrEqual(8)
})

describe('what can never be published', () => {
  it('is in the dead stream with its reason, acknowledged, and holds up nothing', async () => {
    const { client, target } = await start()
    await add(client, 'first')
    const broken = await client.xadd(STREAM, '*', 'event', '{"type":"T"')
    const fields = await client.xadd(STREAM, '*', 'type', 'T', 'userId', 'ann')
    const binary = await client.xadd(STREAM, '*', 'event', Buffer.from([0xff, 0xfe]))
    const large = await client.xadd(STREAM, '*', 'event', event('large', 'x'.repeat(130_000)))
    const nobody = await client.xadd(STREAM, '*', 'event', '{"type":"T","id":"nobody"}')
    await add(client, 'last')
    await settled(client)
    expect(target.ids).toEqual(['first', 'last'])
    const letters = (await client.xrange(`${STREAM}:dead`, '-', '+')).map(([, list]) => {
      const value = (name: string) => list[list.indexOf(name) + 1]
      return [value('entry'), value('code'), value('from')]
    })
    expect(letters).toEqual([
      [broken, 'malformed_json', 'stream'],
      [fields, 'no_event_field', 'stream'],
      [binary, 'not_utf8', 'stream'],
      [large, 'event_too_large', 'stream'],
      [nobody, 'no_recipients', 'stream'],
    ])
  })

  it('is put away once, where a reader ended in between', async () => {
    const { redis, client, bridge } = await start()
    await bridge.stop()
    await client.xadd(STREAM, '*', 'event', 'broken')
    await client.call('XREADGROUP', 'GROUP', GROUP, 'dead-reader', 'STREAMS', STREAM, '>')
    bridgeFrom(redis, 'stream')
    await settled(client)
    expect(await client.xlen(`${STREAM}:dead`)).toBe(1)
  })
})

describe('one of several bridges', () => {
  it('reads, and the others stand by; when it ends, another goes on at once', async () => {
    const { redis, client, target, bridge } = await start({ lease: 60_000 })
    const other = bridgeFrom(redis, 'stream', { lease: 60_000 })
    await expect.poll(() => other.logged(/^standing by/)).toHaveLength(1)
    expect((await other.bridge.status()).state).toBe('standby')
    expect((await other.bridge.status()).problems).toEqual([])
    await add(client, ...ids(1, 50))
    await settled(client)
    await bridge.stop()
    await reading(other)
    await add(client, ...ids(51, 60))
    await settled(client)
    expect([target.ids, other.target.ids]).toEqual([ids(1, 50), ids(51, 60)])
  })

  it('finishes first, in order, what a reader that is gone had taken', async () => {
    const redis = await RedisServer.forTest()
    const client = redis.client()
    await client.xgroup('CREATE', STREAM, GROUP, '0', 'MKSTREAM')
    await add(client, ...ids(1, 250))
    // Two dead ones, even, that have taken turns.
    for (const [i, count] of [3, 100, 50].entries()) {
      await client.call('XREADGROUP', 'GROUP', GROUP, `dead-${i % 2}`, 'COUNT', count, 'STREAMS', STREAM, '>')
    }
    const { target } = bridgeFrom(redis, 'stream')
    await settled(client)
    expect(target.ids).toEqual(ids(1, 250))
  })

  it('gets nothing more once its lease is another’s', async () => {
    const { client, target, running } = await start()
    await client.set(LEASE, 'another bridge')
    await add(client, ...ids(1, 20))
    await expect.poll(() => running.logged(/^(another bridge reads now|the lease is lost)/)).not.toEqual([])
    await expect.poll(async () => (await running.bridge.status()).state).toBe('standby')
    expect(target.ids).toEqual([])
    expect(await pending(client)).toEqual([])
    await client.del(LEASE)
    await expect.poll(() => target.ids, { timeout: 20_000 }).toEqual(ids(1, 20))
  })

  it('gives up what is under way when its lease is lost, and does not acknowledge it', async () => {
    const { client, target, running } = await start()
    target.hold()
    const entries = await add(client, ...ids(1, 5))
    await expect.poll(() => target.tries).toBe(1)
    await client.set(LEASE, 'another bridge')
    await expect.poll(() => running.logged('the lease is lost'), { timeout: 20_000 }).toHaveLength(1)
    expect(await pending(client)).toEqual(entries)
    target.release()
    await client.del(LEASE)
    await settled(client)
    expect(target.ids).toEqual(ids(1, 5))
  })

  it('does not go on where it was, if another one had the lease in between: it finishes first what that one was given', async () => {
    const { client, target, running } = await start()
    target.hold()
    await add(client, ...ids(1, 10))
    await expect.poll(() => target.tries).toBe(1)
    // Another one has it for a moment, reads on, and dies. This one sees nothing of it but that the lease is free.
    await client.set(LEASE, 'another bridge')
    await client.call('XREADGROUP', 'GROUP', GROUP, 'another', 'COUNT', 100, 'STREAMS', STREAM, '>')
    await add(client, ...ids(11, 20))
    await client.call('XREADGROUP', 'GROUP', GROUP, 'another', 'COUNT', 100, 'STREAMS', STREAM, '>')
    await client.del(LEASE)
    await add(client, ...ids(21, 30))
    await expect.poll(() => running.logged('the lease is lost'), { timeout: 20_000 }).not.toEqual([])
    target.release()
    await settled(client)
    expect(target.ids).toEqual(ids(1, 30))
  })

  it('gets nothing by a command of an earlier term that reaches Redis late', async () => {
    const redis = await RedisServer.forTest()
    const connection = redis.client()
    const keys = bridgeKeys(STREAM, GROUP)
    const lease = new Lease({
      redis: connection,
      key: keys.lease,
      owner: 'me',
      ttl: 60_000,
      logger: new RecordingLogger(),
    })
    const entries = new Group({ redis: connection, keys, group: GROUP, lease })
    const { signal } = new AbortController()
    await lease.acquire(signal, () => undefined)
    await entries.ensure()
    await add(connection, ...ids(1, 3))
    const values = [lease.owner, lease.ttl, GROUP, 'bridge', 100]
    // Its own lease it gets back at once, in a new term.
    await lease.acquire(signal, () => undefined)
    await expect(READ.run(connection, [keys.lease, keys.stream, keys.group], values)).rejects.toThrow(
      LEASE_LOST,
    )
    expect((await entries.read()).messages).not.toEqual([])
  })

  it('lets another one try when its target takes nothing', async () => {
    const { redis, client, target, running } = await start({ yieldAfter: 500 })
    const other = bridgeFrom(redis, 'stream')
    await expect.poll(() => other.logged(/^standing by/)).toHaveLength(1)
    target.fail('a wrong token')
    await add(client, ...ids(1, 150))
    await expect.poll(() => other.target.ids, { timeout: 20_000 }).toEqual(ids(1, 150))
    expect(running.logged(/^letting another bridge read/)).toEqual([{ detail: 'a wrong token' }])
    expect(target.ids).toEqual([])
  })

  it('takes it back where there is no other', async () => {
    const { client, target, running } = await start({ yieldAfter: 500 })
    target.fail('no database')
    await add(client, ...ids(1, 5))
    await expect
      .poll(() => running.logged(/^letting another bridge read/).length, { timeout: 20_000 })
      .toBeGreaterThan(1)
    target.fail()
    await settled(client)
    expect(target.ids).toEqual(ids(1, 5))
  })

  it('leaves to the next one, in order, what it could not finish at its end', async () => {
    const { redis, client, target, bridge } = await start({ drain: 100 })
    target.hold()
    await add(client, ...ids(1, 500))
    await expect.poll(() => target.tries).toBe(1)
    await bridge.stop()
    expect(target.ids).toEqual([])
    const next = bridgeFrom(redis, 'stream')
    await settled(client)
    expect(next.target.ids).toEqual(ids(1, 500))
  })
})

describe('entries that were removed before they were read', () => {
  it('are counted and reported, with where they were', async () => {
    const { redis, client, target, bridge } = await start()
    const [, last] = await add(client, 'e-1', 'e-2')
    await settled(client)
    await bridge.stop()
    const entries = await add(client, ...ids(3, 100))
    await client.xtrim(STREAM, 'MAXLEN', 40)

    const second = bridgeFrom(redis, 'stream')
    await expect.poll(() => second.target.ids).toEqual(ids(61, 100))
    expect(second.logged(LOST_ENTRIES)).toEqual([
      { count: 58, after: last, before: entries[58], until: expect.stringMatching(/^20/) as string },
    ])
    expect(await second.metric('fanout_bridge_lost_messages_total', { reason: 'trimmed' })).toBe(58)
    expect(target.ids).toEqual(['e-1', 'e-2'])
    // Once is enough.
    await second.bridge.stop()
    const third = bridgeFrom(redis, 'stream')
    await reading(third)
    await add(client, 'e-101')
    await settled(client)
    expect(third.logged(LOST_ENTRIES)).toEqual([])
  })

  it('are counted also when all of them are gone', async () => {
    const { redis, client, bridge } = await start()
    await add(client, ...ids(1, 5))
    await settled(client)
    await bridge.stop()
    await add(client, ...ids(6, 25))
    await client.xtrim(STREAM, 'MAXLEN', 0)
    const second = bridgeFrom(redis, 'stream')
    await expect.poll(() => second.logged(LOST_ENTRIES).map(({ count }) => count)).toEqual([20])
  })

  it('are not those from before there was a bridge', async () => {
    const redis = await RedisServer.forTest()
    const client = redis.client()
    await add(client, ...ids(1, 100))
    await client.xtrim(STREAM, 'MAXLEN', 30)
    const running = bridgeFrom(redis, 'stream')
    await expect.poll(() => running.target.ids).toEqual(ids(71, 100))
    await settled(client)
    expect(running.logged(LOST_ENTRIES)).toEqual([])
  })

  it('are reported where a reader had them and ended', async () => {
    const { redis, client, bridge } = await start()
    await bridge.stop()
    await add(client, ...ids(1, 10))
    await client.call('XREADGROUP', 'GROUP', GROUP, 'dead-reader', 'COUNT', 8, 'STREAMS', STREAM, '>')
    await client.xtrim(STREAM, 'MAXLEN', 5)
    const second = bridgeFrom(redis, 'stream')
    await settled(client)
    expect(second.target.ids).toEqual(ids(6, 10))
    expect(second.logged(LOST_ENTRIES)).toMatchObject([{ count: 5 }])
    expect(await second.metric('fanout_bridge_lost_messages_total', { reason: 'trimmed' })).toBe(5)
  })

  it('are reported by producer too, where they are numbered', async () => {
    const { redis, client, bridge, target } = await start()
    const emitAll = async (all: readonly string[]) => {
      for (const id of all) await emit(client, { type: 'T', id, userId: 'ann' }, { producer: 'sessions' })
    }
    await emitAll(ids(1, 3))
    await expect.poll(() => target.ids).toHaveLength(3)
    await bridge.stop()
    await emitAll(ids(4, 9))
    await client.xtrim(STREAM, 'MAXLEN', 2)
    const second = bridgeFrom(redis, 'stream')
    await expect
      .poll(() => second.logged(LOST_IN_REDIS), { timeout: 20_000 })
      .toEqual([
        expect.objectContaining({
          producer: expect.stringMatching(/^sessions\//) as string,
          from: 4,
          to: 7,
          count: 4,
        }),
      ])
    expect(second.logged(LOST_ENTRIES)).toMatchObject([{ count: 4 }])
  })

  it('are counted where the stream is deleted, as far as it is known what was in it', async () => {
    const { redis, client, target, bridge } = await start()
    await add(client, ...ids(1, 5))
    await settled(client)
    target.hold()
    await add(client, ...ids(6, 305))
    await expect.poll(async () => (await pending(client)).length).toBeGreaterThan(0)
    await expect.poll(async () => client.hget(`{${STREAM}}:group:${GROUP}`, 'added')).toBe('305')
    await bridge.stop()
    await client.del(STREAM)
    await add(client, 'e-306')
    const second = bridgeFrom(redis, 'stream')
    await expect.poll(() => second.target.ids).toEqual(['e-306'])
    const [lost] = second.logged(LOST_ENTRIES)
    // Of what was given out some may have arrived, so it is not counted.
    expect(lost?.['count']).toBeGreaterThan(100)
    expect(lost?.['count']).toBeLessThanOrEqual(300)
  })

  it('are not counted from a place in the middle where somebody has let the group begin', async () => {
    const redis = await RedisServer.forTest()
    const client = redis.client()
    const entries = await add(client, ...ids(1, 50))
    await client.xgroup('CREATE', STREAM, GROUP, entries[29]!)
    const running = bridgeFrom(redis, 'stream')
    await expect.poll(() => running.target.ids).toEqual(ids(31, 50))
    await settled(client)
    await client.xtrim(STREAM, 'MAXLEN', 0)
    await add(client, 'e-51')
    await expect.poll(() => running.target.ids).toEqual(ids(31, 51))
    await settled(client)
    expect(running.logged(LOST_ENTRIES)).toEqual([])
  })

  it('are told once, also by a reader that says so twice', async () => {
    const { redis, client, bridge } = await start()
    await bridge.stop()
    await client.hset(`{${STREAM}}:group:${GROUP}`, 'unreported', 7)
    const second = bridgeFrom(redis, 'stream')
    await expect.poll(() => second.logged(LOST_ENTRIES)).toMatchObject([{ count: 7 }])
    await client.hset(`{${STREAM}}:group:${GROUP}`, 'unreported', -60)
    await add(client, ...ids(1, 3))
    await expect.poll(() => second.target.ids).toEqual(ids(1, 3))
    expect((await second.bridge.status()).problems).toEqual([])
  })

  it('are as many as there are, whatever was added, read and removed in between', async () => {
    const seed = Date.now() % 1_000_000
    const random = new Random(seed)
    const redis = await RedisServer.forTest()
    const client = redis.client()
    const target = new RecordingTarget()
    // What was removed before the first bridge, nobody can know.
    const first = bridgeFrom(redis, 'stream', { target })
    await expect.poll(async () => client.hget(`{${STREAM}}:group:${GROUP}`, 'read')).toBe('0')
    await first.bridge.stop()
    let added = 0
    let reported = 0
    for (let round = 0; round < 25; round++) {
      const count = random.whole(0, 30)
      if (count > 0) await add(client, ...ids(added + 1, added + count))
      added += count
      // Only what was not read yet may be removed in the middle: what was read is no loss.
      if (random.chance(0.6)) await client.xtrim(STREAM, 'MAXLEN', random.whole(0, 20))
      if (random.chance(0.5)) continue
      reported = await accounted(bridgeFrom(redis, 'stream', { target }), added, reported, seed)
    }
    reported = await accounted(bridgeFrom(redis, 'stream', { target }), added, reported, seed)
    expect(target.ids.length + reported, `seed ${seed}`).toBe(added)
  })
})

/** Lets a bridge run until everything that was added was brought, or reported as lost. @returns how many were reported so far */
async function accounted(
  running: RunningBridge,
  added: number,
  before: number,
  seed: number,
): Promise<number> {
  const reported = () =>
    before + running.logged(LOST_ENTRIES).reduce((sum, line) => sum + (line['count'] as number), 0)
  await expect.poll(() => running.target.ids.length + reported(), { message: `seed ${seed}` }).toBe(added)
  await running.bridge.stop()
  return reported()
}
