import type { Receipt } from '../../../src/core/ports.ts'
import type {
  EntryPage,
  Head,
  Intent,
  LogStore,
  RangeQuery,
  StoredEntry,
  StoredReceipt,
  Tail,
} from '../../../src/aws/log/log-store.ts'

/** How the world around the store is: its time, and its dice. */
export interface Nature {
  /** Milliseconds since 1970, as DynamoDB's own clock has it. */
  now(): number
  /** At least 0, less than 1. */
  random(): number
}

interface Partition {
  /** By offset, ascending. */
  entries: readonly StoredEntry[]
  head: Head | undefined
  /** What the tail was, and since when; the newest last. */
  readonly tails: { readonly since: number; readonly tail: Tail }[]
}

/** How far back a read that is only eventually consistent may look, in states of the log's end. */
const STATES = 12

/**
 * `LogStore` in memory, as nasty as DynamoDB may be. Each call takes effect at once and as a whole; what may come between
 * the calls of different workers, and what may become of a call's answer, is `Worker`'s.
 *
 * - A tail that is read "eventually consistent" is any that was within the lag, which may be hours: nothing bounds it.
 * - A page may end anywhere, and may say that there is more where there is not.
 * - What has expired goes when `expire` says so: any of it, in any order, or never.
 */
export class MemoryLogStore implements LogStore {
  readonly #nature: Nature
  readonly #logs = new Map<string, Partition>()
  readonly #receipts = new Map<string, StoredReceipt>()
  /** How old an answer of an eventually consistent read may be now, in milliseconds. */
  lagMs = 0

  constructor(nature: Nature) {
    this.#nature = nature
  }

  async tail(userId: string, consistency: 'eventual' | 'consistent'): Promise<Tail> {
    const { tails } = this.#log(userId)
    if (consistency === 'consistent') return tails.at(-1)?.tail ?? {}
    const since = this.#nature.now() - this.lagMs
    // The state before the first one inside the lag was still there when the lag began.
    const first = Math.max(
      0,
      tails.findLastIndex((one) => one.since <= since),
    )
    return tails[first + Math.floor(this.#nature.random() * (tails.length - first))]?.tail ?? {}
  }

  async range(userId: string, query: RangeQuery): Promise<EntryPage> {
    const { from = 1, to = Number.MAX_SAFE_INTEGER, descending = false, limit = Infinity } = query
    const inside = this.#log(userId).entries.filter(({ offset }) => offset >= from && offset <= to)
    const found = descending ? inside.toReversed() : inside
    const cut = this.#chance(0.2) ? 1 + Math.floor(this.#nature.random() * found.length) : found.length
    const entries = found.slice(0, Math.min(limit, cut))
    return { entries, more: entries.length < found.length || (entries.length > 0 && this.#chance(0.2)) }
  }

  async putEntry(userId: string, entry: StoredEntry): Promise<boolean> {
    const { entries } = this.#log(userId)
    const above = entries.findIndex(({ offset }) => offset >= entry.offset)
    if (entries[above]?.offset === entry.offset) return false
    this.#change(userId, { entries: entries.toSpliced(above < 0 ? entries.length : above, 0, entry) })
    return true
  }

  async head(userId: string): Promise<Head | undefined> {
    return this.#log(userId).head
  }

  async putHead(userId: string, head: Head, replaces: Head | undefined): Promise<boolean> {
    const { head: current } = this.#log(userId)
    const isStill =
      current?.base === replaces?.base && current?.at === replaces?.at && current?.used === replaces?.used
    if (isStill) this.#change(userId, { head })
    return isStill
  }

  async receipt(eventId: string): Promise<StoredReceipt | undefined> {
    return this.#receipts.get(eventId)
  }

  async begin(intent: Intent, now: number): Promise<boolean> {
    const current = this.#receipts.get(intent.eventId)
    if (current !== undefined && ttlOf(current) * 1000 >= now) return false
    this.#receipts.set(intent.eventId, { state: 'accepted', intent })
    return true
  }

  async complete(receipts: readonly { readonly receipt: Receipt; readonly ttl: number }[]): Promise<void> {
    for (const { receipt, ttl } of receipts) {
      this.#receipts.set(receipt.eventId, { state: 'logged', receipt, ttl })
    }
  }

  /** Deletes each thing that has expired with this probability. */
  expire(share: number): void {
    const isOver = (ttl: number) => ttl * 1000 <= this.#nature.now() && this.#chance(share)
    for (const [userId, { entries }] of this.#logs) {
      const left = entries.filter(({ ttl }) => !isOver(ttl))
      if (left.length < entries.length) this.#change(userId, { entries: left })
    }
    for (const [eventId, stored] of this.#receipts) if (isOver(ttlOf(stored))) this.#receipts.delete(eventId)
  }

  #chance(probability: number): boolean {
    return this.#nature.random() < probability
  }

  #log(userId: string): Partition {
    const log = this.#logs.get(userId) ?? { entries: [], head: undefined, tails: [{ since: 0, tail: {} }] }
    this.#logs.set(userId, log)
    return log
  }

  #change(userId: string, change: Partial<Pick<Partition, 'entries' | 'head'>>): void {
    const log = Object.assign(this.#log(userId), change)
    const entry = log.entries.at(-1)
    const tail: Tail = entry === undefined ? (log.head === undefined ? {} : { head: log.head }) : { entry }
    log.tails.push({ since: this.#nature.now(), tail })
    if (log.tails.length > STATES) log.tails.shift()
  }
}

function ttlOf(stored: StoredReceipt): number {
  return stored.state === 'accepted' ? stored.intent.ttl : stored.ttl
}
