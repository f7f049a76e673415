import { FanoutError } from '../core/errors.ts'
import type { AcceptedEvent } from '../core/event.ts'
import { PageBudget } from '../core/page.ts'
import type {
  Appended,
  Clock,
  Delivery,
  EventLog,
  LogEnd,
  LogEntry,
  LogPage,
  PageLimits,
  Receipt,
  ReceiptRecipient,
} from '../core/ports.ts'
import type { Batch } from './batch.ts'
import type { GroupCommit } from './group-commit.ts'
import { entryKey, headKey, receiptKey } from './keys.ts'
import { keptSince, stamped, stampOf, textOf } from './stamped.ts'
import type { Records, Store } from './store.ts'

export interface LmdbEventLogOptions {
  readonly store: Store
  readonly writer: GroupCommit
  readonly clock: Clock
  /** How long an event is kept. */
  readonly retentionMs: number
}

/** How long a receipt is kept, which is the de-duplication window: longer than any entry that a retry could repeat. */
export function receiptLife(retentionMs: number): number {
  return 2 * retentionMs
}

/** What stands about a log as a whole. It never expires, so that an offset is never given twice. */
interface Head {
  /** The offset of the first event that the log ever had. */
  readonly base: number
  readonly head: number
  /** When the entry at `head` was logged. */
  readonly loggedAt: number
}

/**
 * `EventLog` on LMDB. A log's offsets start at the clock's milliseconds and have no holes. Entries expire oldest
 * first, whatever the clock does, since `loggedAt` never falls: what is kept of a log is always its end.
 */
export class LmdbEventLog implements EventLog {
  readonly #store: Store
  readonly #writer: GroupCommit
  readonly #clock: Clock
  readonly #retentionMs: number

  constructor(options: LmdbEventLogOptions) {
    this.#store = options.store
    this.#writer = options.writer
    this.#clock = options.clock
    this.#retentionMs = options.retentionMs
  }

  async append(events: readonly AcceptedEvent[]): Promise<readonly Appended[]> {
    return this.#writer.run((batch) => events.map((event) => this.#appendOne(batch, event)))
  }

  async complete(receipts: readonly Receipt[]): Promise<void> {
    await this.#writer.run((batch) => {
      for (const receipt of receipts) putReceipt(batch, receipt)
    })
  }

  async receipt(eventId: string): Promise<Receipt | undefined> {
    return this.#receiptIn(this.#store, eventId)
  }

  async head(userId: string): Promise<number> {
    return (await this.#log(userId)).head
  }

  async end(userId: string): Promise<LogEnd> {
    const { head } = await this.#log(userId)
    const loggedAt = this.#loggedAt(userId, head)
    return loggedAt !== undefined && loggedAt >= this.#keptSince() ? { head, loggedAt } : { head }
  }

  async after(userId: string, cursor: number, limits: PageLimits): Promise<LogPage> {
    const log = await this.#log(userId)
    if (cursor >= log.head) return { entries: [], head: log.head, more: false, gap: false }
    const next = cursor + 1
    const first = this.#isKept(userId, next) ? next : this.#firstKept(userId, log)
    const entries = this.#page(userId, first, log.head, limits)
    const last = entries.at(-1)?.offset ?? log.head
    return { entries, head: log.head, more: last < log.head, gap: next < first }
  }

  async newest(userId: string, limits: PageLimits): Promise<LogPage> {
    const log = await this.#log(userId)
    const entries = this.#page(userId, this.#firstKept(userId, log), log.head, limits, true).reverse()
    return { entries, head: log.head, more: false, gap: false }
  }

  async cursorAt(
    userId: string,
    since: number,
    walk: number,
  ): Promise<{ cursor: number; complete: boolean }> {
    const log = await this.#log(userId)
    const first = this.#firstKept(userId, log)
    const lowest = log.head - walk
    // A search by halves comes to where the walk would, in fewer steps. The entry right below the walk is looked at as well: if
    // it is older, nothing is missing.
    const cursor = this.#firstSince(userId, Math.max(first, lowest), log.head, since) - 1
    return { cursor: Math.max(cursor, lowest), complete: cursor >= lowest }
  }

  #appendOne(batch: Batch, event: AcceptedEvent): Appended {
    const earlier = this.#receiptIn(batch, event.id)
    if (earlier === undefined) return { status: 'appended', receipt: this.#write(batch, event) }
    if (earlier.digest !== event.digest) return { status: 'refused', error: idConflict(event.id) }
    return { status: earlier.state === 'logged' ? 'logged' : 'appended', receipt: earlier }
  }

  #write(batch: Batch, event: AcceptedEvent): Receipt {
    const now = this.#clock.now()
    const written = stamped(now, event.text)
    let acceptedAt = now
    const recipients = event.recipients.map(({ userId, field }): ReceiptRecipient => {
      const { head: offset, loggedAt } = this.#extend(batch, userId, now)
      // Written once, and put into the journal once, however many logs it goes into.
      batch.put(entryKey(userId, offset), loggedAt === now ? written : stamped(loggedAt, event.text))
      // After the clock stepped back, the receipt must still outlive the entries.
      acceptedAt = Math.max(acceptedAt, loggedAt)
      return { userId, field, offset, deliveries: [] }
    })
    const { id: eventId, type, digest } = event
    return putReceipt(batch, { eventId, type, digest, state: 'accepted', acceptedAt, recipients })
  }

  /** Gives out the next offset of a log, with the time that goes with it. */
  #extend(batch: Batch, userId: string, now: number): Head {
    const log = headIn(batch, userId) ?? emptyLog(now)
    return putHead(batch, userId, { ...log, head: log.head + 1, loggedAt: Math.max(now, log.loggedAt) })
  }

  /** The log's head, started if it never was. What follows synchronously reads the same snapshot. */
  async #log(userId: string): Promise<Head> {
    return headIn(this.#store, userId) ?? this.#start(userId)
  }

  #start(userId: string): Promise<Head> {
    return this.#writer.run(
      (batch) => headIn(batch, userId) ?? putHead(batch, userId, emptyLog(this.#clock.now())),
    )
  }

  #receiptIn(records: Records, eventId: string): Receipt | undefined {
    const record = records.get(receiptKey(eventId))
    if (record === undefined) return undefined
    const since = keptSince(this.#clock.now(), receiptLife(this.#retentionMs))
    return stampOf(record) < since ? undefined : receiptIn(textOf(record))
  }

  /** Entries from one offset to another, or back, as many as make a page: by their offsets, which have no holes. */
  #page(userId: string, first: number, last: number, limits: PageLimits, reverse = false): LogEntry[] {
    const budget = new PageBudget(limits)
    const entries: LogEntry[] = []
    for (let i = 0; i <= last - first; i++) {
      const entry = this.#entry(userId, reverse ? last - i : first + i)
      if (entry === undefined || !budget.admits(entry)) break
      entries.push(entry)
    }
    return entries
  }

  #entry(userId: string, offset: number): LogEntry | undefined {
    const record = this.#store.get(entryKey(userId, offset))
    return record === undefined ? undefined : { offset, loggedAt: stampOf(record), text: textOf(record) }
  }

  #keptSince(): number {
    return keptSince(this.#clock.now(), this.#retentionMs)
  }

  #isKept(userId: string, offset: number): boolean {
    const at = this.#loggedAt(userId, offset)
    return at !== undefined && at >= this.#keptSince()
  }

  /** The lowest offset that readers may still see; above the head if there is none. */
  #firstKept(userId: string, { base, head }: Head): number {
    return this.#firstSince(userId, base, head, this.#keptSince())
  }

  /** The lowest offset between `low` and `high` that was logged at or after a time; `high + 1` if none was. */
  #firstSince(userId: string, low: number, high: number, time: number): number {
    let [from, to] = [low, high]
    while (from <= to) {
      const middle = Math.floor((from + to) / 2)
      const at = this.#loggedAt(userId, middle)
      if (at !== undefined && at >= time) to = middle - 1
      else from = middle + 1
    }
    return from
  }

  #loggedAt(userId: string, offset: number): number | undefined {
    const record = this.#store.get(entryKey(userId, offset))
    return record === undefined ? undefined : stampOf(record)
  }
}

function emptyLog(now: number): Head {
  return { base: now, head: now - 1, loggedAt: 0 }
}

const NUMBER_BYTES = 8
const JSON_BEGINS = 0x7b

function headIn(records: Records, userId: string): Head | undefined {
  const record = records.get(headKey(userId))
  if (record === undefined) return undefined
  // As version 0.1 wrote it. No number that stands in a head begins with this byte.
  if (record[0] === JSON_BEGINS) return JSON.parse(record.toString()) as Head
  const number = (at: number): number => record.readDoubleBE(at * NUMBER_BYTES)
  return { base: number(0), head: number(1), loggedAt: number(2) }
}

function putHead(batch: Batch, userId: string, head: Head): Head {
  const record = Buffer.allocUnsafe(3 * NUMBER_BYTES)
  record.writeDoubleBE(head.base, 0)
  record.writeDoubleBE(head.head, NUMBER_BYTES)
  record.writeDoubleBE(head.loggedAt, 2 * NUMBER_BYTES)
  batch.put(headKey(userId), record)
  return head
}

function putReceipt(batch: Batch, receipt: Receipt): Receipt {
  batch.put(receiptKey(receipt.eventId), stamped(receipt.acceptedAt, JSON.stringify(receipt)))
  return receipt
}

/** Deliveries of an older version have no time of their own. */
function receiptIn(text: string): Receipt {
  const receipt = JSON.parse(text) as Receipt
  const timed = (deliveries: readonly Omit<Delivery, 'at'>[]): Delivery[] =>
    deliveries.map((delivery) => ({ at: receipt.acceptedAt, ...delivery }))
  const recipients = receipt.recipients.map((recipient) => {
    return { ...recipient, deliveries: timed(recipient.deliveries) }
  })
  return { ...receipt, recipients }
}

function idConflict(id: string): FanoutError {
  const name = JSON.stringify(id)
  const detail = `the id ${name} belongs to an event with other content; give this one an id of its own`
  return new FanoutError('id_conflict', detail, { path: '/id' })
}
