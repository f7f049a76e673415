/** A rate in events per second, and how many may come at once. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** API Gateway throttles with token buckets: `burst` tokens at most, refilled at `perSecond`. */
export class TokenBucket {
  readonly #rate: Rate
  #tokens: number
  #filledAt: number

  constructor(rate: Rate, now: number) {
    this.#rate = rate
    this.#tokens = rate.burst
    this.#filledAt = now
  }

  /** Takes one token; false when there is none. */
  take(now: number): boolean {
    if (this.#rate.perSecond === Infinity) return true
    // A clock that was set back must not drain the bucket.
    const elapsed = Math.max(0, now - this.#filledAt)
    const filled = this.#tokens + (elapsed / 1000) * this.#rate.perSecond
    this.#tokens = Math.min(this.#rate.burst, filled)
    this.#filledAt = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
