import type { Cancel } from '../../src/client/environment.ts'

/** Who has to be awake for something to happen: the world always is, a device may sleep. */
export type Where = 'world' | 'device'

interface Timer {
  readonly due: number
  readonly where: Where
  readonly run: () => void
}

/** Time that passes only when a test says so, for the server and for the devices. */
export class ManualTime {
  #now = Date.UTC(2025, 5, 1)
  /** In the order in which they are due; those due at once in the order in which they were set. */
  readonly #timers: Timer[] = []

  now(): number {
    return this.#now
  }

  after(where: Where, milliseconds: number, run: () => void): Cancel {
    const timer = { due: this.#now + Math.max(0, milliseconds), where, run }
    const at = this.#timers.findLastIndex(({ due }) => due <= timer.due) + 1
    this.#timers.splice(at, 0, timer)
    return () => {
      const found = this.#timers.indexOf(timer)
      if (found >= 0) this.#timers.splice(found, 1)
    }
  }

  /** Runs what comes due, each at its time, and all that follows from it in between. */
  async advance(milliseconds: number): Promise<void> {
    await this.#runUntil(this.#now + milliseconds, () => true)
  }

  /**
   * Devices sleep, as a phone in a pocket: the world goes on without them. When they wake, their timers fire at once, late, and
   * what was sent to them arrives.
   */
  async sleep(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds
    await this.#runUntil(end, ({ where }) => where === 'world')
    await this.#runUntil(end, () => true)
  }

  /** Advances in small steps until something holds. */
  async until(holds: () => boolean, within = 120_000, step = 10): Promise<void> {
    const end = this.#now + within
    await settle()
    while (!holds()) {
      if (this.#now >= end) throw new Error(`it does not hold after ${within} ms: ${String(holds)}`)
      await this.advance(step)
    }
  }

  async #runUntil(end: number, mayRun: (timer: Timer) => boolean): Promise<void> {
    await settle()
    for (;;) {
      const next = this.#timers.findIndex((timer) => timer.due <= end && mayRun(timer))
      if (next < 0) break
      const [timer] = this.#timers.splice(next, 1)
      this.#now = Math.max(this.#now, timer!.due)
      timer!.run()
      await settle()
    }
    this.#now = end
  }
}

/** Lets every promise that can go on do so: they all come before an immediate. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
