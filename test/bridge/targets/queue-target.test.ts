import { describe, expect, it } from 'vitest'
import { SqsEventQueue } from '../../../src/aws/sqs-event-queue.ts'
import { queueTarget } from '../../../src/bridge/targets/queue-target.ts'
import { FanoutError } from '../../../src/core/errors.ts'
import { parseEvent } from '../../../src/core/event.ts'
import type { EventQueue } from '../../../src/core/ports.ts'
import { interceptCalls } from '../../aws/calls.ts'
import { useQueues } from '../../aws/queues.ts'
import { sampleEvent } from '../../contract/samples.ts'

const queues = useQueues()
const range = (count: number) => Array.from({ length: count }, (_, i) => i)

function abortable() {
  const aborting = new AbortController()
  return { aborting, signal: aborting.signal }
}

/** A queue of the test's own; what it is given, and in which portions. */
function scripted(send: EventQueue['send']) {
  const portions: string[][] = []
  const target = queueTarget('the queue', {
    send: async (events) => {
      portions.push(events.map(({ id }) => id))
      return send(events)
    },
  })
  return { target, portions }
}

describe('a queue of SQS', () => {
  function setUp() {
    const { client, queueUrl, messages } = queues.createQueue()
    const calls = interceptCalls(client)
    const target = queueTarget('the queue q', new SqsEventQueue({ client, queueUrl, strict: true }))
    return { target, messages, calls }
  }

  it('gets the events as they are, in order, with their groups', async () => {
    const { target, messages } = setUp()
    const text = '{"type":"T",  "id":"e-0","userId":"ann","n":12345678901234567890}'
    const events = [
      parseEvent(text),
      ...range(24).map((i) => sampleEvent(`e-${i + 1}`, [i % 2 ? 'ann' : 'bob'])),
    ]
    const outcomes = await target.publish(events, abortable().signal)
    expect(outcomes).toEqual(events.map(() => ({ status: 'published' })))
    expect(messages().map(({ body }) => body)).toEqual(events.map((event) => event.text))
    expect(messages()[0]).toMatchObject({
      messageGroupId: 'ann',
      messageDeduplicationId: expect.stringMatching(/^[\da-f]{64}$/) as string,
    })
  })

  it('has each event once, however often it is tried', async () => {
    const { target, messages } = setUp()
    const events = range(5).map((i) => sampleEvent(`e-${i}`, ['ann']))
    for (const _ of range(2)) {
      expect(await target.publish(events, abortable().signal)).toEqual(
        events.map(() => ({ status: 'published' })),
      )
    }
    expect(messages()).toHaveLength(5)
  })

  it('refuses what is too large for its consumer', async () => {
    const { target, messages } = setUp()
    const large = parseEvent(`{"type":"T","id":"e-1","userId":"ann","body":"${'\uffff'.repeat(40_000)}"}`)
    expect(await target.publish([large, sampleEvent('e-2', ['ann'])], abortable().signal)).toEqual([
      {
        status: 'refused',
        reason: {
          code: 'event_too_large',
          message: expect.any(String) as string,
          error: expect.objectContaining({ code: 'event_too_large' }) as object,
        },
      },
      { status: 'published' },
    ])
    expect(messages()).toHaveLength(1)
  })
})

describe('a queue that fails', () => {
  it('has taken nothing after an event that it did not take', async () => {
    const { target, portions } = scripted(async (events) =>
      events.map(({ id }) => (id === 'e-3' ? new Error('try later') : undefined)),
    )
    const events = range(25).map((i) => sampleEvent(`e-${i}`, ['ann']))
    const outcomes = await target.publish(events, abortable().signal)
    expect(portions).toHaveLength(1)
    expect(outcomes).toHaveLength(25)
    expect(outcomes[3]).toMatchObject({ status: 'failed', error: { message: 'try later' } })
    expect(new Set(outcomes.slice(10).map(({ status }) => status))).toEqual(new Set(['failed']))
    expect(outcomes[24]).toMatchObject({ error: { cause: { message: 'try later' } } })
  })

  it('is tried again for what it does not say is wrong for good', async () => {
    const { target } = scripted(async () => [new FanoutError('unavailable', 'throttled')])
    expect(await target.publish([sampleEvent('e', ['a'])], abortable().signal)).toMatchObject([
      { status: 'failed', error: { message: 'throttled' } },
    ])
  })

  it('never makes it reject', async () => {
    const { target } = scripted(async () => Promise.reject(new Error('no credentials')))
    expect(await target.publish([sampleEvent('e', ['a'])], abortable().signal)).toMatchObject([
      { status: 'failed', error: { message: 'no credentials' } },
    ])
  })

  it('is not believed to have what it does not speak of', async () => {
    const { target, portions } = scripted(async () => [])
    expect(await target.publish([sampleEvent('e', ['a'])], abortable().signal)).toMatchObject([
      { status: 'failed', error: { message: 'the queue did not answer for each event' } },
    ])
    expect(portions).toHaveLength(1)
  })

  it('does not keep a refused event from being passed', async () => {
    const { target, portions } = scripted(async (events) =>
      events.map(({ id }) => (id === 'e-0' ? new FanoutError('event_too_large', 'large') : undefined)),
    )
    const outcomes = await target.publish(
      range(20).map((i) => sampleEvent(`e-${i}`, ['ann'])),
      abortable().signal,
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['refused', ...range(19).map(() => 'published')])
    expect(portions.map(({ length }) => length)).toEqual([10, 10])
  })
})

describe('an abort', () => {
  it('gives up what is not sent yet', async () => {
    const { aborting, signal } = abortable()
    const { target, portions } = scripted(async (events) => {
      aborting.abort()
      return events.map(() => undefined)
    })
    const outcomes = await target.publish(
      range(30).map((i) => sampleEvent(`e-${i}`, ['ann'])),
      signal,
    )
    expect(portions).toHaveLength(1)
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...range(10).map(() => 'published'),
      ...range(20).map(() => 'failed'),
    ])
  })

  it('before it begins sends nothing', async () => {
    const { aborting, signal } = abortable()
    aborting.abort()
    const { target, portions } = scripted(async (events) => events.map(() => undefined))
    expect(await target.publish([sampleEvent('e', ['a'])], signal)).toMatchObject([{ status: 'failed' }])
    expect(portions).toEqual([])
  })
})
