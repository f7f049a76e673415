/** Which event has reached whom, and when. */
import { setTimeout as sleep } from 'node:timers/promises'

const LOST_AFTER_MS = 5000
const SWEEP_MS = 250
const POLL_MS = 5
const FIRST = 1
const SECOND = 2
const BOTH = 3

interface Waiting {
  readonly until: number
  readonly resolve: () => void
}

export class Arrivals {
  /** Something that nobody should have got, or once more. */
  strays = 0
  /** In milliseconds, from when the event was to be sent until each of its two recipients had it. */
  latencies: number[] = []
  readonly #recipients: (readonly [number, number])[] = []
  readonly #due: number[] = []
  readonly #seen: number[] = []
  readonly #waiting = new Map<number, Waiting>()
  readonly #sweeping = setInterval(() => {
    this.#sweep()
  }, SWEEP_MS)
  #begin = 0
  #whole = 0

  /** Counts from here on; what still comes of earlier events is not counted. */
  begin(): void {
    this.#begin = this.#due.length
    this.#whole = 0
    this.latencies = []
    this.strays = 0
  }

  get events(): number {
    return this.#due.length - this.#begin
  }

  /** Events that both recipients have. */
  get whole(): number {
    return this.#whole
  }

  /** Deliveries that are still missing. */
  get missing(): number {
    return 2 * this.events - this.latencies.length
  }

  /** @returns the event's number */
  expect(first: number, second: number, due: number): number {
    this.#recipients.push([first, second])
    this.#seen.push(0)
    return this.#due.push(due) - 1
  }

  arrived(number: number, user: number, now: number): void {
    const bit = this.#bitOf(number, user)
    const seen = this.#seen[number] ?? 0
    if (bit === 0 || (seen & bit) !== 0) {
      this.strays++
      return
    }
    this.#seen[number] = seen | bit
    const counts = number >= this.#begin
    if (counts) this.latencies.push(now - (this.#due[number] ?? NaN))
    if ((seen | bit) !== BOTH) return
    if (counts) this.#whole++
    this.#waiting.get(number)?.resolve()
    this.#waiting.delete(number)
  }

  /** Until both have it, or it must be taken for lost. */
  async reached(number: number): Promise<void> {
    if (this.#seen[number] === BOTH) return
    await new Promise<void>((resolve) => {
      this.#waiting.set(number, { until: performance.now() + LOST_AFTER_MS, resolve })
    })
  }

  /** Until all have everything, or what they lack must be taken for lost. */
  async settled(): Promise<void> {
    const until = performance.now() + LOST_AFTER_MS
    while (this.missing > 0 && performance.now() < until) await sleep(POLL_MS)
  }

  end(): void {
    clearInterval(this.#sweeping)
  }

  #bitOf(number: number, user: number): number {
    const [first, second] = this.#recipients[number] ?? []
    return user === first ? FIRST : user === second ? SECOND : 0
  }

  #sweep(): void {
    const now = performance.now()
    for (const [number, { until, resolve }] of this.#waiting) {
      if (now < until) continue
      this.#waiting.delete(number)
      resolve()
    }
  }
}
