import { EventEmitter, once } from 'node:events'
import type { Cancel, Environment } from '../../src/publisher/environment.ts'

/** Time passes in pauses, which are over at once, and when a test lets a limit strike. */
export class ManualEnvironment implements Environment {
  readonly pauses: number[] = []
  /** Called at the beginning of each pause. */
  onPause: () => void = () => undefined
  readonly #limits = new Map<number, { at: number; run: () => void }>()
  readonly #changes = new EventEmitter()
  readonly #random: () => number
  #now = 0
  #last = 0

  constructor(random: () => number = () => 0.5) {
    this.#random = random
  }

  now(): number {
    return this.#now
  }

  random(): number {
    return this.#random()
  }

  newId(): string {
    return `made-up-${++this.#last}`
  }

  after(milliseconds: number, run: () => void): Cancel {
    const key = ++this.#last
    this.#limits.set(key, { at: this.#now + milliseconds, run })
    this.#changes.emit('armed')
    return () => this.#limits.delete(key)
  }

  async pause(milliseconds: number): Promise<void> {
    this.pauses.push(milliseconds)
    this.#now += milliseconds
    this.onPause()
  }

  /** How many limits are waiting to strike. */
  get armed(): number {
    return this.#limits.size
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds
  }

  /** Lets the limit that is due first strike, as soon as there is one. */
  async strike(): Promise<void> {
    if (this.#limits.size === 0) await once(this.#changes, 'armed')
    const [[key, { at, run }]] = [...this.#limits].sort(([, a], [, b]) => a.at - b.at) as [
      [number, { at: number; run: () => void }],
    ]
    this.#limits.delete(key)
    this.#now = at
    run()
  }
}
