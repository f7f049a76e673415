import type { Clock, Logger } from '../core/ports.ts'
import type { Batch } from './batch.ts'
import type { GroupCommit } from './group-commit.ts'
import { after, afterLogOf, type Kind, kindRange, KINDS } from './keys.ts'
import { receiptLife } from './lmdb-event-log.ts'
import { keptSince, stampOf } from './stamped.ts'
import type { Store } from './store.ts'

export interface Timer {
  /** Calls back once, later. */
  set(callback: () => void, ms: number): unknown
  clear(handle: unknown): void
}

export interface RetentionOptions {
  readonly store: Store
  readonly writer: GroupCommit
  readonly clock: Clock
  readonly retentionMs: number
  readonly timer?: Timer
  readonly logger?: Logger
  /** How many records one tick looks at, at most: it holds up the writer for that long. */
  readonly recordsPerTick?: number
}

interface Expiring {
  readonly kind: Kind
  readonly lifeMs: number
  /** Where to go on after a record that is kept, if not with the next. */
  readonly skip?: (kept: Buffer) => Buffer
}

/** Where the sweep has come to. */
interface Position {
  readonly index: number
  readonly key: Buffer
}

interface Swept {
  readonly position: Position
  readonly looked: number
  readonly removed: number
}

/** Between ticks while there is much to remove, and otherwise. Ticks are many and small: whoever publishes meanwhile waits for one. */
const BUSY_MS = 10
const IDLE_MS = 200

/**
 * Removes what has expired, a little at a time, round and round. Readers filter by themselves, so this is only about
 * space. Heads of logs and revocations are not among what it looks at: they stay for good.
 */
export class Retention {
  readonly #options: RetentionOptions
  readonly #kinds: readonly [Expiring, ...Expiring[]]
  readonly #recordsPerTick: number
  readonly #timer: Timer
  #position: Position
  #running = false
  #handle: unknown
  #tick: Promise<unknown> = Promise.resolve()

  constructor(options: RetentionOptions) {
    this.#options = options
    this.#kinds = expiring(options.retentionMs)
    this.#recordsPerTick = options.recordsPerTick ?? 200
    this.#timer = options.timer ?? realTimer
    this.#position = this.#startOf(0)
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#schedule(IDLE_MS)
  }

  /** Ends with the tick that is under way, if one is. */
  async stop(): Promise<void> {
    this.#running = false
    this.#timer.clear(this.#handle)
    await this.#tick
  }

  /** One step of the sweep; answers how many records it looked at and removed. */
  async tick(): Promise<{ readonly looked: number; readonly removed: number }> {
    const { position, looked, removed } = await this.#options.writer.run((batch) => this.#sweep(batch))
    this.#position = position
    return { looked, removed }
  }

  #schedule(ms: number): void {
    if (!this.#running) return
    this.#handle = this.#timer.set(() => {
      this.#tick = this.#tickAndSchedule()
    }, ms)
  }

  async #tickAndSchedule(): Promise<void> {
    try {
      const { removed } = await this.tick()
      this.#schedule(removed > this.#recordsPerTick / 2 ? BUSY_MS : IDLE_MS)
    } catch (error) {
      this.#options.logger?.error({ err: error }, 'what has expired could not be removed')
      this.#schedule(IDLE_MS)
    }
  }

  #sweep(batch: Batch): Swept {
    let [position, looked, removed] = [this.#position, 0, 0]
    for (let kinds = 0; kinds <= this.#kinds.length && looked < this.#recordsPerTick;) {
      const step = this.#step(batch, position, this.#recordsPerTick - looked)
      looked += step.looked
      removed += step.removed
      // A whole round is enough for one tick, or one over an empty database would never end.
      if (step.position.index !== position.index) kinds++
      position = step.position
    }
    return { position, looked, removed }
  }

  /** Goes through the records of one kind from a key on, at most so many, or up to where it may skip some. */
  #step(batch: Batch, { index, key }: Position, most: number): Swept {
    const { kind, lifeMs, skip } = this.#kinds[index] ?? this.#kinds[0]
    const since = keptSince(this.#options.clock.now(), lifeMs)
    let [next, looked, removed] = [key, 0, 0]
    for (const record of this.#options.store.range({ start: key, end: kindRange(kind).end, mayLag: true })) {
      if (looked === most) return { position: { index, key: next }, looked, removed }
      looked++
      next = after(record.key)
      // The batch knows best: the record may have been written anew by now, or be gone.
      const current = batch.get(record.key)
      if (current === undefined) continue
      if (stampOf(current) < since) {
        batch.remove(record.key)
        removed++
      } else if (skip !== undefined) {
        return { position: { index, key: skip(record.key) }, looked, removed }
      }
    }
    return { position: this.#startOf((index + 1) % this.#kinds.length), looked, removed }
  }

  #startOf(index: number): Position {
    const { kind } = this.#kinds[index] ?? this.#kinds[0]
    return { index, key: kindRange(kind).start }
  }
}

function expiring(retentionMs: number): readonly [Expiring, ...Expiring[]] {
  return [
    // Of a log, what comes after a kept entry is younger, and so is kept as well.
    { kind: KINDS.entry, lifeMs: retentionMs, skip: afterLogOf },
    { kind: KINDS.receipt, lifeMs: receiptLife(retentionMs) },
    { kind: KINDS.device, lifeMs: receiptLife(retentionMs) },
    { kind: KINDS.refusal, lifeMs: retentionMs },
  ]
}

/** Does not keep the process alive. */
const realTimer: Timer = {
  set: (callback, ms) => setTimeout(callback, ms).unref(),
  clear: (handle) => {
    clearTimeout(handle as NodeJS.Timeout | undefined)
  },
}
