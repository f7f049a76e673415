import type { Clock } from '../../core/ports.ts'
import type { Head, StoredEntry } from './log-store.ts'

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
  readonly #clock: Clock
  readonly #renewMs: number
  readonly #restartMs: number

  constructor({ clock, retentionMs }: LifeOptions) {
    this.#clock = clock
    this.retentionMs = retentionMs
    this.lifeMs = retentionMs + Math.min(GRACE_MS, retentionMs)
    this.#renewMs = Math.min(RENEW_MS, this.lifeMs / 8)
    this.#restartMs = Math.min(RESTART_MS, this.lifeMs / 16)
  }

  now(): number {
    return this.#clock.now()
  }

  /** Whether readers still see it. What is kept of a log is always its end, for `loggedAt` never falls. */
  isKept(entry: StoredEntry): boolean {
    return entry.loggedAt >= this.now() - this.retentionMs
  }

  /** `continues`: the next offset; `renews`: the same, but by way of the head; `restarts`: above the clock. */
  phaseOf(entry: StoredEntry | undefined): 'continues' | 'renews' | 'restarts' {
    const left = entry === undefined ? 0 : entry.ttl * 1000 - this.now()
    if (left > this.#renewMs) return 'continues'
    return left > this.#restartMs ? 'renews' : 'restarts'
  }

  /** Not due yet: nothing at or above it can have vanished. */
  isCertain(entry: StoredEntry): boolean {
    return entry.ttl * 1000 > this.now()
  }

  /** Whether entries put since this head was written must still be there: if none is, there was none. */
  isYoung(head: Head): boolean {
    return this.now() - head.at < head.lifeMs / 2
  }

  ttlOfEntry(loggedAt: number): number {
    return Math.ceil((loggedAt + this.lifeMs) / 1000)
  }

  /** Receipts outlive the entries that a retry could repeat: their life is the de-duplication window. */
  receiptsExpiredBefore(): number {
    return this.now() - 2 * this.retentionMs
  }

  ttlOfReceipt(acceptedAt: number): number {
    return Math.ceil((acceptedAt + 2 * this.retentionMs) / 1000)
  }

  /** Beyond it, a retry could not tell "never put there" from "vanished since". */
  isTooLate(acceptedAt: number): boolean {
    return acceptedAt < this.now() - this.retentionMs / 2
  }
}
