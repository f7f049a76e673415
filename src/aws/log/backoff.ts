const FIRST_MS = 20
const LONGEST_MS = 1000

/**
 * How long to wait before the next try: at random below a bound that doubles ("full jitter"), so that rivals for one
 * offset do not meet again and again. In milliseconds.
 *
 * @param attempt 0 for the first wait
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt)
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
