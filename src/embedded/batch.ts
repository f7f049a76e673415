import { nameOf } from './keys.ts'
import type { Change, Records } from './store.ts'

type Changes = Map<string, Change>

/** What the jobs of one transaction read and write: the committed records under what this batch has changed so far. */
export class Batch implements Records {
  readonly #committed: Records
  readonly #changes: Changes = new Map()
  #ofJob: Changes = new Map()
  #bytes = 0

  constructor(committed: Records) {
    this.#committed = committed
  }

  get(key: Buffer): Buffer | undefined {
    const name = nameOf(key)
    const change = this.#ofJob.get(name) ?? this.#changes.get(name)
    return change === undefined ? this.#committed.get(key) : change.value
  }

  put(key: Buffer, value: Buffer): void {
    this.#ofJob.set(nameOf(key), { key, value })
  }

  remove(key: Buffer): void {
    this.#ofJob.set(nameOf(key), { key, value: undefined })
  }

  /** Runs one job; one that throws leaves nothing of itself in the batch. */
  run<T>(job: (batch: Batch) => T): T {
    this.#ofJob = new Map()
    try {
      const result = job(this)
      this.#keep()
      return result
    } finally {
      this.#ofJob = new Map()
    }
  }

  get changes(): readonly Change[] {
    return [...this.#changes.values()]
  }

  /** How much there is to write, at most. */
  get bytes(): number {
    return this.#bytes
  }

  #keep(): void {
    for (const [name, change] of this.#ofJob) {
      this.#changes.set(name, change)
      this.#bytes += change.key.length + (change.value?.length ?? 0)
    }
  }
}
