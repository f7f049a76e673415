import { setTimeout as pause } from 'node:timers/promises'

const EVERY_MS = 100

/** @returns whether it came true in time */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  withinMs: number,
  now: () => number = () => performance.now(),
): Promise<boolean> {
  for (const began = now(); ;) {
    if (await isTrue()) return true
    if (now() - began > withinMs) return false
    await pause(EVERY_MS)
  }
}
