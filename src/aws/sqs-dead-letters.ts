import { type MessageAttributeValue, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { digestOf } from '../core/ids.ts'
import type { DeadLetter, DeadLetterReason, DeadLetters } from '../core/ports.ts'
import { groupOf, jsonForQueue, plainForQueue } from './sqs-text.ts'

export interface SqsDeadLettersOptions {
  readonly client: SQSClient
  /** Of a FIFO queue. */
  readonly queueUrl: string
}

/** Of a reason's text. It counts towards the message's 1 MiB, and a path can be as long as the keys of an event. */
const MOST = 1000

/**
 * `DeadLetters` on SQS FIFO: the message as it came, so that it can be sent back once the cause is mended, and why it is
 * here in the attributes `code`, `message` and `path`.
 */
export class SqsDeadLetters implements DeadLetters {
  readonly #client: SQSClient
  readonly #queueUrl: string

  constructor({ client, queueUrl }: SqsDeadLettersOptions) {
    this.#client = client
    this.#queueUrl = queueUrl
  }

  async put({ text, group, messageId = '' }: DeadLetter, reason: DeadLetterReason): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({
        QueueUrl: this.#queueUrl,
        MessageBody: jsonForQueue(text),
        MessageGroupId: groupOf(group),
        // The same message for the same reason is a redelivery: the first put was not followed by a delete. Not the text
        // alone: one that somebody took out and sent again within five minutes would be dropped here, and be nowhere.
        MessageDeduplicationId: digestOf([text, reason.code, group, messageId]),
        MessageAttributes: attributesOf(reason),
      }),
    )
  }
}

function attributesOf({ code, message, path }: DeadLetterReason): Record<string, MessageAttributeValue> {
  const texts = { code, message, path }
  return Object.fromEntries(
    Object.entries(texts)
      // An empty path is the whole event; SQS takes no empty values.
      .filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
      .map(([name, text]) => [name, { DataType: 'String', StringValue: plainForQueue(text, MOST) }]),
  )
}
