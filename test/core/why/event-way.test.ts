import { beforeEach, describe, expect, it } from 'vitest'
import { parseEvent } from '../../../src/core/event.ts'
import { entryAt, eventWay } from '../../../src/core/why/event-way.ts'
import { sampleEvent } from '../../contract/samples.ts'
import { connectionOf } from '../../support/fakes.ts'
import { RETENTION, START, Story } from './story.ts'

describe('an event’s way', () => {
  let story: Story

  beforeEach(() => {
    story = new Story()
  })

  it('is nothing of an event that never was', async () => {
    expect(await eventWay(story.world, 'e-1')).toBeUndefined()
  })

  it('is the receipt as it stands of one that was only begun', async () => {
    const event = sampleEvent('e-1', ['ann', 'bob'])
    await story.begin(event, 2)
    expect(await eventWay(story.world, 'e-1')).toEqual({
      eventId: 'e-1',
      type: event.type,
      digest: event.digest,
      state: 'begun',
      acceptedAt: START,
      recipients: [
        { userId: 'ann', field: 'recipientIds', offset: START },
        { userId: 'bob', field: 'recipientIds' },
      ],
    })
  })

  it('leads to everybody whom it concerns, each with their own reason', async () => {
    const { world } = story
    await story.open('a-1', 'phone')
    await world.connections.register(connectionOf(world.clock, 'b-1', 'bob'))
    world.pusher.script.set('b-1', 'throttled')
    const event = parseEvent(
      '{"type":"T","id":"e-1","trainerId":"ann","studentIds":["bob","cat"],"s":"secret"}',
    )
    await world.publisher.publish(event)
    await story.acknowledge('phone', START)
    const way = await eventWay(world, 'e-1')
    const { recipients, ...rest } = way!
    expect(rest).toEqual({
      eventId: 'e-1',
      type: 'T',
      digest: event.digest,
      state: 'logged',
      acceptedAt: START,
    })
    expect(recipients).toMatchObject([
      {
        userId: 'ann',
        field: 'trainerId',
        offset: START,
        reason: 'applied',
        connections: 1,
        sent: 1,
        isKept: true,
        deliveries: [{ connectionId: 'a-1', outcome: 'sent' }],
        devices: [{ device: 'phone', acknowledged: START }],
      },
      { userId: 'bob', field: 'studentIds', reason: 'throttled', connections: 1, sent: 0 },
      { userId: 'cat', field: 'studentIds', reason: 'never_seen', connections: 0, sent: 0, devices: [] },
    ])
    expect(JSON.stringify(way)).not.toContain('secret')
  })

  it('keeps its recipients in their order, however many', async () => {
    const userIds = Array.from({ length: 100 }, (_, i) => `u-${(i * 37) % 100}`)
    await story.world.publisher.publish(sampleEvent('e-1', userIds))
    const way = await eventWay(story.world, 'e-1')
    expect(way!.recipients.map(({ userId }) => userId)).toEqual(userIds)
  })

  it('counts what is only counted among the connections', async () => {
    for (const id of ['a-1', 'a-2', 'a-3']) await story.open(id, id)
    story.world.pusher.script.set('a-2', 'gone')
    await story.publish('e-1', { receiptDetail: 'counts' })
    expect((await eventWay(story.world, 'e-1'))!.recipients).toMatchObject([
      { connections: 3, sent: 2, deliveries: [], omitted: { sent: 2, gone: 1 } },
    ])
  })

  it('is known for longer than the event is kept, and says so', async () => {
    await story.publish()
    story.wait(RETENTION)
    expect((await eventWay(story.world, 'e-1'))!.recipients).toMatchObject([{ isKept: true }])
    story.wait(1)
    expect((await eventWay(story.world, 'e-1'))!.recipients).toMatchObject([
      { isKept: false, reason: 'expired' },
    ])
  })
})

describe('what is at an offset', () => {
  it('is that entry and no other', async () => {
    const story = new Story()
    const { log } = story.world
    for (const id of ['e-1', 'e-2']) await story.publish(id)
    for (const [i, id] of ['e-1', 'e-2'].entries()) {
      const entry = await entryAt(log, 'ann', START + i)
      expect(entry).toEqual({ offset: START + i, loggedAt: START, text: sampleEvent(id, []).text })
    }
    for (const offset of [0, START - 1, START + 2]) {
      expect(await entryAt(log, 'ann', offset)).toBeUndefined()
    }
    story.wait(RETENTION + 1)
    await story.publish('e-3')
    expect(await entryAt(log, 'ann', START)).toBeUndefined()
  })
})
