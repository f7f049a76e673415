import type { Context } from './context.ts'
import type { Cancel } from './environment.ts'

/** @returns sets the timer, in place of what it was set to, to so many milliseconds; without them stops it */
export function createTimer(context: Context, run: () => unknown): (milliseconds?: number) => void {
  let cancel: Cancel | undefined
  return (milliseconds) => {
    cancel?.()
    cancel = milliseconds === undefined ? undefined : context.after(milliseconds, run)
  }
}
