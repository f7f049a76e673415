/**
 * Lets jobs that have a key in common run one after the other, in the order of the calls, and all others at the same time.
 */
export class Turns<T> {
  readonly #last = new Map<string, Promise<T>>()

  /** `job` gets what the jobs before it, of any of its keys, resolved to. */
  take(keys: readonly string[], job: (before: readonly T[]) => Promise<T>): Promise<T> {
    const before = new Set(keys.flatMap((key) => this.#last.get(key) ?? []))
    const running = Promise.all(before).then(job)
    for (const key of keys) this.#last.set(key, running)
    return running
  }
}
