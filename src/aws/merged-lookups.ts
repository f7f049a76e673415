/** What one look-up of several keys gives; a key that is not in it was not found. An `Error` fails its key alone. */
export type Found<V> = ReadonlyMap<string, V | Error>

interface Batch<V> {
  readonly keys: Set<string>
  readonly found: Promise<Found<V>>
}

/**
 * Merges look-ups that start in one go into as few calls as they fit into, and remembers nothing: a look-up is
 * answered by a call that began after it, so it sees all that was written before.
 */
export class MergedLookups<V> {
  readonly #fetch: (keys: readonly string[]) => Promise<Found<V>>
  readonly #most: number
  #open: Batch<V> | undefined

  /** @param most keys that one call takes */
  constructor(most: number, fetch: (keys: readonly string[]) => Promise<Found<V>>) {
    this.#most = most
    this.#fetch = fetch
  }

  async find(key: string): Promise<V | undefined> {
    const batch = this.#batchFor(key)
    batch.keys.add(key)
    const value = (await batch.found).get(key)
    if (value instanceof Error) throw value
    return value
  }

  #batchFor(key: string): Batch<V> {
    const open = this.#open
    if (open !== undefined && (open.keys.size < this.#most || open.keys.has(key))) return open
    const keys = new Set<string>()
    const batch: Batch<V> = {
      keys,
      // In the next microtask: whoever asks in this one still gets in, and nobody waits for a timer.
      found: Promise.resolve().then(async () => {
        if (this.#open === batch) this.#open = undefined
        return this.#fetch([...keys])
      }),
    }
    this.#open = batch
    return batch
  }
}
