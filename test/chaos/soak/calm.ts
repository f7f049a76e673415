const TICK_MS = 100

/**
 * A clock that stands still while something is done to the server after which nobody can be expected to be in time, and
 * while the campaign itself gets no CPU. "For 30 s" means 30 s of this one.
 */
export class Calm {
  #ms = 0
  #since = 0
  #troubles = 0
  #timer: NodeJS.Timeout | undefined
  #last = 0

  start(): void {
    this.#last = performance.now()
    this.#timer = setInterval(() => {
      this.#tick()
    }, TICK_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Calm milliseconds so far. */
  get ms(): number {
    return this.#ms
  }

  get isCalm(): boolean {
    return this.#troubles === 0
  }

  /** Calm milliseconds since the last trouble was over; 0 while there is one. */
  get lasting(): number {
    return this.isCalm ? this.#ms - this.#since : 0
  }

  async without<T>(trouble: () => Promise<T>): Promise<T> {
    this.#troubles++
    try {
      return await trouble()
    } finally {
      this.#troubles--
      this.#since = this.#ms
    }
  }

  #tick(): void {
    const now = performance.now()
    // A tick that comes late was held up by others on this machine, and the server may have been as well.
    if (this.isCalm) this.#ms += Math.min(now - this.#last, 3 * TICK_MS)
    this.#last = now
  }
}
