import { describe, expect, it } from 'vitest'
import { failedMessages } from '../../../src/template-runner/queue/sqs-event.ts'

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
