import type { Database } from '../../src/embedded/journaled-store.ts'
import type { Change, KeyRange, StoredRecord } from '../../src/embedded/store.ts'

/** A database in memory that fails when told to. What it was given it has for good, as a disk would. */
export class MemoryDatabase implements Database {
  readonly #records = new Map<string, StoredRecord>()
  fails: Error | undefined

  get size(): number {
    return this.#records.size
  }

  /** What is in it now. */
  copy(): MemoryDatabase {
    const copy = new MemoryDatabase()
    copy.commitNow([...this.#records.values()])
    return copy
  }

  get(key: Buffer): Buffer | undefined {
    return this.#records.get(key.toString('hex'))?.value
  }

  range({ start, end, reverse = false }: KeyRange): Iterable<StoredRecord> {
    const records = [...this.#records.values()]
      .filter(({ key }) => key.compare(start) >= 0 && key.compare(end) < 0)
      .sort((a, b) => a.key.compare(b.key))
    return reverse ? records.reverse() : records
  }

  async commit(changes: readonly Change[]): Promise<void> {
    await Promise.resolve()
    if (this.fails !== undefined) throw this.fails
    this.commitNow(changes)
  }

  commitNow(changes: readonly Change[]): void {
    for (const { key, value } of changes) {
      if (value === undefined) this.#records.delete(key.toString('hex'))
      else this.#records.set(key.toString('hex'), { key: Buffer.from(key), value: Buffer.from(value) })
    }
  }

  async close(): Promise<void> {
    await Promise.resolve()
  }
}
