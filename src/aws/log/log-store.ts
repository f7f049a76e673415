/**
 * The handful of store operations that the log is written against. `DynamoLogStore` implements them on DynamoDB; the
 * model in `test/aws/log` implements them in memory, with stale reads, expiry, crashes and any interleaving.
 */
import type { LogEntry, Receipt, ReceiptRecipient } from '../../core/ports.ts'

export interface StoredEntry extends LogEntry {
  readonly eventId: string
  /**
   * From then on the entry may vanish, or stay for days: seconds since 1970, as DynamoDB's TTL has it. It never falls from
   * one entry of a log to the next, so while an entry is not due, neither are those above it.
   */
  readonly ttl: number
}

/**
 * What stands about a log as a whole, and never expires: without it a log whose entries have all gone would give its
 * offsets a second time.
 */
export interface Head {
  /** Where the log starts, or starts again: every entry from here on was put by a writer that knew this. */
  readonly base: number
  /** When this was written, in milliseconds since 1970. */
  readonly at: number
  /** How long entries lived in the writer's eyes, in milliseconds. */
  readonly lifeMs: number
  /** A writer has started here, so there may be entries, or have been. Until then there are none. */
  readonly used: boolean
  /** The highest offset before `base`, where it is known for sure: whoever has seen it has missed nothing. */
  readonly prev?: number
}

/** The end of a log: its highest entry, or what stands in its place. */
export interface Tail {
  readonly entry?: StoredEntry
  /** Only where there is no entry. */
  readonly head?: Head
}

/** A receipt whose event is on its way into the logs: nothing with its id is at or below a recipient's `basis`. */
export interface Intent {
  readonly eventId: string
  readonly type: string
  readonly digest: string
  readonly acceptedAt: number
  /** When the receipt ends, in seconds since 1970. */
  readonly ttl: number
  readonly recipients: readonly (Pick<ReceiptRecipient, 'userId' | 'field'> & { readonly basis: number })[]
}

export type StoredReceipt =
  | { readonly state: 'accepted'; readonly intent: Intent }
  | { readonly state: 'logged'; readonly receipt: Receipt; readonly ttl: number }

export interface RangeQuery {
  /** The lowest offset, at least 1. */
  readonly from?: number
  /** The highest offset. */
  readonly to?: number
  readonly descending?: boolean
  /** A page may have fewer entries and yet not be the last. */
  readonly limit?: number
}

export interface EntryPage {
  readonly entries: readonly StoredEntry[]
  /** There may be more beyond the last entry. */
  readonly more: boolean
}

/** Reads are consistent unless said otherwise. Every call has a deadline, and rejects when it is over. */
export interface LogStore {
  tail(userId: string, consistency: 'eventual' | 'consistent'): Promise<Tail>
  range(userId: string, query: RangeQuery): Promise<EntryPage>
  /** Puts an entry if there is none at its offset; tells whether it did. */
  putEntry(userId: string, entry: StoredEntry): Promise<boolean>
  head(userId: string): Promise<Head | undefined>
  /** Puts the head if what is there is still what was read: `replaces`, or nothing. Tells whether it did. */
  putHead(userId: string, head: Head, replaces: Head | undefined): Promise<boolean>
  receipt(eventId: string): Promise<StoredReceipt | undefined>
  /** Puts the intent if there is no receipt of the event, or one that was over at `now`. Tells whether it did. */
  begin(intent: Intent, now: number): Promise<boolean>
  /** Writes each receipt as it is given, with the TTL beside it, over whatever is there. */
  complete(receipts: readonly { readonly receipt: Receipt; readonly ttl: number }[]): Promise<void>
}
