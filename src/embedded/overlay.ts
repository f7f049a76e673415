import { devicesName, keyOf, nameOf } from './keys.ts'
import type { Change, KeyRange, StoredRecord } from './store.ts'

type Value = Buffer | undefined

/**
 * Changes that lie over a database: of each key the last. Keys are kept by their names alone, which have the order of the bytes: what
 * lies here for a second or more is what the collector of garbage has to carry about.
 */
export class Overlay {
  readonly #values = new Map<string, Value>()
  /** Of each user's devices: they are listed whenever a new one comes, which may be thousands at once. */
  readonly #devices = new Map<string, Set<string>>()

  get size(): number {
    return this.#values.size
  }

  /** The names of the keys in the order of the keys: what lies together in the database comes together, and its pages are written once. */
  get names(): string[] {
    return [...this.#values.keys()].sort()
  }

  changesOf(names: readonly string[]): Change[] {
    return names.map((name) => this.#change(name))
  }

  /** Of its key the last change; `undefined` if there is none. */
  get(name: string): { readonly value: Value } | undefined {
    const value = this.#values.get(name)
    return value === undefined && !this.#values.has(name) ? undefined : { value }
  }

  add(changes: readonly Change[]): void {
    for (const { key, value } of changes) {
      const name = nameOf(key)
      this.#values.set(name, value)
      const devices = devicesName(key)
      if (devices === undefined) continue
      const ofUser = this.#devices.get(devices) ?? new Set<string>()
      this.#devices.set(devices, ofUser.add(name))
    }
  }

  #change(name: string): Change {
    return { key: keyOf(name), value: this.#values.get(name) }
  }

  /** The names of all that can be in a range, and more. */
  #near({ start, end }: KeyRange): Iterable<string> {
    const devices = devicesName(start)
    if (devices === undefined || devicesName(end) !== devices) return this.#values.keys()
    return this.#devices.get(devices) ?? []
  }

  #in(range: KeyRange): [string, Change][] {
    const [start, end] = [nameOf(range.start), nameOf(range.end)]
    return [...this.#near(range)]
      .filter((name) => name >= start && name < end)
      .map((name) => [name, this.#change(name)])
  }

  /** What a range of a database shows through overlays, the last of which counts most. */
  static *over(
    records: Iterable<StoredRecord>,
    overlays: readonly Overlay[],
    range: KeyRange,
  ): Generator<StoredRecord> {
    const direction = range.reverse === true ? -1 : 1
    const changes = [...new Map(overlays.flatMap((overlay) => overlay.#in(range))).values()].sort(
      (a, b) => Buffer.compare(a.key, b.key) * direction,
    )
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
