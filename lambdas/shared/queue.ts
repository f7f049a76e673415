/** Between SQS's event source (with `ReportBatchItemFailures`) and the core. */
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'

export type QueueRecord = SQSRecord
export type QueueResult = SQSBatchResponse

/**
 * Whether this came from the event source. A business event may have a field `Records`, too, but it has a `type` beside
 * it: a batch has nothing else.
 */
export function isQueueBatch(event: unknown): event is SQSEvent {
  if (typeof event !== 'object' || event === null || Object.keys(event).join() !== 'Records') return false
  const { Records: records } = event as { readonly Records: unknown }
  return Array.isArray(records) && records.length > 0 && records.every(isQueueRecord)
}

function isQueueRecord(record: unknown): boolean {
  if (typeof record !== 'object' || record === null) return false
  const { eventSource, messageId, body } = record as Partial<SQSRecord>
  return eventSource === 'aws:sqs' && typeof messageId === 'string' && typeof body === 'string'
}

/** Order holds within a group. A message without one, of a queue that is not FIFO, is a group by itself. */
export function groupOf({ attributes, messageId }: QueueRecord): string {
  return attributes.MessageGroupId ?? messageId
}

/** How often a message was received, this time included. */
export function receivesOf({ attributes }: QueueRecord): number {
  return Math.max(1, Number(attributes.ApproximateReceiveCount) || 1)
}
