import { describe, expect, it } from 'vitest'
import { SqsEventQueue } from '../../src/aws/sqs-event-queue.ts'
import { parseEvent } from '../../src/core/event.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { sampleEvent } from '../contract/samples.ts'
import { type Answer, type Call, interceptCalls } from './calls.ts'
import { useQueues } from './queues.ts'

const queues = useQueues()
const range = (count: number) => Array.from({ length: count }, (_, i) => i)

/** The entries of each batch that was sent, by their events' ids. */
const batchesOf = (calls: readonly Call[]) =>
  calls.map(({ input }) => (input['Entries'] as { MessageBody: string }[]).map(idOf))
const idOf = ({ MessageBody }: { readonly MessageBody: string }) =>
  (JSON.parse(MessageBody) as { id: string }).id

function setUp(answer?: Answer) {
  const { client, queueUrl, messages } = queues.createQueue()
  const calls = interceptCalls(client, answer)
  return { queue: new SqsEventQueue({ client, queueUrl }), messages, calls }
}

interface Entry {
  readonly Id: string
  readonly MessageBody: string
}

/** SQS as it is on a bad day: it takes the whole batch but for these events. */
const refusing =
  (...ids: readonly string[]): Answer =>
  async ({ input }) => {
    const entries = input['Entries'] as Entry[]
    const failed = entries.filter((entry) => ids.includes(idOf(entry)))
    return {
      Successful: entries.filter((entry) => !failed.includes(entry)),
      Failed: failed.map(({ Id }) => ({
        Id,
        Code: 'InternalError',
        Message: 'try later',
        SenderFault: false,
      })),
    }
  }

describe('sending', () => {
  it('puts events into the queue as they are, in the order given, grouped by their first recipient', async () => {
    const { queue, messages } = setUp()
    const events = [
      sampleEvent('e-1', ['ann', 'bob']),
      sampleEvent('e-2', ['bob']),
      sampleEvent('e-3', ['ann']),
    ]
    expect(await queue.send(events)).toEqual([undefined, undefined, undefined])
    expect(messages().map(({ body, messageGroupId }) => [body, messageGroupId])).toEqual([
      [events[0]!.text, 'ann'],
      [events[1]!.text, 'bob'],
      [events[2]!.text, 'ann'],
    ])
  })

  it('takes ten to a call, one call after the other', async () => {
    let underWay = 0
    const { queue, messages, calls } = setUp(async (_, proceed) => {
      expect(++underWay).toBe(1)
      return proceed().finally(() => underWay--)
    })
    const ids = range(23).map((i) => `e-${i}`)
    await queue.send(ids.map((id) => sampleEvent(id, ['ann'])))
    expect(batchesOf(calls)).toEqual([ids.slice(0, 10), ids.slice(10, 20), ids.slice(20)])
    expect(messages()).toHaveLength(23)
  })

  it('takes no more than a mebibyte to a call, in bytes of UTF-8', async () => {
    const { queue, messages, calls } = setUp()
    const body = 'é'.repeat(59_000)
    const events = range(10).map((i) =>
      parseEvent(`{"type":"T","id":"e-${i}","trainerId":"ann","body":"${body}"}`),
    )
    expect(new Set(await queue.send(events))).toEqual(new Set([undefined]))
    expect(batchesOf(calls).map(({ length }) => length)).toEqual([8, 2])
    expect(messages()).toHaveLength(10)
  })

  it('makes no call for nothing', async () => {
    const { queue, calls } = setUp()
    expect(await queue.send([])).toEqual([])
    expect(calls).toEqual([])
  })

  it('takes users and events whatever they are called, and whatever is in them', async () => {
    const { queue, messages } = setUp()
    const events = [
      // No emoji: fauxqs takes half of one for half a character, and refuses it; SQS takes it.
      sampleEvent('é', ['\uffff'.repeat(128)]),
      parseEvent('{"type":"T","id":"\ufffe","trainerId":"a b"}'),
    ]
    expect(await queue.send(events)).toEqual([undefined, undefined])
    for (const { messageGroupId, messageDeduplicationId } of messages()) {
      expect(messageGroupId).toMatch(/^[0-9a-f]{64}$/)
      expect(messageDeduplicationId).toMatch(/^[0-9a-f]{64}$/)
    }
    expect(parseEvent(messages()[1]!.body)).toMatchObject({ id: '\ufffe', digest: events[1]!.digest })
  })

  it('refuses what would be too large for the consumer, while somebody is there to be told', async () => {
    const { queue, messages } = setUp()
    const large = parseEvent(`{"type":"T","id":"e-1","trainerId":"ann","body":"${'\uffff'.repeat(40_000)}"}`)
    const answers = await queue.send([large, sampleEvent('e-2', ['ann'])])
    expect(answers[0]).toMatchObject({
      code: 'event_too_large',
      facts: { limit: LIMITS.eventBytes, actual: expect.any(Number) as number },
    })
    expect(answers[1]).toBeUndefined()
    expect(messages()).toHaveLength(1)
  })
})

describe('de-duplication', () => {
  it('drops an event that was sent before', async () => {
    const { queue, messages } = setUp()
    for (const _ of range(2)) expect(await queue.send([sampleEvent('e-1', ['ann'])])).toEqual([undefined])
    expect(messages()).toHaveLength(1)
  })

  it('does not swallow another event of the same id: the consumer must see it, to refuse it', async () => {
    const { queue, messages } = setUp()
    await queue.send([sampleEvent('e-1', ['ann'], 'a')])
    await queue.send([sampleEvent('e-1', ['ann'], 'b')])
    expect(messages()).toHaveLength(2)
  })
})

describe('failures', () => {
  it('are told for each event by itself', async () => {
    const { queue } = setUp(refusing('e-1'))
    const answers = await queue.send(['e-0', 'e-1', 'e-2'].map((id) => sampleEvent(id, [`of-${id}`])))
    expect(answers.map((answer) => answer?.message)).toEqual([
      undefined,
      'the queue did not take event e-1: InternalError: try later',
      undefined,
    ])
  })

  it('keep back what comes later in their group, and nothing else', async () => {
    const { queue, calls } = setUp(refusing('e-3'))
    // e-3, e-13 and e-23 are ann's, the others bob's.
    const events = range(30).map((i) => sampleEvent(`e-${i}`, [i % 10 === 3 ? 'ann' : 'bob']))
    const answers = await queue.send(events)
    expect(answers.flatMap((answer, i) => (answer === undefined ? [] : [i]))).toEqual([3, 13, 23])
    expect(answers[23]?.message).toContain('event e-23 was not sent')
    expect(batchesOf(calls).flat()).toHaveLength(28)
  })

  it('of a whole call are those of all its events, and of their groups', async () => {
    let first = true
    const { queue, messages } = setUp(async (_, proceed) => {
      if (!first) return proceed()
      first = false
      throw new Error('down')
    })
    const events = range(12).map((i) => sampleEvent(`e-${i}`, [i === 11 ? 'bob' : 'ann']))
    const answers = await queue.send(events)
    expect(answers.slice(0, 10).map((answer) => answer?.message)).toEqual(range(10).map(() => 'down'))
    expect(answers[10]?.message).toContain('not sent')
    expect(answers[11]).toBeUndefined()
    expect(messages().map(({ messageGroupId }) => messageGroupId)).toEqual(['bob'])
  })

  it('are assumed of an event that the answer does not speak of', async () => {
    const { queue } = setUp(async () => ({}))
    const [answer] = await queue.send([sampleEvent('e-1', ['ann'])])
    expect(answer?.message).toContain('neither list')
  })
})
