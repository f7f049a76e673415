const TICK_MS = 50

interface Begun {
  /** How much of the rate it makes up. */
  readonly size: number
  readonly done: Promise<unknown>
}

/** Begins so many per second, as long as not too many are under way. */
export class Pace {
  readonly #rate: number
  readonly #atOnce: number
  readonly #begin: () => Begun
  readonly #underWay = new Set<Promise<unknown>>()
  #due = 0
  #timer: NodeJS.Timeout | undefined

  constructor(rate: number, atOnce: number, begin: () => Begun) {
    this.#rate = rate
    this.#atOnce = atOnce
    this.#begin = begin
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#tick()
    }, TICK_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#underWay)
  }

  #tick(): void {
    // What could not begin in time is left out: else a flood would follow each outage.
    this.#due = Math.min(this.#due + (this.#rate * TICK_MS) / 1000, Math.max(1, this.#rate / 4))
    while (this.#due >= 1 && this.#underWay.size < this.#atOnce) {
      const { size, done } = this.#begin()
      this.#due -= size
      this.#underWay.add(done)
      // Whoever waits for the end hears of a failure; meanwhile nobody does.
      done.catch(() => undefined).finally(() => this.#underWay.delete(done))
    }
  }
}
