/** What Redis has after an emit, and what the caller is told. */
import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { emit } from '../../../src/publisher/redis/index.ts'
import { bornOf, hostName } from '../../../src/publisher/redis/producer.ts'
import { separateNumber } from '../../../src/bridge/pubsub/separate-number.ts'
import { CHANNEL, entriesOf, nameOf, setUp, subscriberOf } from './set-up.ts'

const event = { type: 'SESSION_COMPLETED', id: 'e-1', trainerId: 't', note: 'Grüße 🎉' }

describe('an emit', () => {
  it('adds the event to the stream, as the JSON that it is, and its number', async () => {
    const { redis } = await setUp()
    const before = Date.now()
    const { entry } = await emit(redis, event, { producer: 'sessions-api' })
    const [only, ...more] = await entriesOf(redis)
    const producer = only!.fields[3]!
    expect(more).toEqual([])
    expect(only).toEqual({
      entry,
      fields: ['event', JSON.stringify(event), 'producer', producer, 'number', '1'],
    })
    expect(nameOf(producer)).toBe('sessions-api')
    expect(bornOf(producer)).toBeGreaterThanOrEqual(before)
    expect(bornOf(producer)).toBeLessThanOrEqual(Date.now())
  })

  it('publishes the event, which subscribers read as ever, with its number', async () => {
    const { server, redis } = await setUp()
    const { first } = await subscriberOf(server)
    await emit(redis, event)
    const [message] = await first(1)
    const producer = (await entriesOf(redis))[0]!.fields[3]!
    expect(JSON.parse(message!.toString())).toEqual({ ...event, _fanout: { producer, number: 1 } })
    expect(separateNumber(message!)).toEqual({
      bytes: Buffer.from(JSON.stringify(event)),
      number: { producer, number: 1 },
    })
  })

  it('notes how far the producer has come, and when', async () => {
    const { redis } = await setUp()
    const before = Date.now()
    await emit(redis, event)
    await emit(redis, event)
    const noted = await redis.hgetall(`{${CHANNEL}}:producers`)
    const [[producer, text] = [], ...more] = Object.entries(noted)
    const [number, at] = text!.split(' ').map(Number)
    expect(more).toEqual([])
    expect(producer).toBe((await entriesOf(redis))[0]!.fields[3])
    expect(number).toBe(2)
    expect(at).toBeGreaterThanOrEqual(before)
    expect(at).toBeLessThanOrEqual(Date.now())
  })

  it('does it in one transaction, and asks for nothing else', async () => {
    const { redis } = await setUp()
    await redis.config('RESETSTAT')
    await emit(redis, event)
    const stats = await redis.info('commandstats')
    const calls = [...stats.matchAll(/^cmdstat_([a-z]+):calls=(\d+)/gm)].map(([, name, count]) => [
      name,
      count,
    ])
    calls.sort()
    expect(calls.filter(([name]) => name !== 'config' && name !== 'info')).toEqual([
      ['exec', '1'],
      ['hset', '1'],
      ['multi', '1'],
      ['publish', '1'],
      ['xadd', '1'],
    ])
  })

  it('goes to another channel if it is told to', async () => {
    const { server, redis } = await setUp()
    const { first } = await subscriberOf(server, 'other')
    expect(await emit(redis, event, { channel: 'other' })).toMatchObject({ subscribers: 1 })
    expect(await first(1)).toHaveLength(1)
    expect((await redis.keys('*')).sort()).toEqual(['other', '{other}:producers'])
  })
})

describe('the result', () => {
  it('says how many subscribers there were, and where the event is in the stream', async () => {
    const { server, redis } = await setUp()
    const alone = await emit(redis, event)
    await subscriberOf(server)
    await subscriberOf(server)
    const seen = await emit(redis, event)
    const [first, second] = await entriesOf(redis)
    expect(alone).toEqual({ id: 'e-1', entry: first!.entry, subscribers: 0 })
    expect(seen).toEqual({ id: 'e-1', entry: second!.entry, subscribers: 2 })
  })

  it('has the id that was made up, where the event has neither id nor timestamp', async () => {
    const { redis } = await setUp()
    const { id } = await emit(redis, { type: 'T', userId: 'u' })
    const text = (await entriesOf(redis))[0]!.fields[1]!
    expect(id).toMatch(/^[\da-f-]{36}$/)
    expect(JSON.parse(text)).toEqual({ type: 'T', userId: 'u', id })
  })

  it('has no id where event-fanout derives it', async () => {
    const { redis } = await setUp()
    const dated = { type: 'T', userId: 'u', timestamp: new Date(0) }
    expect((await emit(redis, dated)).id).toBeUndefined()
    expect((await entriesOf(redis))[0]!.fields[1]).toBe(JSON.stringify(dated))
  })
})

describe('a producer that nobody has named', () => {
  it('has the host’s name', async () => {
    const { redis } = await setUp()
    await emit(redis, event)
    expect(nameOf((await entriesOf(redis))[0]!.fields[3]!)).toBe(hostName(hostname()))
  })

  it.each([
    ['ip-10-0-0-1.ec2.internal', 'ip-10-0-0-1.ec2.internal'],
    ['Jürgens Rechner', 'J-rgens-Rechner'],
    ['', 'unknown'],
    ['h'.repeat(300), 'h'.repeat(150)],
  ])('%j becomes %j', (host, name) => {
    expect(hostName(host)).toBe(name)
  })
})
