import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves after so many milliseconds, or as soon as the signal is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined)
}

const FIRST = 100
const LONGEST = 10_000

/** Milliseconds to wait after the n-th failure in a row: full jitter over a doubling bound. */
export function backoff(failures: number, random: () => number = Math.random): number {
  return FIRST + random() * Math.min(LONGEST, FIRST * 2 ** Math.min(failures, 20))
}
