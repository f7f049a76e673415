import { setImmediate as allOthers } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Receipt } from '../../src/core/ports.ts'
import { dismiss, pushEvent } from '../../src/core/push.ts'
import { connectionOf, createWorld, RecordingPusher, type World } from '../support/fakes.ts'

const TEXT = '{ "type":"T","id":"e-1" }'
const EXPIRED = '{"type":"error","code":"expired","message":"the token has expired"}'
const frame = (offset: number) => `{"type":"event","offset":${offset},"event":${TEXT}}`

const receiptFor = (...userIds: string[]): Receipt => ({
  eventId: 'e-1',
  type: 'T',
  digest: 'd',
  state: 'accepted',
  acceptedAt: 0,
  recipients: userIds.map((userId, i) => ({ userId, field: 'recipientIds', offset: 40 + i, deliveries: [] })),
})

describe('pushing an event', () => {
  let world: World

  beforeEach(() => {
    world = createWorld()
  })

  const open = async (id: string, userId: string, more = {}) =>
    world.connections.register(connectionOf(world.clock, id, userId, more))
  const push = async (...userIds: string[]) => {
    const recipients = await pushEvent(world, receiptFor(...userIds), TEXT)
    return recipients.map(({ userId, deliveries }) => ({ userId, deliveries }))
  }
  const idsOf = () => world.connections.rows.map(({ id }) => id)

  it('posts it to each connection of each recipient, with the offset in that user’s log', async () => {
    await open('a1', 'ann', { registeredAt: 1, device: 'phone' })
    await open('a2', 'ann', { registeredAt: 2 })
    await open('c1', 'cat')
    await open('x1', 'eve')
    world.pusher.script.set('a2', 'throttled').set('c1', 'failed')
    const at = world.clock.now()
    expect(await push('ann', 'bob', 'cat')).toEqual([
      {
        userId: 'ann',
        deliveries: [
          { connectionId: 'a1', outcome: 'sent', at, device: 'phone' },
          { connectionId: 'a2', outcome: 'throttled', at },
        ],
      },
      { userId: 'bob', deliveries: [] },
      { userId: 'cat', deliveries: [{ connectionId: 'c1', outcome: 'failed', at }] },
    ])
    expect(world.pusher.posts).toEqual([
      { connectionId: 'a1', frame: frame(40) },
      { connectionId: 'a2', frame: frame(40) },
      { connectionId: 'c1', frame: frame(42) },
    ])
    expect(idsOf().sort()).toEqual(['a1', 'a2', 'c1', 'x1'])
  })

  it('never posts it to a connection whose token has ended, which is told and closed', async () => {
    const now = world.clock.now()
    await open('ended', 'ann', { registeredAt: 1, expiresAt: now, device: 'tv' })
    await open('ending', 'ann', { registeredAt: 2, expiresAt: now + 1 })
    expect(await push('ann')).toEqual([
      {
        userId: 'ann',
        deliveries: [
          { connectionId: 'ended', outcome: 'expired', at: now, device: 'tv' },
          { connectionId: 'ending', outcome: 'sent', at: now },
        ],
      },
    ])
    expect(world.pusher.framesTo('ended')).toEqual([EXPIRED])
    expect(world.pusher.framesTo('ending')).toEqual([frame(40)])
    expect(world.pusher.closed).toEqual(['ended'])
    expect(idsOf()).toEqual(['ending'])
  })

  it.each([
    [0, true],
    [29_999, true],
    [30_000, false],
    [3_600_000, false],
  ])('to a connection that is gone, registered %i ms ago, keeps it: %s', async (age, kept) => {
    await open('a1', 'ann', { registeredAt: world.clock.now() - age })
    world.pusher.script.set('a1', 'gone')
    expect((await push('ann'))[0]?.deliveries).toEqual([
      { connectionId: 'a1', outcome: 'gone', at: world.clock.now() },
    ])
    expect(idsOf()).toEqual(kept ? ['a1'] : [])
    expect(world.pusher.closed).toEqual([])
  })

  it.each(['sent', 'throttled', 'failed'] as const)('that was %s keeps the connection', async (outcome) => {
    await open('a1', 'ann', { registeredAt: 1 })
    world.pusher.script.set('a1', outcome)
    await push('ann')
    expect(idsOf()).toEqual(['a1'])
  })

  it('posts to the others while one post hangs', async () => {
    for (const id of ['a1', 'a2', 'a3']) await open(id, 'ann')
    await open('b1', 'bob')
    world.pusher.script.set('a1', 'hang')
    void push('ann', 'bob')
    await allOthers()
    expect(world.pusher.posts.map(({ connectionId }) => connectionId)).toEqual(['a1', 'a2', 'a3', 'b1'])
  })

  it('says where the event stands in each log, beside how its deliveries went', async () => {
    await open('a1', 'ann')
    const deliveries = [{ connectionId: 'a1', outcome: 'sent', at: world.clock.now() }]
    expect(await pushEvent(world, receiptFor('ann', 'bob'), TEXT)).toEqual([
      { userId: 'ann', field: 'recipientIds', offset: 40, deliveries },
      { userId: 'bob', field: 'recipientIds', offset: 41, deliveries: [] },
    ])
  })

  it('says when the outcome of each was known', async () => {
    const start = world.clock.now()
    await open('a1', 'ann')
    await open('a2', 'ann')
    const waiting: (() => void)[] = []
    world.pusher.post = async () => {
      await new Promise<void>((resolve) => waiting.push(resolve))
      return 'sent'
    }
    const pushed = push('ann')
    await allOthers()
    for (const ms of [10, 200]) {
      world.clock.advance(ms)
      waiting.shift()?.()
      await allOthers()
    }
    expect((await pushed)[0]?.deliveries).toEqual([
      { connectionId: 'a1', outcome: 'sent', at: start + 10 },
      { connectionId: 'a2', outcome: 'sent', at: start + 210 },
    ])
  })

  it('begins no further post after 15 s, however many sockets hang', async () => {
    for (let i = 0; i < 120; i++) await open(`a${String(i).padStart(3, '0')}`, 'ann', { registeredAt: i })
    let over = 0
    const pusher = new (class extends RecordingPusher {
      override async post(connectionId: string, text: string) {
        const outcome = await super.post(connectionId, text)
        // Each wave of 50 takes half the time there is.
        if (++over % 50 === 0) world.clock.advance(7_500)
        return outcome
      }
    })()
    const [ann] = await pushEvent({ ...world, pusher }, receiptFor('ann'), TEXT)
    expect(pusher.posts).toHaveLength(100)
    expect(ann?.deliveries.map(({ outcome }) => outcome).toSorted()).toEqual([
      ...Array<string>(20).fill('failed'),
      ...Array<string>(100).fill('sent'),
    ])
  })

  it('has at most 50 posts under way, and keeps the order of the results', async () => {
    const held: (() => void)[] = []
    const pusher = new (class extends RecordingPusher {
      override async post(connectionId: string, text: string) {
        await new Promise<void>((resolve) => held.push(resolve))
        return super.post(connectionId, text)
      }
    })()
    world = { ...world, pusher }
    const ids = Array.from({ length: 60 }, (_, i) => `c${String(i).padStart(2, '0')}`)
    for (const [i, id] of ids.entries()) await open(id, i < 45 ? 'ann' : 'bob', { registeredAt: i })
    pusher.script.set('c50', 'failed')
    const pushed = push('ann', 'bob')
    await allOthers()
    expect(held).toHaveLength(50)
    for (let i = 0; i < 60; i++) {
      // The last that began ends first.
      held.pop()?.()
      await allOthers()
      expect(held.length).toBeLessThanOrEqual(50)
    }
    const deliveries = (await pushed).flatMap((recipient) => recipient.deliveries)
    expect(deliveries.map(({ connectionId }) => connectionId)).toEqual(ids)
    expect(
      deliveries.filter(({ outcome }) => outcome === 'failed').map(({ connectionId }) => connectionId),
    ).toEqual(['c50'])
  })

  it('counts a pusher that rejects, against its contract, as failed, and goes on', async () => {
    for (const id of ['a1', 'a2', 'a3']) await open(id, 'ann')
    world.pusher.script.set('a2', 'reject')
    const [ann] = await push('ann')
    expect(ann?.deliveries.map(({ outcome }) => outcome)).toEqual(['sent', 'failed', 'sent'])
    expect(world.logger.text()).toContain('the socket of a2 blew up')
    expect(idsOf()).toEqual(['a1', 'a2', 'a3'])
  })

  it('counts a registry that cannot prune as failed, and goes on', async () => {
    await open('a1', 'ann')
    await open('a2', 'ann')
    world.pusher.script.set('a1', 'gone')
    world.connections.remove = async () => Promise.reject(new Error('no capacity'))
    const [ann] = await push('ann')
    expect(ann?.deliveries.map(({ outcome }) => outcome)).toEqual(['failed', 'sent'])
  })

  it('fails as a whole if the connections cannot be looked up: a retry will push', async () => {
    world.connections.ofUser = async () => Promise.reject(new Error('no capacity'))
    await expect(push('ann')).rejects.toThrow('no capacity')
  })
})

describe('dismissing a connection', () => {
  it.each(['evicted', 'disconnected', 'expired'] as const)('tells why: %s', async (reason) => {
    const world = createWorld()
    await world.connections.register(connectionOf(world.clock, 'a1', 'ann'))
    world.pusher.script.set('a1', 'gone')
    await dismiss(world, { userId: 'ann', id: 'a1' }, reason)
    expect(world.pusher.framesTo('a1').map((text) => (JSON.parse(text) as { code: string }).code)).toEqual([
      reason,
    ])
    expect(world.pusher.closed).toEqual(['a1'])
    expect(world.connections.rows).toEqual([])
    expect(world.logger.lines).toEqual([
      {
        level: 'info',
        fields: { userId: 'ann', connectionId: 'a1', reason },
        message: 'connection dismissed',
      },
    ])
  })
})
