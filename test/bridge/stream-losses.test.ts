import { describe, expect, it } from 'vitest'
import { emit } from '../../src/publisher/redis/index.ts'
import { Random } from '../chaos/random.ts'
import { RedisServer } from '../support/redis-server.ts'
import { bridgeFrom, LOST_ENTRIES, LOST_IN_REDIS, RecordingTarget, type RunningBridge } from './set-up.ts'
import { add, GROUP, ids, pending, reading, settled, start, STREAM } from './stream-set-up.ts'

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
