import { Arena } from './arena.ts'
import { devicesName, keyOf, nameOf } from './keys.ts'
import type { Change, KeyRange, StoredRecord } from './store.ts'

type Value = Buffer | undefined

const REMOVED = -1

/**
 * Changes that lie over a database: of each key the last. Keys are kept by their names alone, which have the order of the bytes, and
 * values by their places: what lies here for a second or more is what the collector of garbage has to carry about.
 */
export class Overlay {
  readonly #values = new Arena()
  /** Where each key's value is. */
  readonly #places = new Map<string, number>()
  /** Of each user's devices: they are listed whenever a new one comes, which may be thousands at once. */
  readonly #devices = new Map<string, Set<string>>()

  get size(): number {
    return this.#places.size
  }

  /** The names of the keys in the order of the keys: what lies together in the database comes together, and its pages are written once. */
  get names(): string[] {
    return [...this.#places.keys()].sort()
  }

  /** Good until the overlay is cleared: their values are not copied. */
  changesOf(names: readonly string[]): Change[] {
    return names.map((name) => ({
      key: keyOf(name),
      value: this.#valueAt(this.#places.get(name) ?? REMOVED),
    }))
  }

  /** Of its key the last change, for readers, who may keep it for longer than it lies here; `undefined` if there is none. */
  get(name: string): { readonly value: Value } | undefined {
    const place = this.#places.get(name)
    if (place === undefined) return undefined
    const value = this.#valueAt(place)
    return { value: value && Buffer.from(value) }
  }

  add(changes: readonly Change[]): void {
    // An event's text is one value, however many logs it goes into.
    const places = new Map<Buffer, number>()
    for (const { key, value } of changes) {
      const name = nameOf(key)
      const place = value === undefined ? REMOVED : (places.get(value) ?? this.#values.put(value))
      if (value !== undefined) places.set(value, place)
      this.#places.set(name, place)
      const devices = devicesName(key)
      if (devices === undefined) continue
      const ofUser = this.#devices.get(devices) ?? new Set<string>()
      this.#devices.set(devices, ofUser.add(name))
    }
  }

  /** Forgets all of them, and keeps the memory for others. */
  clear(): void {
    this.#places.clear()
    this.#devices.clear()
    this.#values.clear()
  }

  #valueAt(place: number): Value {
    return place === REMOVED ? undefined : this.#values.at(place)
  }

  /** The names of all that can be in a range, and more. */
  #near({ start, end }: KeyRange): Iterable<string> {
    const devices = devicesName(start)
    if (devices === undefined || devicesName(end) !== devices) return this.#places.keys()
    return this.#devices.get(devices) ?? []
  }

  #in(range: KeyRange): [string, Change][] {
    const [start, end] = [nameOf(range.start), nameOf(range.end)]
    return [...this.#near(range)]
      .filter((name) => name >= start && name < end)
      .map((name) => [name, { key: keyOf(name), value: this.get(name)?.value }])
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
