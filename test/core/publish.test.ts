import { beforeEach, describe, expect, it } from 'vitest'
import { FanoutError } from '../../src/core/errors.ts'
import { type AcceptedEvent, parseEvent } from '../../src/core/event.ts'
import type { EventLog } from '../../src/core/ports.ts'
import { Publisher } from '../../src/core/publish.ts'
import { sampleEvent } from '../contract/samples.ts'
import { changed, connectionOf, createWorld, type World } from '../support/fakes.ts'

const SESSION_COMPLETED = {
  type: 'SESSION_COMPLETED',
  timestamp: 1732406400000,
  userId: 'test-user',
  role: 'trainer',
  sessionId: 'test-session',
  trainerId: 'test-trainer',
  studentId: 'test-student',
}

describe('publishing', () => {
  let world: World
  let start: number

  beforeEach(() => {
    world = createWorld()
    start = world.clock.now()
  })

  const open = async (id: string, userId: string) =>
    world.connections.register(connectionOf(world.clock, id, userId))
  const idsIn = (userId: string) =>
    world.log.entriesOf(userId).map(({ text }) => (JSON.parse(text) as { id: string }).id)
  const withLog = (changes: Partial<EventLog>) =>
    new Publisher({ ...world, log: changed(world.log, changes) })

  it.each(['trainer', 'student', 'admin'])(
    'reaches the trainer and the student of a session, and nobody else, whatever the role: %s',
    async (role) => {
      const bystanders = ['test-user', 'trainer', 'student', 'admin', 'other']
      for (const userId of ['test-trainer', 'test-student', ...bystanders]) await open(`c-${userId}`, userId)
      await open('c-tablet', 'test-student')
      const event = parseEvent(JSON.stringify({ ...SESSION_COMPLETED, role }))
      expect(await world.publisher.publish(event)).toEqual({
        id: event.id,
        duplicate: false,
        recipients: [
          { userId: 'test-trainer', offset: start, connections: 1, sent: 1 },
          { userId: 'test-student', offset: start, connections: 2, sent: 2 },
        ],
      })
      expect(world.pusher.posts.map(({ connectionId }) => connectionId)).toEqual([
        'c-test-trainer',
        'c-test-student',
        'c-tablet',
      ])
      const frame = `{"type":"event","offset":${start},"event":${event.text}}`
      expect(new Set(world.pusher.posts.map((post) => post.frame))).toEqual(new Set([frame]))
      for (const userId of bystanders) expect(world.log.entriesOf(userId)).toEqual([])
      expect(idsIn('test-trainer')).toEqual([event.id])
      expect(idsIn('test-student')).toEqual([event.id])
    },
  )

  it('leaves a receipt that says how it went', async () => {
    await open('a1', 'ann')
    await open('a2', 'ann')
    world.pusher.script.set('a2', 'throttled')
    const result = await world.publisher.publish(sampleEvent('e-1', ['ann', 'bob']))
    expect(result.recipients).toEqual([
      { userId: 'ann', offset: start, connections: 2, sent: 1 },
      { userId: 'bob', offset: start, connections: 0, sent: 0 },
    ])
    expect(await world.log.receipt('e-1')).toMatchObject({
      state: 'logged',
      recipients: [
        {
          userId: 'ann',
          deliveries: [
            { connectionId: 'a1', outcome: 'sent' },
            { connectionId: 'a2', outcome: 'throttled' },
          ],
        },
        { userId: 'bob', deliveries: [] },
      ],
    })
  })

  it('again answers what was stored, and pushes nothing', async () => {
    await open('a1', 'ann')
    const first = await world.publisher.publish(sampleEvent('e-1', ['ann']))
    await open('a2', 'ann')
    const restarted = new Publisher(world)
    expect(await restarted.publish(sampleEvent('e-1', ['ann']))).toEqual({ ...first, duplicate: true })
    expect(world.pusher.posts).toHaveLength(1)
    expect(idsIn('ann')).toEqual(['e-1'])
  })

  it('of other content under the same id is refused', async () => {
    await world.publisher.publish(sampleEvent('e-1', ['ann']))
    const refused = world.publisher.publish(sampleEvent('e-1', ['ann', 'bob'], 'other'))
    await expect(refused).rejects.toMatchObject({ code: 'id_conflict', facts: { path: '/id' } })
    expect(idsIn('bob')).toEqual([])
  })

  it('of one event by four at once pushes once', async () => {
    await open('a1', 'ann')
    const event = sampleEvent('e-1', ['ann'])
    const results = await Promise.all([1, 2, 3, 4].map(async () => world.publisher.publish(event)))
    expect(results.map(({ duplicate }) => duplicate)).toEqual([false, true, true, true])
    expect(results.map(({ recipients }) => recipients)).toEqual(
      Array.from({ length: 4 }, () => [{ userId: 'ann', offset: start, connections: 1, sent: 1 }]),
    )
    expect(world.pusher.posts).toHaveLength(1)
  })

  it('after a failure of another try does it itself', async () => {
    await open('a1', 'ann')
    let calls = 0
    const publisher = withLog({
      append: async (events) => {
        if (++calls === 1) throw new Error('disk full')
        return world.log.append(events)
      },
    })
    const event = sampleEvent('e-1', ['ann'])
    const [first, second] = await Promise.allSettled([publisher.publish(event), publisher.publish(event)])
    expect(first).toMatchObject({ status: 'rejected', reason: { message: 'disk full' } })
    expect(second).toMatchObject({ status: 'fulfilled', value: { duplicate: false } })
    expect(world.pusher.posts).toHaveLength(1)
  })

  describe('an array', () => {
    it('keeps its order in every log it touches', async () => {
      const ids = Array.from({ length: 100 }, (_, i) => `e-${(i * 37) % 100}`)
      const events = ids.map((id, i) => sampleEvent(id, i % 3 === 0 ? ['ann', 'bob'] : ['ann']))
      const results = await world.publisher.publishAll(events)
      expect(results.map((result) => !(result instanceof Error) && result.id)).toEqual(ids)
      expect(idsIn('ann')).toEqual(ids)
      expect(idsIn('bob')).toEqual(ids.filter((_, i) => i % 3 === 0))
    })

    it('has the second of an id for the duplicate, be it the same object or another', async () => {
      await open('a1', 'ann')
      const event = sampleEvent('e-1', ['ann'])
      const items = [event, sampleEvent('e-2', ['ann']), event, sampleEvent('e-1', ['ann'])]
      const results = await world.publisher.publishAll(items)
      const result = (id: string, offset: number, duplicate: boolean) => ({
        id,
        duplicate,
        recipients: [{ userId: 'ann', offset, connections: 1, sent: 1 }],
      })
      expect(results).toEqual([
        result('e-1', start, false),
        result('e-2', start + 1, false),
        result('e-1', start, true),
        result('e-1', start, true),
      ])
      expect(world.pusher.posts).toHaveLength(2)
    })

    it('refuses the second of an id if its content is other', async () => {
      const [first, second] = await world.publisher.publishAll([
        sampleEvent('e-1', ['ann']),
        sampleEvent('e-1', ['ann'], 'other'),
      ])
      expect(first).toMatchObject({ duplicate: false })
      expect(second).toMatchObject({ code: 'id_conflict' })
    })

    it('keeps the place of what could not be parsed, and of what is refused', async () => {
      const wrong = new FanoutError('invalid_event', 'x', { path: '' })
      await world.publisher.publish(sampleEvent('e-1', ['ann']))
      const items = [wrong, sampleEvent('e-1', ['ann'], 'other'), sampleEvent('e-2', ['ann']), wrong]
      const results = await world.publisher.publishAll(items)
      expect(results[0]).toBe(wrong)
      expect(results[1]).toMatchObject({ code: 'id_conflict' })
      expect(results[2]).toMatchObject({ id: 'e-2', duplicate: false })
      expect(results[3]).toBe(wrong)
      expect(await world.publisher.publishAll([wrong])).toEqual([wrong])
      expect(await world.publisher.publishAll([])).toEqual([])
    })

    it('keeps its order though one of its events was under way, and that try failed', async () => {
      let calls = 0
      const publisher = withLog({
        append: async (events) => {
          if (++calls === 1) throw new Error('disk full')
          return world.log.append(events)
        },
      })
      const [one, two] = [sampleEvent('e-1', ['ann']), sampleEvent('e-2', ['ann'])]
      await Promise.allSettled([publisher.publish(one), publisher.publishAll([one, two])])
      expect(idsIn('ann')).toEqual(['e-1', 'e-2'])
    })

    it('does not lock with another that has the same events the other way round', async () => {
      const events = ['e-1', 'e-2', 'e-3'].map((id) => sampleEvent(id, ['ann']))
      const orders = [events, events.toReversed(), [events[1], events[1], events[0]]] as AcceptedEvent[][]
      const results = await Promise.all(orders.map(async (order) => world.publisher.publishAll(order)))
      const fresh = results.flat().filter((result) => !(result instanceof Error) && !result.duplicate)
      expect(fresh).toHaveLength(3)
      expect(idsIn('ann')).toEqual(['e-1', 'e-2', 'e-3'])
    })

    it('has one fail by itself, whatever becomes of the others', async () => {
      const publisher = withLog({
        append: async (events) => {
          const appended = await world.log.append(events.slice(1))
          return [{ status: 'failed', error: new Error('no capacity') }, ...appended]
        },
      })
      const [first, second] = await publisher.publishAll([
        sampleEvent('e-1', ['ann']),
        sampleEvent('e-2', ['bob']),
      ])
      expect(first).toEqual(new Error('no capacity'))
      expect(second).toMatchObject({ id: 'e-2', duplicate: false })
      expect((await world.log.receipt('e-2'))?.state).toBe('logged')
    })

    it('acknowledges nothing whose receipt could not be completed, but what was complete before', async () => {
      await world.publisher.publish(sampleEvent('e-0', ['ann']))
      const events = ['e-0', 'e-1', 'e-2'].map((id) => sampleEvent(id, ['ann']))
      const publisher = withLog({ complete: async () => Promise.reject(new Error('no capacity')) })
      const [before, ...results] = await publisher.publishAll(events)
      expect(before).toMatchObject({ id: 'e-0', duplicate: true })
      expect(results).toEqual([new Error('no capacity'), new Error('no capacity')])
      // The retry finds them in the log, pushes and completes.
      const again = await world.publisher.publishAll(events)
      expect(again.map((one) => !(one instanceof Error) && one.duplicate)).toEqual([true, false, false])
      expect(idsIn('ann')).toEqual(['e-0', 'e-1', 'e-2'])
    })

    it('completes the receipts of a call in one call', async () => {
      const calls: string[][] = []
      const publisher = withLog({
        complete: async (receipts) => {
          calls.push(receipts.map(({ eventId }) => eventId))
          return world.log.complete(receipts)
        },
      })
      await publisher.publishAll(['e-1', 'e-2', 'e-3'].map((id) => sampleEvent(id, ['ann'])))
      expect(calls).toEqual([['e-1', 'e-2', 'e-3']])
    })

    it('is not acknowledged at all if the append is not known to be durable, nor pushed', async () => {
      await open('a1', 'ann')
      const publisher = withLog({ append: async () => Promise.reject(new Error('disk full')) })
      const results = await publisher.publishAll([sampleEvent('e-1', ['ann']), sampleEvent('e-2', ['ann'])])
      expect(results).toEqual([new Error('disk full'), new Error('disk full')])
      expect(world.pusher.posts).toEqual([])
    })

    it('is not acknowledged where the log gave no answer', async () => {
      const publisher = withLog({ append: async () => [] })
      await expect(publisher.publish(sampleEvent('e-1', ['ann']))).rejects.toThrow('the log gave no answer')
    })
  })

  it('makes an error of whatever is thrown, and nobody is told what it was', async () => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- drivers do that
    const publisher = withLog({ append: async () => Promise.reject('a secret') })
    const failure = await publisher.publish(sampleEvent('e-1', ['ann'])).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Error)
    expect(failure).not.toBeInstanceOf(FanoutError)
  })

  it('is acknowledged though a pusher rejects', async () => {
    await open('a1', 'ann')
    world.pusher.script.set('a1', 'reject')
    expect(await world.publisher.publish(sampleEvent('e-1', ['ann']))).toMatchObject({
      recipients: [{ connections: 1, sent: 0 }],
    })
  })
})
