import type { Clock } from '../../../src/gateway/websocket/websocket-api.ts'

/** Time that passes only when a test says so. */
export class FakeClock implements Clock {
  #now: number
  #tasks: { at: number; task: () => void }[] = []

  static readonly start = Date.UTC(2026, 10, 24, 10, 0, 0)

  constructor(start = FakeClock.start) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  after(ms: number, task: () => void): () => void {
    const entry = { at: this.#now + ms, task }
    this.#tasks.push(entry)
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== entry)
    }
  }

  get pending(): number {
    return this.#tasks.length
  }

  /** Runs what falls due on the way, in its order, at its time. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#now = next.at
      this.#tasks = this.#tasks.filter((other) => other !== next)
      next.task()
    }
    this.#now = end
  }

  #next(end: number) {
    return this.#tasks.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
  }
}
