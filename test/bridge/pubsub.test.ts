import type { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { emit } from '../../src/publisher/redis/index.ts'
import { withNumber } from '../../src/publisher/redis/wire.ts'
import { RedisServer } from '../support/redis-server.ts'
import { bridgeFrom, LOST_IN_REDIS, RecordingTarget, type RunningBridge } from './set-up.ts'

const CHANNEL = 'business-events'
const event = (id: string, userId = 'ann') => ({ type: 'T', id, userId })
const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `e-${from + i}`)

async function publish(client: Redis, ...messages: readonly (string | Buffer | object)[]): Promise<void> {
  for (const message of messages) {
    const text = typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)
    await client.publish(CHANNEL, text)
  }
}

async function emitAll(client: Redis, all: readonly string[]): Promise<void> {
  for (const id of all) await emit(client, event(id), { producer: 'sessions' })
}

async function listening(bridge: RunningBridge, times = 1): Promise<void> {
  await expect.poll(() => bridge.logged('subscribed')).toHaveLength(times)
}

async function start(overrides: Parameters<typeof bridgeFrom>[2] = {}) {
  const redis = await RedisServer.forTest()
  const running = bridgeFrom(redis, 'pubsub', overrides)
  await listening(running)
  return { redis, client: redis.client(), ...running, running }
}

describe('messages', () => {
  it('are brought in their order', async () => {
    const { client, target } = await start()
    const all = ids(1, 1000)
    await Promise.all(all.map(async (id) => client.publish(CHANNEL, JSON.stringify(event(id)))))
    await expect.poll(() => target.ids).toEqual(all)
  })

  it('wait while the target takes nothing, and none is lost', async () => {
    const { client, target, bridge, metric } = await start()
    target.fail('no database')
    await publish(client, ...ids(1, 300).map((id) => event(id)))
    await expect.poll(() => target.tries).toBeGreaterThan(2)
    await expect
      .poll(async () => (await bridge.status()).problems)
      .toEqual([expect.stringMatching(/^the recording target has taken nothing since 20.*: no database$/)])
    expect((await bridge.status()).lag).toMatchObject({ messages: 300 })
    expect((await bridge.status()).lag?.seconds).toBeGreaterThan(0)
    target.fail()
    await expect.poll(() => target.ids, { timeout: 20_000 }).toEqual(ids(1, 300))
    expect((await bridge.status()).problems).toEqual([])
    expect(await metric('fanout_bridge_messages_total', { result: 'published' })).toBe(300)
    expect(await metric('fanout_bridge_retries_total', {})).toBeGreaterThan(1)
  })

  it('come again after Redis was away', async () => {
    const { redis, client, target, running } = await start()
    await publish(client, event('before'))
    await redis.stop('SIGKILL')
    await redis.start()
    await listening(running, 2)
    // Again and again: a connection that is cut once more in that moment is Redis's to lose, and the same event is published once.
    await expect
      .poll(async () => {
        await publish(client, event('after'))
        return target.ids
      })
      .toEqual(['before', 'after'])
  })

  it('come again where Redis says nothing any more, without closing', async () => {
    const { redis, client, target, running } = await start()
    redis.signal('SIGSTOP')
    await expect
      .poll(async () => (await running.bridge.status()).state, { timeout: 40_000 })
      .toBe('connecting')
    redis.signal('SIGCONT')
    await expect.poll(async () => (await running.bridge.status()).state, { timeout: 20_000 }).toBe('reading')
    await publish(client, event('after'))
    await expect.poll(() => target.ids).toEqual(['after'])
  })
})

describe('what can never be published', () => {
  it('is in the dead stream with its reason, and holds up nothing', async () => {
    const { client, target, metric } = await start()
    const broken = '{"type":"T","id":"broken"'
    const nobody = '{"type":"T","id":"nobody"}'
    const large = JSON.stringify({ ...event('large'), note: 'x'.repeat(130_000) })
    const binary = Buffer.from([0x7b, 0xff, 0x00, 0x7d])
    await publish(client, event('first'), broken, nobody, large, binary, event('last'))

    await expect.poll(() => target.ids).toEqual(['first', 'last'])
    await expect.poll(async () => client.xlen(`${CHANNEL}:dead`)).toBe(4)
    const letters = await client.xrangeBuffer(`${CHANNEL}:dead`, '-', '+')
    const fields = letters.map(([, list]) =>
      Object.fromEntries(list.flatMap((name, i) => (i % 2 === 0 ? [[name.toString(), list[i + 1]!]] : []))),
    )
    expect(fields.map(({ code, reason, from }) => [String(code), String(reason), String(from)])).toEqual([
      ['malformed_json', expect.stringContaining('the body is not JSON'), 'pubsub'],
      ['no_recipients', expect.stringContaining('no recipient'), 'pubsub'],
      ['event_too_large', expect.stringContaining('at most 122880'), 'pubsub'],
      ['not_utf8', 'the message is 4 bytes that are not UTF-8; publish the event as JSON text', 'pubsub'],
    ])
    expect(fields.map(({ message }) => message)).toEqual(
      [broken, nobody, large].map((text) => Buffer.from(text)).concat(binary),
    )
    expect(await metric('fanout_bridge_messages_total', { result: 'dead' })).toBe(4)
  })

  it('waits for Redis to come back, for nobody else has it', async () => {
    const { redis, client, target } = await start()
    target.hold()
    await publish(client, event('held'), 'broken')
    await expect.poll(() => target.tries).toBe(1)
    await redis.stop('SIGKILL')
    target.release()
    await redis.start()
    await expect.poll(async () => client.xlen(`${CHANNEL}:dead`).catch(() => 0), { timeout: 20_000 }).toBe(1)
    expect(target.ids).toEqual(['held'])
  })
})

describe('too much for the room there is', () => {
  it('is dropped, counted and said; what was taken stays in order', async () => {
    const { client, target, bridge, logged, metric } = await start({ queue: { messages: 10, bytes: 1e6 } })
    target.hold()
    await publish(client, event('under-way'))
    await expect.poll(() => target.tries).toBe(1)
    await publish(client, ...ids(1, 25).map((id) => event(id)))
    await expect.poll(async () => metric('fanout_bridge_lost_messages_total', { reason: 'dropped' })).toBe(15)
    expect((await bridge.status()).problems).toEqual([
      expect.stringMatching(/^messages were dropped, the last at 20/),
    ])
    target.release()
    await expect.poll(() => target.ids).toEqual(['under-way', ...ids(1, 10)])
    const said = logged(/^messages dropped/).reduce((sum, { count }) => sum + (count as number), 0)
    await bridge.stop()
    const all = logged(/^messages dropped/).reduce((sum, { count }) => sum + (count as number), 0)
    expect(said).toBeGreaterThan(0)
    expect(all).toBe(15)
  })

  it('is bounded by bytes as well', async () => {
    const { client, target, metric } = await start({ queue: { messages: 1000, bytes: 5000 } })
    target.hold()
    await publish(client, event('under-way'))
    await expect.poll(() => target.tries).toBe(1)
    await publish(client, ...ids(1, 10).map((id) => ({ ...event(id), note: 'x'.repeat(1000) })))
    await expect.poll(async () => metric('fanout_bridge_lost_messages_total', { reason: 'dropped' })).toBe(6)
    target.release()
    await expect.poll(() => target.ids).toEqual(['under-way', ...ids(1, 4)])
  })
})

describe('an end', () => {
  it('brings what has come', async () => {
    const { client, target, bridge } = await start()
    target.hold()
    await publish(client, ...ids(1, 250).map((id) => event(id)))
    await expect.poll(async () => (await bridge.status()).lag).toMatchObject({ messages: 250 })
    const stopping = bridge.stop()
    target.release()
    await stopping
    expect(target.ids).toEqual(ids(1, 250))
  })

  it('says what it could not bring in time', async () => {
    const { client, target, bridge, logged, metric } = await start({ drain: 200 })
    target.hold()
    await publish(client, ...ids(1, 250).map((id) => event(id)))
    await expect.poll(async () => (await bridge.status()).lag).toMatchObject({ messages: 250 })
    await bridge.stop()
    expect(target.ids).toEqual([])
    expect(await metric('fanout_bridge_lost_messages_total', { reason: 'dropped' })).toBe(250)
    expect(logged(/^messages dropped/).map(({ count }) => count)).toEqual([250])
  })
})

describe('numbered messages', () => {
  it('that all came are no gap', async () => {
    const { client, target, logged, redis } = await start()
    await emitAll(client, ids(1, 200))
    await expect.poll(() => target.ids).toEqual(ids(1, 200))
    await seen(redis.client(), 200)
    expect(logged(LOST_IN_REDIS)).toEqual([])
  })

  it('that came while no bridge was there are reported, with producer, count and time', async () => {
    const { redis, client, target, bridge } = await start()
    await emitAll(client, ids(1, 10))
    await expect.poll(() => target.ids).toHaveLength(10)
    await bridge.stop()
    await emitAll(client, ids(11, 47))

    const second = bridgeFrom(redis, 'pubsub')
    await listening(second)
    await emitAll(client, ['e-48'])
    await expect
      .poll(() => second.logged(LOST_IN_REDIS), { timeout: 20_000 })
      .toEqual([
        {
          producer: expect.stringMatching(/^sessions\//) as string,
          from: 11,
          to: 47,
          count: 37,
          noticedAt: expect.stringMatching(/^20/) as string,
        },
      ])
    expect(await second.metric('fanout_bridge_lost_messages_total', { reason: 'gap' })).toBe(37)
    expect(second.target.ids).toEqual(['e-48'])
  })

  it('are missed as well where the producer has fallen silent', async () => {
    const { redis, client, target, bridge } = await start()
    await emitAll(client, ids(1, 3))
    await expect.poll(() => target.ids).toHaveLength(3)
    await bridge.stop()
    await emitAll(client, ids(4, 9))

    const second = bridgeFrom(redis, 'pubsub')
    await expect
      .poll(() => second.logged(LOST_IN_REDIS).map(({ from, to, count }) => [from, to, count]), {
        timeout: 20_000,
      })
      .toEqual([[4, 9, 6]])
  })

  it('of a producer that nobody has seen are missed from the first on, if it began after the bridges', async () => {
    const { redis, client, target, bridge } = await start()
    await emitAll(client, ['first'])
    await expect.poll(() => target.ids).toHaveLength(1)
    await bridge.stop()
    const other = redis.client()
    await emitAll(other, ids(1, 5))
    const second = bridgeFrom(redis, 'pubsub')
    await listening(second)
    await emitAll(other, ids(6, 6))
    await expect
      .poll(() => second.logged(LOST_IN_REDIS).map(({ from, to }) => [from, to]), { timeout: 20_000 })
      .toEqual([[1, 5]])
  })

  it('of a producer that is older than the first bridge are not missed', async () => {
    const redis = await RedisServer.forTest()
    const client = redis.client()
    await emitAll(client, ids(1, 5))
    const running = bridgeFrom(redis, 'pubsub')
    await listening(running)
    await emitAll(client, ids(6, 7))
    await expect.poll(() => running.target.ids).toEqual(ids(6, 7))
    await seen(client, 7)
    expect(running.logged(LOST_IN_REDIS)).toEqual([])
  })

  it('that one of two bridges has brought are no gap for the other', async () => {
    const { redis, client, target, bridge } = await start()
    const other = bridgeFrom(redis, 'pubsub', { target: new RecordingTarget() })
    await listening(other)
    await emitAll(client, ids(1, 5))
    await bridge.stop()
    await emitAll(client, ids(6, 20))
    const third = bridgeFrom(redis, 'pubsub')
    await listening(third)
    await emitAll(client, ids(21, 22))
    await expect.poll(() => other.target.ids).toEqual(ids(1, 22))
    await expect.poll(() => third.target.ids).toEqual(ids(21, 22))
    await seen(client, 22)
    expect([target.ids.length, other.logged(LOST_IN_REDIS), third.logged(LOST_IN_REDIS)]).toEqual([5, [], []])
  })

  it('are reported once, by one of two bridges', async () => {
    const { redis, client, bridge } = await start()
    await emitAll(client, ids(1, 5))
    await bridge.stop()
    await emitAll(client, ids(6, 20))
    const two = [bridgeFrom(redis, 'pubsub'), bridgeFrom(redis, 'pubsub')]
    for (const one of two) await listening(one)
    await emitAll(client, ids(21, 22))
    const reported = () => two.flatMap((one) => one.logged(LOST_IN_REDIS)).map(({ count }) => count)
    await expect.poll(reported, { timeout: 20_000 }).toHaveLength(1)
    await seen(client, 22)
    expect(reported()).toEqual([15])
  })

  it.each(['pubsub', 'stream'] as const)(
    'are no gap while the target is down, whatever is among them: %s',
    async (from) => {
      const redis = await RedisServer.forTest()
      const client = redis.client()
      const running = bridgeFrom(redis, from)
      await expect
        .poll(() => running.logged(from === 'stream' ? 'reading the stream' : 'subscribed'))
        .toHaveLength(1)
      await emitAll(client, ['e-1'])
      await expect.poll(() => running.target.ids).toHaveLength(1)
      running.target.fail('no database')
      await emitAll(client, ids(2, 30))
      await emit(client, { type: 'T', id: 'nobody' }, { producer: 'sessions' })
      await emitAll(client, ids(31, 40))
      await expect.poll(() => running.target.tries, { timeout: 20_000 }).toBeGreaterThan(5)
      running.target.fail()
      await expect.poll(() => running.target.ids, { timeout: 20_000 }).toEqual(ids(1, 40))
      await seen(client, 41)
      expect(running.logged(LOST_IN_REDIS)).toEqual([])
    },
  )

  it('that another group has brought are a gap of this one', async () => {
    const { redis, client, bridge } = await start()
    const staging = bridgeFrom(redis, 'pubsub', { group: 'staging' })
    await listening(staging)
    await emitAll(client, ['e-1'])
    await expect.poll(() => staging.target.ids).toHaveLength(1)
    await bridge.stop()
    await emitAll(client, ids(2, 9))
    await expect.poll(() => staging.target.ids).toHaveLength(9)
    const second = bridgeFrom(redis, 'pubsub')
    await listening(second)
    await emitAll(client, ['e-10'])
    await expect
      .poll(() => second.logged(LOST_IN_REDIS).map(({ from, to }) => [from, to]), { timeout: 20_000 })
      .toEqual([[2, 9]])
    expect(staging.logged(LOST_IN_REDIS)).toEqual([])
  })

  it.each([
    ['younger than the bridge', true],
    ['older than it', false],
  ])(
    'of a producer that is %s are counted right where Redis has forgotten everything',
    async (_, isYounger) => {
      const redis = await RedisServer.forTest()
      const client = redis.client()
      if (!isYounger) await emitAll(client, ['e-0'])
      const running = bridgeFrom(redis, 'pubsub')
      await listening(running)
      await emitAll(client, ids(1, 20))
      await expect.poll(() => running.target.ids).toHaveLength(20)
      await client.flushall()
      await emitAll(client, ids(21, 25))
      const last = isYounger ? 25 : 26
      await seen(client, last)
      expect(running.logged(LOST_IN_REDIS)).toEqual([])
      // And a loss in that very moment is found all the same.
      const [producer = ''] = await client.hkeys(`{${CHANNEL}}:producers`)
      await client.flushall()
      await client.publish(
        CHANNEL,
        withNumber('{"type":"T","id":"later","userId":"ann"}', { producer, number: last + 3 }),
      )
      await expect
        .poll(() => running.logged(LOST_IN_REDIS).map(({ from, to }) => [from, to]), { timeout: 20_000 })
        .toEqual([[last + 1, last + 2]])
    },
  )

  it('that were dropped for want of room are missed too', async () => {
    const { client, target, logged, metric } = await start({ queue: { messages: 5, bytes: 1e6 } })
    target.hold()
    await emitAll(client, ['e-1'])
    await expect.poll(() => target.tries).toBe(1)
    await emitAll(client, ids(2, 10))
    await expect.poll(async () => metric('fanout_bridge_lost_messages_total', { reason: 'dropped' })).toBe(4)
    target.release()
    await expect.poll(() => target.ids).toEqual(ids(1, 6))
    await emitAll(client, ids(11, 11))
    await expect
      .poll(() => logged(LOST_IN_REDIS).map(({ from, to, count }) => [from, to, count]), { timeout: 20_000 })
      .toEqual([[7, 10, 4]])
  })
})

/** Until Redis has it that all up to there was seen, without a hole; a hole is closed only when it was reported. */
async function seen(client: Redis, number: number): Promise<void> {
  await expect
    .poll(async () => {
      const states = Object.entries(await client.hgetall(`{${CHANNEL}}:numbers:event-fanout`)).filter(
        ([name]) => name.startsWith('of '),
      )
      return states.map(([, state]) =>
        (JSON.parse(state) as { ranges: number[][] }).ranges.map(([, to]) => to),
      )
    })
    .toEqual([[number]])
}
