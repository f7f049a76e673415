import { nameOf } from './keys.ts'
import type { Change, KeyRange, StoredRecord } from './store.ts'

/** Changes that lie over a database: of each key the last. */
export class Overlay {
  readonly #changes = new Map<string, Change>()

  get size(): number {
    return this.#changes.size
  }

  get changes(): Iterable<Change> {
    return this.#changes.values()
  }

  /**
   * In the order of their keys: what lies together in the database comes together, and its pages are written once. The names
   * are compared, which have the order of the bytes, since that takes a third of the time.
   */
  get sorted(): Change[] {
    return [...this.#changes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change)
  }

  get(name: string): Change | undefined {
    return this.#changes.get(name)
  }

  add(changes: readonly Change[]): void {
    for (const change of changes) this.#changes.set(nameOf(change.key), change)
  }

  /** What a range of a database shows through overlays, the last of which counts most. */
  static *over(
    records: Iterable<StoredRecord>,
    overlays: readonly Overlay[],
    range: KeyRange,
  ): Generator<StoredRecord> {
    const direction = range.reverse === true ? -1 : 1
    const changes = inOrder(overlays, range, direction)
    let next = 0
    for (const record of records) {
      for (; next < changes.length; next++) {
        const change = changes[next]
        if (change === undefined || Buffer.compare(change.key, record.key) * direction >= 0) break
        if (change.value !== undefined) yield { key: change.key, value: change.value }
      }
      if (changes[next]?.key.equals(record.key) !== true) yield record
    }
    for (const { key, value } of changes.slice(next)) if (value !== undefined) yield { key, value }
  }
}

/** All changes are looked at: ranges are for lists that are asked for now and then. A page of a log is read by its offsets. */
function inOrder(overlays: readonly Overlay[], { start, end }: KeyRange, direction: 1 | -1): Change[] {
  const found = new Map<string, Change>()
  for (const overlay of overlays) {
    for (const change of overlay.changes) {
      const { key } = change
      if (Buffer.compare(key, start) >= 0 && Buffer.compare(key, end) < 0) found.set(nameOf(key), change)
    }
  }
  return [...found.values()].sort((a, b) => Buffer.compare(a.key, b.key) * direction)
}
