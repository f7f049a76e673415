import { describe, expect, it } from 'vitest'
import { SqsDeadLetters } from '../../src/aws/sqs-dead-letters.ts'
import { interceptCalls } from './calls.ts'
import { useQueues } from './queues.ts'

const queues = useQueues()

function setUp() {
  const { client, queueUrl, messages } = queues.createQueue()
  return { client, messages, deadLetters: new SqsDeadLetters({ client, queueUrl }) }
}

const text = (StringValue: string) => ({ DataType: 'String', StringValue })

describe('a dead letter', () => {
  it('is the message as it came, with the reason beside it', async () => {
    const { deadLetters, messages } = setUp()
    const reason = { code: 'invalid_event', message: 'type must be a string', path: '/type' } as const
    await deadLetters.put({ text: '{ "id": 5', group: 'ann' }, reason)
    expect(messages()).toMatchObject([
      {
        body: '{ "id": 5',
        messageGroupId: 'ann',
        messageAttributes: {
          code: text('invalid_event'),
          message: text('type must be a string'),
          path: text('/type'),
        },
      },
    ])
  })

  it('has a path only if there is one to tell', async () => {
    const { deadLetters, messages } = setUp()
    await deadLetters.put(
      { text: '5', group: 'ann' },
      { code: 'invalid_event', message: 'not an object', path: '' },
    )
    await deadLetters.put({ text: '{', group: 'ann' }, { code: 'malformed_json', message: 'not JSON' })
    expect(messages().map(({ messageAttributes }) => Object.keys(messageAttributes))).toEqual([
      ['code', 'message'],
      ['code', 'message'],
    ])
  })

  it('may have a reason of any characters and any length', async () => {
    const { deadLetters, messages } = setUp()
    const message = `unexpected \0 and ${'x'.repeat(2000)}`
    await deadLetters.put(
      { text: '"\uffff"', group: 'ä '.repeat(64) },
      { code: 'malformed_json', message, path: '/\u0001' },
    )
    const [letter] = messages()
    const valueOf = (name: string) => letter?.messageAttributes[name]?.StringValue
    expect(valueOf('message')).toMatch(/^unexpected \ufffd and x+$/)
    expect(valueOf('message')).toHaveLength(1000)
    expect(valueOf('path')).toBe('/\ufffd')
    expect(JSON.parse(letter?.body ?? '')).toBe('\uffff')
  })

  it('is there again where the same text came as another message, as it does when it was sent back', async () => {
    const { deadLetters, messages } = setUp()
    const reason = { code: 'invalid_event', message: 'x' } as const
    for (const messageId of ['m-1', 'm-1', 'm-2']) {
      await deadLetters.put({ text: '{}', group: 'ann', messageId }, reason)
    }
    expect(messages()).toHaveLength(2)
  })

  it('is there once, though it was put twice, and once more for another reason or in another group', async () => {
    const { deadLetters, messages } = setUp()
    const reason = { code: 'id_conflict', message: 'this id belongs to another event' } as const
    for (const group of ['ann', 'ann', 'bob']) await deadLetters.put({ text: '{}', group }, reason)
    await deadLetters.put({ text: '{}', group: 'ann' }, { ...reason, code: 'invalid_event' })
    expect(messages()).toHaveLength(3)
  })

  it('that cannot be put away is not forgotten', async () => {
    const { deadLetters, client } = setUp()
    interceptCalls(client, async () => Promise.reject(new Error('down')))
    await expect(
      deadLetters.put({ text: '{}', group: 'ann' }, { code: 'invalid_event', message: 'x' }),
    ).rejects.toThrow('down')
  })
})
