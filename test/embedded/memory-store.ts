import type { Change, KeyRange, Store, StoredRecord } from '../../src/embedded/store.ts'

/** A `Store` whose commits a test holds up, lets go and fails. */
export class MemoryStore implements Store {
  readonly #records = new Map<string, StoredRecord>()
  readonly commits: { readonly changes: readonly Change[]; succeed(): void; fail(error: Error): void }[] = []
  /** Commits wait for the test. */
  manual = false

  get(key: Buffer): Buffer | undefined {
    return this.#records.get(key.toString('hex'))?.value
  }

  range({ start, end, reverse = false }: KeyRange): Iterable<StoredRecord> {
    const records = [...this.#records.values()]
      .filter(({ key }) => key.compare(start) >= 0 && key.compare(end) < 0)
      .sort((a, b) => a.key.compare(b.key))
    return reverse ? records.reverse() : records
  }

  commit(changes: readonly Change[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const succeed = (): void => {
        for (const change of changes) this.#apply(change)
        resolve()
      }
      this.commits.push({ changes, succeed, fail: reject })
      if (!this.manual) succeed()
    })
  }

  async close(): Promise<void> {
    await Promise.resolve()
  }

  #apply({ key, value }: Change): void {
    if (value === undefined) this.#records.delete(key.toString('hex'))
    else this.#records.set(key.toString('hex'), { key, value })
  }
}
