/** Two sequences of steps, run in every order in which they can meet. */

/** All ways to merge two sequences, each in its own order. */
export function merges<S>(a: readonly S[], b: readonly S[]): S[][] {
  const [a0, ...as] = a
  const [b0, ...bs] = b
  if (a0 === undefined) return [[...b]]
  if (b0 === undefined) return [[...a]]
  return [...merges(as, b).map((rest) => [a0, ...rest]), ...merges(a, bs).map((rest) => [b0, ...rest])]
}

/** Lets the steps through in one given order. */
export class Turnstile<S> {
  readonly passed: S[] = []
  readonly #order: readonly S[]
  #wake: (() => void)[] = []

  constructor(order: readonly S[]) {
    this.#order = order
  }

  async pass<T>(step: S, effect: () => Promise<T>): Promise<T> {
    // A step that was not foreseen, like a push to nobody that became a push after all, goes when all others have.
    while (this.passed.length < this.#order.length && this.#order[this.passed.length] !== step) {
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
    const result = await effect()
    this.skip(step)
    return result
  }

  skip(step: S): void {
    this.passed.push(step)
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }
}
