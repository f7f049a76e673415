import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { FanoutError } from '../core/errors.ts'
import type { AcceptedEvent } from '../core/event.ts'
import { digestOf } from '../core/ids.ts'
import { utf8Bytes } from '../core/json-text.ts'
import { LIMITS } from '../core/limits.ts'
import type { EventQueue } from '../core/ports.ts'
import { groupOf, jsonForQueue } from './sqs-text.ts'

export interface SqsEventQueueOptions {
  readonly client: SQSClient
  /** Of a FIFO queue. */
  readonly queueUrl: string
  /**
   * No two events of a group in one batch, so that none can overtake one before it that SQS did not take. More calls, the more so the
   * fewer groups there are. @default false
   */
  readonly strict?: boolean
}

/** One SendMessageBatch (API reference): entries, and bytes of all of them together. */
const BATCH_ENTRIES = 10
const BATCH_BYTES = 1024 * 1024

interface Message {
  readonly at: number
  readonly id: string
  readonly group: string
  readonly body: string
  readonly bytes: number
  readonly deduplicationId: string
}

/**
 * `EventQueue` on SQS FIFO. A group is the events of one first recipient, and SQS keeps the order within it.
 *
 * A batch's entries can fail each by itself. What comes later in the group of one that failed is not sent any more; only
 * where both are in one batch (never if `strict`) may SQS take the later one, and then the order is that in which the caller
 * tries again.
 */
export class SqsEventQueue implements EventQueue {
  readonly #client: SQSClient
  readonly #queueUrl: string
  readonly #strict: boolean

  constructor({ client, queueUrl, strict = false }: SqsEventQueueOptions) {
    this.#client = client
    this.#queueUrl = queueUrl
    this.#strict = strict
  }

  async send(events: readonly AcceptedEvent[]): Promise<readonly (Error | undefined)[]> {
    const failures = new Map<number, Error>()
    const messages = events.map(messageOf).filter((message) => {
      const error = tooLarge(message)
      if (error !== undefined) failures.set(message.at, error)
      return error === undefined
    })
    const stuck = new Set<string>()
    // One batch after the other: of two at once, the second could arrive first.
    for (const batch of batchesOf(messages, this.#strict)) {
      const free = batch.filter(({ group }) => !stuck.has(group))
      for (const { at, id, group } of batch) if (stuck.has(group)) failures.set(at, notSent(id))
      for (const [{ at, group }, error] of await this.#sendBatch(free)) {
        failures.set(at, error)
        stuck.add(group)
      }
    }
    return events.map((_, at) => failures.get(at))
  }

  /** @returns those that the queue does not have, as far as it is known, and why */
  async #sendBatch(batch: readonly Message[]): Promise<ReadonlyMap<Message, Error>> {
    if (batch.length === 0) return new Map()
    try {
      const Entries = batch.map(entryOf)
      const answer = await this.#client.send(
        new SendMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries }),
      )
      const taken = new Set(answer.Successful?.map(({ Id }) => Id))
      const reasons = new Map(answer.Failed?.map(({ Id, Code, Message: text }) => [Id, `${Code}: ${text}`]))
      const missing = batch.filter(({ at }) => !taken.has(String(at)))
      return new Map(missing.map((message) => [message, refused(message, reasons.get(String(message.at)))]))
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error))
      return new Map(batch.map((message) => [message, reason]))
    }
  }
}

function messageOf({ id, digest, text, recipients }: AcceptedEvent, at: number): Message {
  const body = jsonForQueue(text)
  return {
    at,
    id,
    body,
    bytes: utf8Bytes(body),
    // An accepted event has a recipient.
    group: groupOf(recipients[0]?.userId ?? id),
    // Not the id alone: SQS drops a second message of one de-duplication id without a word, so another event that
    // wrongly has the same id would be lost, and nobody would know. So the consumer gets to see and refuse it.
    deduplicationId: digestOf([id, digest]),
  }
}

/** Escaped it may be more than was accepted, and the consumer would refuse it: better now, while somebody is there. */
function tooLarge({ bytes }: Message): FanoutError | undefined {
  if (bytes <= LIMITS.eventBytes) return undefined
  const detail = `the event is ${bytes} bytes with the characters escaped that a queue does not take; at most ${LIMITS.eventBytes} are allowed`
  return new FanoutError('event_too_large', detail, { limit: LIMITS.eventBytes, actual: bytes })
}

function batchesOf(messages: readonly Message[], strict: boolean): readonly (readonly Message[])[] {
  const batches: Message[][] = []
  let bytes = 0
  for (const message of messages) {
    const last = batches.at(-1)
    const hasRoom = last !== undefined && last.length < BATCH_ENTRIES && bytes + message.bytes <= BATCH_BYTES
    if (hasRoom && !(strict && last.some(({ group }) => group === message.group))) {
      last.push(message)
      bytes += message.bytes
    } else {
      batches.push([message])
      bytes = message.bytes
    }
  }
  return batches
}

function entryOf({ at, group, body, deduplicationId }: Message): SendMessageBatchRequestEntry {
  return {
    Id: String(at),
    MessageBody: body,
    MessageGroupId: group,
    MessageDeduplicationId: deduplicationId,
  }
}

function refused({ id }: Message, reason = 'it is in neither list of the answer'): Error {
  return new Error(`the queue did not take event ${id}: ${reason}`)
}

function notSent(id: string): Error {
  return new Error(`event ${id} was not sent: one before it in its group failed, and it would overtake it`)
}
