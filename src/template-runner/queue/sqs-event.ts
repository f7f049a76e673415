import { type JsonObject, isObject } from '../json.ts'

/** A message as ReceiveMessage gives it. */
export interface ReceivedMessage {
  readonly MessageId: string
  readonly ReceiptHandle: string
  readonly Body: string
  readonly MD5OfBody: string
  readonly MD5OfMessageAttributes?: string
  readonly Attributes?: Readonly<Record<string, string>>
  readonly MessageAttributes?: JsonObject
}

/** What a function gets of a batch. Source: Lambda developer guide, page with-sqs. */
export function sqsEvent(messages: readonly ReceivedMessage[], queueArn: string, region: string): object {
  return {
    Records: messages.map((message) => ({
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes ?? {},
      messageAttributes: attributesOf(message.MessageAttributes ?? {}),
      md5OfBody: message.MD5OfBody,
      ...(message.MD5OfMessageAttributes !== undefined && {
        md5OfMessageAttributes: message.MD5OfMessageAttributes,
      }),
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion: region,
    })),
  }
}

/**
 * A batch in parts of which each fits into one invocation, in its order; a message that is too large by itself is a part.
 * Source: Lambda developer guide, page with-sqs: the poller invokes when the payload reaches 6 MB.
 *
 * @param maxBytes of the whole event as JSON
 */
export function invocableParts(
  messages: readonly ReceivedMessage[],
  queueArn: string,
  region: string,
  maxBytes: number,
): readonly (readonly ReceivedMessage[])[] {
  const parts: ReceivedMessage[][] = []
  let bytes = 0
  for (const message of messages) {
    // Of each message the whole event around it, which is a little more than it takes in the batch.
    const size = Buffer.byteLength(JSON.stringify(sqsEvent([message], queueArn, region)))
    const current = parts.at(-1)
    if (current && bytes + size <= maxBytes) {
      current.push(message)
      bytes += size
    } else {
      parts.push([message])
      bytes = size
    }
  }
  return parts
}

function attributesOf(attributes: JsonObject): object {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => {
      const { StringValue: text, BinaryValue: binary, DataType: type } = isObject(value) ? value : {}
      const lists = { stringListValues: [], binaryListValues: [] }
      return [
        name,
        {
          ...(text !== undefined && { stringValue: text }),
          ...(binary !== undefined && { binaryValue: binary }),
          ...lists,
          dataType: type,
        },
      ]
    }),
  )
}

/**
 * Which messages failed, by what a function with ReportBatchItemFailures returned; undefined when all did, for the answer
 * makes no sense. Source: Lambda developer guide, page services-sqs-errorhandling.
 */
export function failedMessages(
  result: unknown,
  messages: readonly ReceivedMessage[],
): ReadonlySet<string> | undefined {
  if (!isObject(result)) return new Set()
  const failures = result['batchItemFailures'] ?? []
  if (!Array.isArray(failures)) return undefined
  const ids = failures.map((failure: unknown) => (isObject(failure) ? failure['itemIdentifier'] : undefined))
  const known = new Set<unknown>(messages.map(({ MessageId: id }) => id))
  return ids.every((id) => known.has(id)) ? new Set(ids.map(String)) : undefined
}
