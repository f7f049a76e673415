export type Cancel = () => void

/** All that a publisher needs of the platform beside `fetch`; tests put their own in its place. */
export interface Environment {
  /** Milliseconds that never step back. */
  now(): number
  /** From 0 to below 1. */
  random(): number
  newId(): string
  /** Calls back once, after so many milliseconds. */
  after(milliseconds: number, run: () => void): Cancel
  /** Resolves after so many milliseconds, or as soon as the signal is aborted. */
  pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void>
}

/** Its timers hold a process: one that ends while a publish is under way would not know what became of the event. */
export const platformEnvironment: Environment = {
  now: () => performance.now(),
  random: () => Math.random(),
  newId: () => crypto.randomUUID(),
  after,
  pause: async (milliseconds, signal) =>
    new Promise((resolve) => {
      const end = (): void => {
        cancel()
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const cancel = after(milliseconds, end)
      signal?.addEventListener('abort', end)
      if (signal?.aborted === true) end()
    }),
}

function after(milliseconds: number, run: () => void): Cancel {
  const timer = setTimeout(run, milliseconds)
  return () => {
    clearTimeout(timer)
  }
}
