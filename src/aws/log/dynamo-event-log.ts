import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { AcceptedEvent } from '../../core/event.ts'
import type {
  Appended,
  BegunReceipt,
  Clock,
  EventLog,
  LogEnd,
  LogPage,
  PageLimits,
  Receipt,
} from '../../core/ports.ts'
import { Appender, type KnownStarts } from './appender.ts'
import { backoff, pause } from './backoff.ts'
import { DynamoLogStore } from './dynamo-log-store.ts'
import { LogLife } from './log-life.ts'
import { LogReader } from './log-reader.ts'
import type { LogStore } from './log-store.ts'
import { Turns } from './turns.ts'

export interface DynamoEventLogOptions {
  readonly client: DynamoDBDocumentClient
  /** The log's table: partition key `pk` (a string), sort key `sk` (a number), TTL attribute `ttl`. */
  readonly table: string
  readonly clock: Clock
  /** How long readers see an event, in milliseconds. */
  readonly retentionMs: number
}

/** How long one event may contend for an offset: less than any function that publishes may run. In milliseconds. */
const PATIENCE_MS = 20_000

/** `EventLog` on DynamoDB: a compare-and-swap append, made resumable by the receipt. See docs/decisions/0008. */
export class DynamoEventLog implements EventLog {
  readonly #store: LogStore
  readonly #life: LogLife
  readonly #appender: Appender
  readonly #reader: LogReader

  constructor({ client, table, clock, retentionMs }: DynamoEventLogOptions) {
    const store = new DynamoLogStore(client, table)
    const life = new LogLife({ clock, retentionMs })
    const wait = async (attempt: number) => pause(backoff(attempt))
    this.#store = store
    this.#life = life
    this.#appender = new Appender({ store, life, wait, patienceMs: PATIENCE_MS })
    this.#reader = new LogReader(store, life)
  }

  async append(events: readonly AcceptedEvent[]): Promise<readonly Appended[]> {
    return appendInOrder(this.#appender, events)
  }

  async complete(receipts: readonly Receipt[]): Promise<void> {
    await this.#store.complete(
      receipts.map((receipt) => ({ receipt, ttl: this.#life.ttlOfCompleted(receipt) })),
    )
  }

  async receipt(eventId: string): Promise<Receipt | BegunReceipt | undefined> {
    const stored = await this.#store.receipt(eventId)
    if (stored === undefined) return undefined
    const { ttl } = stored.state === 'accepted' ? stored.intent : stored
    if (this.#life.isOver(ttl)) return undefined
    return stored.state === 'logged' ? stored.receipt : this.#appender.find(stored.intent)
  }

  async head(userId: string): Promise<number> {
    return this.#reader.head(userId)
  }

  async end(userId: string): Promise<LogEnd> {
    return this.#reader.end(userId)
  }

  async after(userId: string, cursor: number, limits: PageLimits): Promise<LogPage> {
    return this.#reader.after(userId, cursor, limits)
  }

  async newest(userId: string, limits: PageLimits): Promise<LogPage> {
    return this.#reader.newest(userId, limits)
  }

  async cursorAt(
    userId: string,
    since: number,
    walk: number,
  ): Promise<{ cursor: number; complete: boolean }> {
    return this.#reader.cursorAt(userId, since, walk)
  }
}

/**
 * Appends the events of one call: those with a recipient in common one after the other, in the order given, all others at
 * the same time. Where one fails, those that come after it in a log of its recipients are not tried.
 */
export async function appendInOrder(
  appender: Appender,
  events: readonly AcceptedEvent[],
): Promise<readonly Appended[]> {
  const turns = new Turns<Appended>()
  const known: KnownStarts = new Map()
  return Promise.all(
    events.map(async (event) =>
      turns.take(
        event.recipients.map(({ userId }) => userId),
        async (before) => {
          if (before.some(({ status }) => status === 'failed'))
            return { status: 'failed', error: notTried(event.id) }
          return appender.append(event, known).catch(failed)
        },
      ),
    ),
  )
}

function failed(error: unknown): Appended {
  return { status: 'failed', error: error instanceof Error ? error : new Error(String(error)) }
}

function notTried(id: string): Error {
  return new Error(`event ${id} was not tried: one before it failed, which shares a recipient with it`)
}
