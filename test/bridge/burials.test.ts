import { describe, expect, it } from 'vitest'
import { Burials } from '../../src/bridge/burials.ts'
import type { DeadLetters } from '../../src/bridge/dead-letters.ts'
import { BridgeMetrics } from '../../src/bridge/metrics.ts'
import { RecordingLogger } from '../support/fakes.ts'
import { RedisServer } from '../support/redis-server.ts'
import { bridgeFrom } from './set-up.ts'

const STREAM = 'business-events'
const event = (id: string) => JSON.stringify({ type: 'T', id, userId: 'ann' })

/** Where dead letters belong there is something else, so that Redis refuses them. */
async function withoutGrave(from: 'pubsub' | 'stream') {
  const redis = await RedisServer.forTest()
  const client = redis.client()
  await client.set(`${STREAM}:dead`, 'in the way')
  const running = bridgeFrom(redis, from)
  await expect
    .poll(() => running.logged(from === 'stream' ? 'reading the stream' : 'subscribed'))
    .toHaveLength(1)
  const send = async (text: string) =>
    from === 'stream' ? client.xadd(STREAM, '*', 'event', text) : client.publish(STREAM, text)
  return { redis, client, running, send }
}

describe.each(['pubsub', 'stream'] as const)('dead letters that Redis refuses, from %s', (from) => {
  it('hold up nothing, show in the status, and are written once Redis takes them', async () => {
    const { client, running, send } = await withoutGrave(from)
    for (const text of [event('e-1'), 'broken', event('e-2'), '{"also":"broken"', event('e-3')])
      await send(text)
    await expect.poll(() => running.target.ids).toEqual(['e-1', 'e-2', 'e-3'])
    await expect
      .poll(async () => (await running.bridge.status()).problems)
      .toEqual([expect.stringMatching(/^dead letters cannot be written: .*WRONGTYPE/)])
    expect(await running.metric('fanout_bridge_messages_total', { result: 'dead' })).toBe(0)

    await client.del(`${STREAM}:dead`)
    await expect.poll(async () => client.xlen(`${STREAM}:dead`), { timeout: 30_000 }).toBe(2)
    await expect.poll(async () => (await running.bridge.status()).problems).toEqual([])
    expect(await running.metric('fanout_bridge_messages_total', { result: 'dead' })).toBe(2)
    expect(running.logged(/^cannot be published/)[0]).toMatchObject({ count: 1, code: 'malformed_json' })
    if (from === 'stream') expect(await client.xpending(STREAM, 'event-fanout')).toMatchObject({ 0: 0 })
  })
})

it('of pub/sub that an end comes before are counted as dropped', async () => {
  const { running, send } = await withoutGrave('pubsub')
  await send('broken')
  await expect.poll(async () => (await running.bridge.status()).problems).toHaveLength(1)
  await running.bridge.stop()
  expect(await running.metric('fanout_bridge_lost_messages_total', { reason: 'dropped' })).toBe(1)
  expect(running.logged('messages dropped: the end came before they were brought')).toMatchObject([
    { count: 1 },
  ])
})

it('of a stream that an end comes before are written by the next bridge', async () => {
  const { redis, client, running, send } = await withoutGrave('stream')
  await send('broken')
  await expect.poll(async () => (await running.bridge.status()).problems).toHaveLength(1)
  await running.bridge.stop()
  await client.del(`${STREAM}:dead`)
  bridgeFrom(redis, 'stream')
  await expect.poll(async () => client.xlen(`${STREAM}:dead`)).toBe(1)
  expect(await client.xpending(STREAM, 'event-fanout')).toMatchObject({ 0: 0 })
})

it('many of them are said once a second, with their number', async () => {
  const redis = await RedisServer.forTest()
  const client = redis.client()
  for (let n = 0; n < 300; n++) void client.xadd(STREAM, '*', 'event', `broken ${n}`)
  const running = bridgeFrom(redis, 'stream')
  await expect.poll(async () => client.xlen(`${STREAM}:dead`), { timeout: 20_000 }).toBe(300)
  await expect.poll(async () => running.metric('fanout_bridge_messages_total', { result: 'dead' })).toBe(300)
  expect(running.logged(/^cannot be published/).length).toBeLessThan(30)
})

it('one that comes while the last one is just being finished is not forgotten', async () => {
  for (let ticks = 0; ticks < 40; ticks++) {
    const put: string[] = []
    const deadLetters = { put: async ({ bytes }: { bytes: Buffer }) => void put.push(bytes.toString()) }
    const burials = new Burials({
      deadLetters: deadLetters as unknown as DeadLetters,
      metrics: new BridgeMetrics(),
      logger: new RecordingLogger(),
    })
    const reason = { code: 'not_utf8', message: 'no text' }
    void burials.add({ bytes: Buffer.from('first') }, reason)
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
    void burials.add({ bytes: Buffer.from('second') }, reason)
    expect(await burials.end(new AbortController().signal), `after ${ticks} ticks`).toBe(0)
    expect(put).toEqual(['first', 'second'])
  }
})
