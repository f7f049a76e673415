import type { Change, KeyRange, Records, StoredRecord } from '../../src/embedded/store.ts'

/** Records in memory, in the order of their keys. */
export class MemoryRecords implements Records {
  readonly #records = new Map<string, StoredRecord>()

  get all(): readonly StoredRecord[] {
    return [...this.#records.values()]
  }

  get(key: Buffer): Buffer | undefined {
    return this.#records.get(key.toString('hex'))?.value
  }

  range({ start, end, reverse = false }: KeyRange): Iterable<StoredRecord> {
    const records = this.all
      .filter(({ key }) => key.compare(start) >= 0 && key.compare(end) < 0)
      .sort((a, b) => a.key.compare(b.key))
    return reverse ? records.reverse() : records
  }

  apply(changes: readonly Change[]): void {
    for (const { key, value } of changes) {
      if (value === undefined) this.#records.delete(key.toString('hex'))
      else this.#records.set(key.toString('hex'), { key, value })
    }
  }

  async close(): Promise<void> {
    await Promise.resolve()
  }
}
