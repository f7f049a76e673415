import { setImmediate as allOthers } from 'node:timers/promises'
import type { Nature } from '../memory-log-store.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** How long the steps of one round may take together: that bounds each try at a publish. */
const ROUND_MS = 4 * MINUTE
/** Promises that have resolved are followed this far before the next step is chosen. */
const MICROTASKS = 12

/** One after the other takes a step, in an order and at times that a seed decides. */
export class Simulation implements Nature {
  #now: number
  #left = ROUND_MS
  #state = 0
  #waiting: (() => void)[] = []

  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  /** Mulberry32. */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random() * choices.length)]!
  }

  /** Never back. */
  jumpTo(time: number): void {
    this.#now = Math.max(this.#now, Math.floor(time))
  }

  /** Until the caller is the one to take the next step. */
  async turn(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Runs until all that `begin` starts is over. */
  async round(seed: number, begin: () => readonly Promise<unknown>[]): Promise<void> {
    this.#state = seed
    this.#left = ROUND_MS
    this.#waiting = []
    let open = 0
    const faults: unknown[] = []
    const close = () => open--
    for (const actor of begin()) {
      open++
      void actor.catch((fault: unknown) => faults.push(fault)).finally(close)
    }
    for (;;) {
      for (let i = 0; i < MICROTASKS && open > 0; i++) await Promise.resolve()
      if (this.#waiting.length === 0) await allOthers()
      if (open === 0) break
      this.#step()
    }
    // Not of what is tested, which may fail, but of the model.
    if (faults.length > 0) throw new AggregateError(faults, `a fault of the model: ${String(faults[0])}`)
  }

  #step(): void {
    const at = Math.floor(this.random() * this.#waiting.length)
    const [next] = this.#waiting.splice(at, 1)
    if (next === undefined) throw new Error('somebody waits for what no step will bring')
    const pause = Math.min(this.#left, this.#pause())
    this.#left -= pause
    this.#now += pause
    next()
  }

  #pause(): number {
    const kind = this.random()
    const longest = kind < 0.75 ? 20 : kind < 0.93 ? 3 * SECOND : 90 * SECOND
    return Math.floor(this.random() * longest)
  }
}
