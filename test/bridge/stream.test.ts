import { describe, expect, it } from 'vitest'
import { bridgeKeys } from '../../src/bridge/keys.ts'
import { Group } from '../../src/bridge/stream/group.ts'
import { Lease } from '../../src/bridge/stream/lease.ts'
import { LEASE_LOST, READ } from '../../src/bridge/stream/scripts.ts'
import { RecordingLogger } from '../support/fakes.ts'
import { RedisServer } from '../support/redis-server.ts'
import { bridgeFrom, LOST_ENTRIES } from './set-up.ts'
import { add, event, GROUP, ids, LEASE, pending, reading, settled, start, STREAM } from './stream-set-up.ts'

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
