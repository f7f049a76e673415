interface Headers {
  get(name: string): string | null
}

/**
 * Milliseconds to wait, by RFC 9110, section 10.2.3. A date is taken by the clock of whoever sent it, from the same answer: ours may be
 * wrong.
 */
export function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? ''
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const wait = Date.parse(value) - Date.parse(headers.get('date') ?? '')
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

/** However long a server wants to be left alone, it is tried again after so long. */
const LONGEST_WISH = 30_000
const LONGEST_BACKOFF = 10_000
const FIRST_BACKOFF = 200

/**
 * How long to wait after the `attempt`-th try: full jitter, so that the many that failed together do not come back together. See
 * "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function pauseAfter(attempt: number, retryAfter: number | undefined, random: () => number): number {
  const backoff = Math.min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** (attempt - 1))
  return Math.min(LONGEST_WISH, retryAfter ?? 0) + random() * backoff
}
