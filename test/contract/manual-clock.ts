import type { Clock } from '../../src/core/ports.ts'

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  #now: number

  constructor(now = Date.UTC(2025, 5, 1)) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  /** Negative steps back, as a clock does that is being set. */
  advance(ms: number): void {
    this.#now += ms
  }
}
