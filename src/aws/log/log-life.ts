import type { Clock, Receipt } from '../../core/ports.ts'
import type { Head, Intent, StoredEntry } from './log-store.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/**
 * Entries stay this much longer than readers see them (at most as long again). As long as a log's last entry is certainly
 * there, everybody knows where the log ends: it goes on from there, and who had seen all is not told `truncated`.
 */
const GRACE_MS = 7 * DAY

/** From here on, before the last entry may vanish, the head takes over as the log's memory. */
const RENEW_MS = 60 * MINUTE
/**
 * From here on a log whose last entry is about to vanish starts again above the clock. Between the two, writers on either side
 * of a boundary still collide on one offset: one try at a publish, and the clocks of two machines, differ by far less.
 */
const RESTART_MS = 30 * MINUTE

/** The clocks of two machines, and DynamoDB's, differ by far less. */
const CLOCKS_DIFFER_MS = MINUTE

/** The retention may be changed by a deployment, while functions of the one before are still under way. */
const SHORTEST_RETENTION_MS = DAY

/** What a writer does about the end of a log: see `LogStarts`. */
export type Phase = 'continues' | 'renews' | 'restarts'

export interface LifeOptions {
  readonly clock: Clock
  /** How long readers see an event. At least a day, except in tests. */
  readonly retentionMs: number
}

/** How long things of a log live, and how a writer goes on from what is left of it. */
export class LogLife {
  readonly retentionMs: number
  /** How long an entry is certainly there. */
  readonly lifeMs: number
  /** How long what a worker of any deployment puts now is certainly there. */
  readonly sharedLifeMs: number
  readonly #clock: Clock
  readonly #renewMs: number
  readonly #restartMs: number

  constructor({ clock, retentionMs }: LifeOptions) {
    this.#clock = clock
    this.retentionMs = retentionMs
    this.lifeMs = lifeOf(retentionMs)
    this.sharedLifeMs = Math.min(this.lifeMs, lifeOf(SHORTEST_RETENTION_MS))
    this.#renewMs = Math.min(RENEW_MS, this.lifeMs / 8)
    this.#restartMs = Math.min(RESTART_MS, this.lifeMs / 16)
  }

  now(): number {
    return this.#clock.now()
  }

  /**
   * Whether readers still see it. What is kept of a log is always its end, for neither `loggedAt` nor `ttl` ever falls. The
   * `ttl` matters where the retention was raised: what was put before does not live longer for it, and goes in any order.
   *
   * @param now when the reading began: judged by the time of each page, a read could see an entry and not those above it
   */
  isKept(entry: StoredEntry, now: number): boolean {
    return entry.loggedAt >= now - this.retentionMs && this.phaseOf(entry, now) === 'continues'
  }

  /** `continues`: the next offset; `renews`: the same, but by way of the head; `restarts`: above the clock. */
  phaseOf(entry: StoredEntry | undefined, now = this.now()): Phase {
    const left = entry === undefined ? 0 : entry.ttl * 1000 - now
    if (left > this.#renewMs) return 'continues'
    return left > this.#restartMs ? 'renews' : 'restarts'
  }

  /** Not due yet: nothing at or above it can have vanished. */
  isCertain(entry: StoredEntry): boolean {
    const margin = Math.min(CLOCKS_DIFFER_MS, this.lifeMs / 32)
    return entry.ttl * 1000 > this.now() + margin
  }

  /**
   * What a writer does that finds nothing above a used head. Until it `restarts`, all that was put since the head was written
   * must still be there: if nothing is, nothing was. `renews` keeps those apart who still `continue` from its base and those
   * who no longer do: one boundary, and a writer that is a minute slow would be overtaken.
   */
  phaseOfHead({ at, lifeMs }: Head): Phase {
    const age = this.now() - at
    if (age < lifeMs / 2) return 'continues'
    return age < lifeMs - this.#renewMs ? 'renews' : 'restarts'
  }

  ttlOfEntry(loggedAt: number): number {
    return Math.ceil((loggedAt + this.lifeMs) / 1000)
  }

  /** Receipts outlive the entries that a retry could repeat: their life is the de-duplication window. */
  ttlOfReceipt(acceptedAt: number): number {
    return Math.ceil((acceptedAt + 2 * this.retentionMs) / 1000)
  }

  /**
   * Counted anew: were the retention lowered since, the receipt could end while other tries that know it are under way. The
   * next try would begin another, they would complete the old one over it, and the one after would put the event again.
   */
  ttlOfCompleted({ acceptedAt }: Receipt): number {
    return this.ttlOfReceipt(Math.max(acceptedAt, this.now()))
  }

  /** Whether something counts as gone, though DynamoDB deletes it hours to days late. `ttl` is in seconds since 1970. */
  isOver(ttl: number): boolean {
    return ttl * 1000 < this.now()
  }

  /** Beyond it, a retry could not tell "never put there" from "vanished since". */
  isTooLate(intent: Intent): boolean {
    return this.now() > lastRetry(intent)
  }

  /** As long as the event may be tried again, its entries must be there. It matters where the retention was lowered since. */
  minTtlOfEntry(intent: Intent): number {
    return Math.ceil((lastRetry(intent) + this.#renewMs) / 1000)
  }
}

function lifeOf(retentionMs: number): number {
  return retentionMs + Math.min(GRACE_MS, retentionMs)
}

/** Half of the retention that the event was accepted under, which is a quarter of its receipt's life: that does not change. */
function lastRetry({ acceptedAt, ttl }: Intent): number {
  return acceptedAt + (ttl * 1000 - acceptedAt) / 4
}
