import fc from 'fast-check'
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

function setUp(answer?: Answer, options: { readonly strict?: boolean } = {}) {
  const { client, queueUrl, messages } = queues.createQueue()
  const calls = interceptCalls(client, answer)
  return { queue: new SqsEventQueue({ client, queueUrl, ...options }), messages, calls }
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

describe('strictly', () => {
  const STRICT = { strict: true }
  const groupsOf = ({ input }: Call) =>
    (input['Entries'] as { MessageGroupId: string }[]).map(({ MessageGroupId }) => MessageGroupId)

  it('no two of a group are in one batch, and the order is that of the events', async () => {
    const { queue, calls, messages } = setUp(undefined, STRICT)
    const users = ['ann', 'ann', 'bob', 'cem', 'ann', 'bob', 'dan']
    const events = users.map((user, i) => sampleEvent(`e-${i}`, [user]))
    expect(await queue.send(events)).toEqual(users.map(() => undefined))
    expect(batchesOf(calls)).toEqual([['e-0'], ['e-1', 'e-2', 'e-3'], ['e-4', 'e-5', 'e-6']])
    expect(messages().map(({ body }) => body)).toEqual(events.map(({ text }) => text))
  })

  it('ten of different groups are still one batch, and eleven are two', async () => {
    const { queue, calls } = setUp(undefined, STRICT)
    await queue.send(range(11).map((i) => sampleEvent(`e-${i}`, [`u-${i}`])))
    expect(calls.map((call) => groupsOf(call).length)).toEqual([10, 1])
  })

  it('a batch is no larger than a mebibyte all the same', async () => {
    const { queue, calls } = setUp(undefined, STRICT)
    const body = 'é'.repeat(59_000)
    await queue.send(
      range(10).map((i) => parseEvent(`{"type":"T","id":"e-${i}","trainerId":"u-${i}","body":"${body}"}`)),
    )
    expect(batchesOf(calls).map(({ length }) => length)).toEqual([8, 2])
  })

  it('an event is not taken after an earlier one of its group that was not', async () => {
    const { queue, messages, calls } = setUp(async (call, proceed) => {
      const answer = (await proceed()) as object
      return batchesOf([call])[0]!.includes('e-1') ? refusing('e-1')(call, proceed) : answer
    }, STRICT)
    const events = range(8).map((i) => sampleEvent(`e-${i}`, [i % 2 === 1 ? 'ann' : 'bob']))
    const answers = await queue.send(events)
    expect(answers.flatMap((answer, i) => (answer === undefined ? [] : [i]))).toEqual([1, 3, 5, 7])
    expect(answers[1]?.message).toContain('try later')
    expect(answers[7]?.message).toContain('event e-7 was not sent')
    // e-1 itself may be there: SQS only did not say so.
    const sent = calls.flatMap((call) => batchesOf([call])[0]!)
    expect(sent).toEqual(['e-0', 'e-1', 'e-2', 'e-4', 'e-6'])
    expect(messages().map(({ messageGroupId }) => messageGroupId)).not.toContain('e-3')
  })

  it('whatever SQS takes of each batch, what it has of a group is in order and without a hole', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('ann', 'bob', 'cem'), { maxLength: 30 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 5 })),
        async (users, dice) => {
          const taken: string[] = []
          const { queue, calls } = setUp(async ({ input }) => {
            const entries = input['Entries'] as Entry[]
            const isRefused = entries.map(() => dice.next().value === 0)
            taken.push(...entries.filter((_, i) => isRefused[i] === false).map(idOf))
            return {
              Successful: entries.filter((_, i) => isRefused[i] === false),
              Failed: entries.flatMap(({ Id }, i) =>
                isRefused[i] === true ? [{ Id, Code: 'InternalError', SenderFault: false }] : [],
              ),
            }
          }, STRICT)
          const events = users.map((user, i) => sampleEvent(`e-${i}`, [user]))
          const answers = await queue.send(events)
          for (const call of calls) expect(new Set(groupsOf(call)).size).toBe(groupsOf(call).length)
          for (const user of users) {
            const ofUser = events.filter(({ recipients }) => recipients[0]!.userId === user)
            const there = ofUser.filter(({ id }) => taken.includes(id))
            expect(there).toEqual(ofUser.slice(0, there.length))
          }
          expect(events.filter((_, i) => answers[i] === undefined).map(({ id }) => id)).toEqual(
            events.filter(({ id }) => taken.includes(id)).map(({ id }) => id),
          )
        },
      ),
      { numRuns: 50 },
    )
  })
})
