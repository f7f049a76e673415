import { devicesName, nameOf } from './keys.ts'
import type { Change, KeyRange, StoredRecord } from './store.ts'

/** Changes that lie over a database: of each key the last. */
export class Overlay {
  readonly #changes = new Map<string, Change>()
  /** Of each user's devices: they are listed whenever a new one comes, which may be thousands at once. */
  readonly #devices = new Map<string, Map<string, Change>>()

  get size(): number {
    return this.#changes.size
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
    for (const change of changes) {
      const name = nameOf(change.key)
      this.#changes.set(name, change)
      const devices = devicesName(change.key)
      if (devices === undefined) continue
      const ofUser = this.#devices.get(devices) ?? new Map<string, Change>()
      this.#devices.set(devices, ofUser.set(name, change))
    }
  }

  /** All that can be in a range, and more. */
  #near({ start, end }: KeyRange): Iterable<Change> {
    const devices = devicesName(start)
    if (devices === undefined || devicesName(end) !== devices) return this.#changes.values()
    return this.#devices.get(devices)?.values() ?? []
  }

  /** What a range of a database shows through overlays, the last of which counts most. */
  static *over(
    records: Iterable<StoredRecord>,
    overlays: readonly Overlay[],
    range: KeyRange,
  ): Generator<StoredRecord> {
    const direction = range.reverse === true ? -1 : 1
    const near = overlays.flatMap((overlay) => [...overlay.#near(range)])
    const changes = inOrder(near, range, direction)
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

/** Of each key the last change. */
function inOrder(near: readonly Change[], { start, end }: KeyRange, direction: 1 | -1): Change[] {
  const found = new Map<string, Change>()
  for (const change of near) {
    const { key } = change
    if (Buffer.compare(key, start) >= 0 && Buffer.compare(key, end) < 0) found.set(nameOf(key), change)
  }
  return [...found.values()].sort((a, b) => Buffer.compare(a.key, b.key) * direction)
}
