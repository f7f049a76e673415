import { describe, expect, it } from 'vitest'
import { failedMessages, invocableParts, sqsEvent } from '../../../src/template-runner/queue/sqs-event.ts'

const message = (id: string) => ({ MessageId: id, ReceiptHandle: id, Body: '', MD5OfBody: '' })
const batch = ['a', 'b', 'c'].map(message)

/** Source: Lambda developer guide, page services-sqs-errorhandling. */
describe('failedMessages', () => {
  it.each<[string, unknown, string[] | undefined]>([
    ['null: all succeeded', null, []],
    ['an empty object', {}, []],
    ['an empty list', { batchItemFailures: [] }, []],
    ['no list', { batchItemFailures: null }, []],
    ['some', { batchItemFailures: [{ itemIdentifier: 'b' }, { itemIdentifier: 'c' }] }, ['b', 'c']],
    ['an unknown id: all failed', { batchItemFailures: [{ itemIdentifier: 'x' }] }, undefined],
    ['an empty id', { batchItemFailures: [{ itemIdentifier: '' }] }, undefined],
    ['a null id', { batchItemFailures: [{ itemIdentifier: null }] }, undefined],
    ['a wrong key', { batchItemFailures: [{ id: 'a' }] }, undefined],
    ['something else than a list', { batchItemFailures: 'a' }, undefined],
  ])('%s', (_name, result, expected) => {
    const failed = failedMessages(result, batch)
    expect(failed && [...failed]).toEqual(expected)
  })
})

describe('invocableParts', () => {
  const [arn, region] = ['arn:aws:sqs:us-east-1:000000000000:queue', 'us-east-1']
  const bytesOf = (messages: readonly ReturnType<typeof message>[]): number =>
    JSON.stringify(sqsEvent(messages, arn, region)).length
  const large = (id: string, bytes: number) => ({ ...message(id), Body: 'x'.repeat(bytes) })
  const idsIn = (messages: readonly ReturnType<typeof message>[], maxBytes: number): string[] =>
    invocableParts(messages, arn, region, maxBytes).map((part) =>
      part.map(({ MessageId }) => MessageId).join(),
    )

  it('leaves a batch whole that fits', () => {
    expect(idsIn(batch, 3 * bytesOf([batch[0]!]))).toEqual(['a,b,c'])
    expect(idsIn([], 10)).toEqual([])
  })

  it('cuts a batch that does not, in its order, into events that do', () => {
    const messages = ['a', 'b', 'c', 'd', 'e'].map((id) => large(id, 1000))
    const maxBytes = 2 * bytesOf([messages[0]!]) + 10
    const parts = invocableParts(messages, arn, region, maxBytes)
    expect(idsIn(messages, maxBytes)).toEqual(['a,b', 'c,d', 'e'])
    for (const part of parts) expect(bytesOf([...part] as typeof messages)).toBeLessThanOrEqual(maxBytes)
  })

  it('leaves a message alone that is too large by itself', () => {
    expect(idsIn([large('a', 10), large('b', 5000), large('c', 10)], 2000)).toEqual(['a', 'b', 'c'])
  })
})
