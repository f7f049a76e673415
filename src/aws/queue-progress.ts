import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Clock } from '../core/ports.ts'

export interface QueueProgressOptions {
  readonly client: DynamoDBDocumentClient
  /** The connections' table: partition key `pk`, sort key `sk` (both strings). */
  readonly table: string
  readonly clock: Clock
}

interface Marks {
  /** When the consumer last got on with the queue, to within `MARK_MS`. Milliseconds since 1970. */
  readonly consumedAt?: number
  /** When a check first found messages in the queue, of those after which it never found none. Milliseconds since 1970. */
  readonly waitingSince?: number
}

/** How often one instance of the consumer writes that it has got on: a write for each batch would be paid for with every event. */
const MARK_MS = 60_000

/** For how long SQS may go on counting what is done with, in milliseconds. */
const LATE_MS = 60_000

const KEY = { pk: 'health', sk: 'queue' }

/**
 * Whether the queue's consumer gets on. SQS tells how many messages there are, not since when, and a burst after a quiet
 * night looks the same as a consumer that is switched off. So the consumer leaves a mark when it has got on, and whoever
 * checks leaves one when there are messages: stuck is what has been there for long with no mark of the consumer since.
 *
 * One group that is blocked while others get on is not found here: its messages end among the dead letters, which have
 * a count, and an alarm, of their own.
 */
export class QueueProgress {
  readonly #options: QueueProgressOptions
  #markedAt = Number.NEGATIVE_INFINITY

  constructor(options: QueueProgressOptions) {
    this.#options = options
  }

  /** The consumer has done with a message. At most one write in `MARK_MS`. */
  async consumed(): Promise<void> {
    const now = this.#options.clock.now()
    if (now - this.#markedAt < MARK_MS) return
    this.#markedAt = now
    await this.#set('consumedAt', now)
  }

  /**
   * For how long messages have been in the queue while the consumer did not get on, in milliseconds: 0 if there is none,
   * and if this is the first check that finds any.
   *
   * @param present how many are there now: those in flight as well, for so count those that failed and are put off
   */
  async stuckFor(present: number): Promise<number> {
    const now = this.#options.clock.now()
    const { consumedAt, waitingSince } = await this.#marks()
    if (present === 0) {
      if (waitingSince !== undefined) await this.#forgetWaiting()
      return 0
    }
    // After a mark the consumer may have got on for a while without another, and for a while SQS counts what is gone: those
    // that were found may be done with, these be others.
    const hasMoved =
      waitingSince !== undefined && consumedAt !== undefined && consumedAt + MARK_MS + LATE_MS >= waitingSince
    if (waitingSince !== undefined && !hasMoved) return now - waitingSince
    await this.#set('waitingSince', now)
    return 0
  }

  async #marks(): Promise<Marks> {
    const { client, table: TableName } = this.#options
    return (await client.send(new GetCommand({ TableName, Key: KEY, ConsistentRead: true }))).Item ?? {}
  }

  async #set(mark: keyof Marks, at: number): Promise<void> {
    const { client, table: TableName } = this.#options
    const command = new UpdateCommand({
      TableName,
      Key: KEY,
      UpdateExpression: 'SET #mark = :at',
      ExpressionAttributeNames: { '#mark': mark },
      ExpressionAttributeValues: { ':at': at },
    })
    await client.send(command)
  }

  async #forgetWaiting(): Promise<void> {
    const { client, table: TableName } = this.#options
    const UpdateExpression = 'REMOVE waitingSince'
    await client.send(new UpdateCommand({ TableName, Key: KEY, UpdateExpression }))
  }
}
