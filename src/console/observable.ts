/** Something whose changes the page shows. */
export abstract class Observable {
  readonly #listeners = new Set<() => void>()

  /** @returns what ends it */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  protected changed(): void {
    for (const listener of this.#listeners) listener()
  }
}
