import { describe, expect, it } from 'vitest'
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { SqsRedelivery } from '../../src/aws/sqs-redelivery.ts'
import { RecordingLogger } from '../support/fakes.ts'
import { interceptCalls } from './calls.ts'
import { useQueues } from './queues.ts'

const queues = useQueues()

function setUp() {
  const { client, queueUrl } = queues.createQueue()
  const logger = new RecordingLogger()
  return { client, queueUrl, logger, redelivery: new SqsRedelivery({ client, queueUrl, logger }) }
}

describe('redelivery', () => {
  it('sets when a message comes back', async () => {
    const { client, queueUrl, logger, redelivery } = setUp()
    await client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: '{}',
        MessageGroupId: 'ann',
        MessageDeduplicationId: 'd',
      }),
    )
    const receive = async () => {
      const { Messages: messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, VisibilityTimeout: 3600 }),
      )
      return messages[0]?.ReceiptHandle
    }
    const receiptHandle = await receive()
    expect(await receive()).toBeUndefined()
    await redelivery.schedule([{ receiptHandle: receiptHandle!, seconds: 0 }])
    expect(await receive()).toBeDefined()
    expect(logger.lines).toEqual([])
  })

  it('takes one call for all, and none for none', async () => {
    const { client, redelivery } = setUp()
    const calls = interceptCalls(client, async () => Promise.resolve({}))
    await redelivery.schedule(['a', 'b'].map((receiptHandle) => ({ receiptHandle, seconds: 2 })))
    expect(calls.map(({ input }) => input['Entries'])).toEqual([
      [
        { Id: '0', ReceiptHandle: 'a', VisibilityTimeout: 2 },
        { Id: '1', ReceiptHandle: 'b', VisibilityTimeout: 2 },
      ],
    ])
    await redelivery.schedule([])
    expect(calls).toHaveLength(1)
  })

  it('says what it could not set, and goes on', async () => {
    const { logger, redelivery } = setUp()
    await redelivery.schedule([{ receiptHandle: 'of nobody', seconds: 2 }])
    expect(logger.lines).toMatchObject([{ level: 'warn' }])
    expect(logger.text()).toContain('ReceiptHandleIsInvalid')
  })

  it('survives a queue that cannot be reached', async () => {
    const { client, logger, redelivery } = setUp()
    interceptCalls(client, async () => Promise.reject(new Error('no route to SQS')))
    await redelivery.schedule([{ receiptHandle: 'r', seconds: 2 }])
    expect(logger.text()).toContain('no route to SQS')
  })
})
