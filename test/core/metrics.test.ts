import { beforeEach, describe, expect, it } from 'vitest'
import { connect } from '../../src/core/connect.ts'
import { FanoutError } from '../../src/core/errors.ts'
import { handleMessage } from '../../src/core/handle-message.ts'
import { COUNTERS, HISTOGRAMS } from '../../src/core/metrics.ts'
import { Publisher } from '../../src/core/publish.ts'
import { sampleEvent } from '../contract/samples.ts'
import { changed, connectionOf, createWorld, type World } from '../support/fakes.ts'

let world: World
let start: number

beforeEach(async () => {
  world = createWorld()
  start = world.clock.now()
  await world.log.head('ann')
})

const open = async (id: string, more = {}) =>
  world.connections.register(connectionOf(world.clock, id, 'ann', more))
const say = async (message: object, { id = 'c-1', connectedAt = start } = {}) => {
  const sender = { ...connectionOf(world.clock, id, 'ann'), issuedAt: start, connectedAt }
  return handleMessage(world, sender, JSON.stringify(message))
}
const fill = async (count: number) => {
  await world.log.append(Array.from({ length: count }, (_, i) => sampleEvent(`e-${i + 1}`, ['ann'])))
}

describe('what is counted has a name', () => {
  it('of its own, in the style of Prometheus', () => {
    const names = [...Object.values(COUNTERS), ...Object.values(HISTOGRAMS)].map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { name } of Object.values(COUNTERS)) expect(name).toMatch(/^fanout_[a-z_]+_total$/)
    for (const { name } of Object.values(HISTOGRAMS)) expect(name).toMatch(/^fanout_[a-z_]+_seconds$/)
  })
})

describe('publishing counts', () => {
  it('each event by what became of it', async () => {
    await world.publisher.publish(sampleEvent('e-1', ['ann']))
    expect(world.metrics.counts).toEqual({ 'published:published': 1 })
    await world.publisher.publishAll([
      sampleEvent('e-1', ['ann']),
      sampleEvent('e-2', ['ann']),
      sampleEvent('e-2', ['ann']),
      sampleEvent('e-2', ['ann'], 'other'),
      new FanoutError('no_recipients', 'nobody'),
      new FanoutError('unavailable', 'not now'),
      new Error('unknown'),
    ])
    expect(world.metrics.counts).toEqual({
      'published:published': 2,
      'published:duplicate': 2,
      'published:refused': 2,
      'published:failed': 2,
    })
  })

  it('what the log failed at as failed', async () => {
    const append = async () => Promise.reject(new Error('disk full'))
    const publisher = new Publisher({ ...world, log: changed(world.log, { append }) })
    await publisher.publishAll([sampleEvent('e-1', ['ann']), sampleEvent('e-2', ['ann'])])
    expect(world.metrics.counts).toEqual({ 'published:failed': 2 })
  })

  it('what was refused before it came there, and nothing that only failed', async () => {
    await world.publisher.refused(new FanoutError('malformed_json', 'no JSON'))
    await world.publisher.refused(new FanoutError('unavailable', 'not now'))
    await world.publisher.refused(new Error('a bug'))
    expect(world.metrics.counts).toEqual({ 'published:refused': 1 })
  })

  it('nothing for whoever does not count', async () => {
    const { metrics: _, ...ports } = world
    await new Publisher(ports).publish(sampleEvent('e-1', ['ann']))
    expect(world.metrics.counts).toEqual({})
  })
})

describe('pushing counts', () => {
  it('each delivery by its outcome, and how long the event took until a connection had it', async () => {
    for (const id of ['c-1', 'c-2', 'c-3', 'c-4']) await open(id)
    await open('c-5', { expiresAt: start })
    world.pusher.script.set('c-2', 'gone').set('c-3', 'throttled').set('c-4', 'failed')
    const post = world.pusher.post.bind(world.pusher)
    world.pusher.post = async (id, frame) => {
      world.clock.advance(250)
      return post(id, frame)
    }
    await world.publisher.publish(sampleEvent('e-1', ['ann']))
    expect(world.metrics.counts).toEqual({
      'published:published': 1,
      'deliveries:sent': 1,
      'deliveries:gone': 1,
      'deliveries:throttled': 1,
      'deliveries:failed': 1,
      'deliveries:expired': 1,
    })
    const { publishToPush = [], ...others } = world.metrics.observations
    expect(others).toEqual({})
    expect(publishToPush).toHaveLength(1)
    expect(publishToPush[0]).toBeGreaterThan(0)
    expect(publishToPush[0]! % 0.25).toBe(0)
  })

  it('in seconds, and never less than none though the clock steps back', async () => {
    await open('c-1')
    const append = async (...given: Parameters<World['log']['append']>) => {
      const appended = await world.log.append(...given)
      world.clock.advance(1500)
      return appended
    }
    const publisher = new Publisher({ ...world, log: changed(world.log, { append }) })
    await publisher.publish(sampleEvent('e-1', ['ann']))
    expect(world.metrics.observations).toEqual({ publishToPush: [1.5] })
    world.pusher.post = async () => {
      world.clock.advance(-5000)
      return 'sent'
    }
    await world.publisher.publish(sampleEvent('e-2', ['ann']))
    expect(world.metrics.observations).toEqual({ publishToPush: [1.5, 0] })
  })

  it('all of them, also where a receipt tells only of their number', async () => {
    for (const id of ['c-1', 'c-2']) await open(id)
    const publisher = new Publisher({ ...world, receiptDetail: 'counts' })
    await publisher.publish(sampleEvent('e-1', ['ann']))
    expect(world.metrics.counts).toMatchObject({ 'deliveries:sent': 2 })
    expect((await world.log.receipt('e-1'))?.recipients).toMatchObject([
      { deliveries: [], omitted: { sent: 2 } },
    ])
  })

  it('nothing once more for a duplicate', async () => {
    await open('c-1')
    for (const _ of [1, 2]) await world.publisher.publish(sampleEvent('e-1', ['ann']))
    expect(world.metrics.counts).toMatchObject({ 'deliveries:sent': 1, 'published:duplicate': 1 })
    expect(world.metrics.observations.publishToPush).toHaveLength(1)
  })
})

describe('a socket counts', () => {
  it('each connection that was let in', async () => {
    for (const id of ['c-1', 'c-2']) await connect(world, connectionOf(world.clock, id, 'ann'), start)
    expect(world.metrics.counts).toEqual({ connectionsOpened: 2 })
  })

  it('each resume, and the events that it brought', async () => {
    await open('c-1')
    await fill(102)
    await say({ action: 'resume' })
    await say({ action: 'resume', after: start - 1 })
    await say({ action: 'resume', after: start + 99 })
    expect(world.metrics.counts).toEqual({ resumes: 3, resumedEvents: 102 })
  })

  it('a repair only where it brought something', async () => {
    await open('c-1')
    await fill(3)
    await say({ action: 'resume', after: start + 2, repair: true })
    expect(world.metrics.counts).toEqual({ resumes: 1, resumedEvents: 0 })
    await say({ action: 'resume', after: start + 1, repair: false })
    expect(world.metrics.counts).toEqual({ resumes: 2, resumedEvents: 1 })
    await say({ action: 'resume', after: start, repair: true })
    expect(world.metrics.counts).toEqual({ resumes: 3, resumedEvents: 3, repairs: 1 })
  })

  it('each failure of a handler', async () => {
    await open('c-1')
    await fill(1)
    for (const _ of [1, 2]) await say({ action: 'report', offset: start, error: 'boom' })
    expect(world.metrics.counts).toEqual({ handlerFailures: 2 })
  })

  it('nothing for a message that cannot be taken, a ping, or an ack', async () => {
    await open('c-1')
    await say({ action: 'report', offset: 'x', error: 'boom' })
    await say({ action: 'ping' })
    await say({ action: 'ack', offset: start - 1 })
    expect(world.metrics.counts).toEqual({})
  })
})

describe('how long an event took until it was applied', () => {
  beforeEach(async () => {
    await open('c-1')
    await fill(3)
    world.clock.advance(1250)
  })

  it('is measured at the newest event of a log, in seconds', async () => {
    await say({ action: 'ack', offset: start + 2 })
    expect(world.metrics.observations).toEqual({ publishToApplied: [1.25] })
  })

  it('is measured there too for what claims more than there is', async () => {
    await say({ action: 'ack', offset: start + 500 })
    expect(world.metrics.observations).toEqual({ publishToApplied: [1.25] })
  })

  it('is not measured at older ones: whoever was away is no latency of ours', async () => {
    await say({ action: 'ack', offset: start })
    await say({ action: 'ack', offset: start + 1 })
    expect(world.metrics.observations).toEqual({})
  })

  it('is not measured over a younger connection: the device was away, or says again what it said before', async () => {
    for (const connectedAt of [start + 1, world.clock.now()]) {
      await say({ action: 'ack', offset: start + 2 }, { connectedAt })
    }
    expect(world.metrics.observations).toEqual({})
    await say({ action: 'ack', offset: start + 2 }, { connectedAt: start })
    expect(world.metrics.observations).toEqual({ publishToApplied: [1.25] })
  })

  it('is measured where the device is named, without a look at the connection', async () => {
    const looks: string[] = []
    const get = world.connections.get.bind(world.connections)
    world.connections.get = async (userId, id) => {
      looks.push(id)
      return get(userId, id)
    }
    await say({ action: 'ack', offset: start + 2, device: 'phone' })
    expect(looks).toEqual([])
    expect(world.metrics.observations).toEqual({ publishToApplied: [1.25] })
  })

  it('is not measured where the event is no longer kept, nor where there never was one', async () => {
    await world.log.head('bob')
    const row = connectionOf(world.clock, 'b-1', 'bob', { registeredAt: 1 })
    await world.connections.register(row)
    const sender = { ...row, issuedAt: start, connectedAt: 1 }
    await handleMessage(world, sender, JSON.stringify({ action: 'ack', offset: world.clock.now() }))
    world.clock.advance(30 * 86_400_000)
    await say({ action: 'ack', offset: start + 2 })
    expect(world.metrics.observations).toEqual({})
  })

  it('is never less than nothing, though the clock steps back', async () => {
    world.clock.advance(-5000)
    await say({ action: 'ack', offset: start + 2 })
    expect(world.metrics.observations).toEqual({ publishToApplied: [0] })
  })
})
