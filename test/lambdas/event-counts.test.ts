import { beforeEach, describe, expect, it } from 'vitest'
import { createHandler } from '../../lambdas/event.ts'
import { createWorld, type World } from '../support/fakes.ts'
import { message, RecordingDeadLetters } from './queue.ts'

let world: World
let deadLetters: RecordingDeadLetters
let handler: ReturnType<typeof createHandler>

beforeEach(() => {
  world = createWorld()
  deadLetters = new RecordingDeadLetters()
  handler = createHandler({ ...world, deadLetters, redelivery: { schedule: async () => undefined } })
})

const event = (id: string, type = 'T') => JSON.stringify({ type, id, trainerId: 'ann' })
const deliver = async (...messages: readonly (readonly [body: string, group?: string])[]) =>
  handler({ Records: messages.map(([body, group], i) => message(body, i, group)) })

describe('what the consumer of the queue counts', () => {
  const timed = (i: number, sentAt: string, receives = 1) => {
    const one = message(event(`e-${i}`), i, 'ann', receives)
    return { ...one, attributes: { ...one.attributes, SentTimestamp: sentAt } }
  }

  it('is each dead letter, by its reason, once the dead letters have it', async () => {
    deadLetters.refused.add('5')
    await deliver([event('e-1')], ['{'], ['{', 'bob'], [event('e-1', 'U')], ['5', 'cid'])
    expect(world.metrics.counts).toEqual({
      'published:published': 1,
      'published:refused': 4,
      'deadLetters:malformed_json': 2,
      'deadLetters:id_conflict': 1,
    })
  })

  it('is how long a message waited, in seconds, the first time that it comes', async () => {
    const now = world.clock.now()
    await handler({
      Records: [
        timed(1, String(now - 1500)),
        timed(2, String(now + 20)),
        timed(3, String(now - 60_000), 2),
        timed(4, 'soon'),
      ],
    })
    expect(world.metrics.observations).toEqual({ queueWait: [1.5, 0] })
  })

  it('is nothing of what an EventBridge rule brings: nobody knows when it was sent', async () => {
    await handler({ type: 'T', id: 'e-1', trainerId: 'ann' })
    expect(world.metrics.observations).toEqual({})
  })

  it('and why a message can never be published is written down under its id', async () => {
    await deliver(['{"type":"T","id":"e-7"}'])
    expect(await world.refusals.find('e-7')).toMatchObject({ code: 'no_recipients', at: world.clock.now() })
  })
})
