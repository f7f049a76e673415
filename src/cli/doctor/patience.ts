/** By the clock, whatever comes meanwhile. Holds nobody up: whoever waits for something ends with it. @param ms milliseconds */
export function abortedAfter(ms: number): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => {
    controller.abort()
  }, ms).unref()
  return controller.signal
}

/** Waits for what cannot be called off. @throws Error if the signal comes first */
export async function within<T>(signal: AbortSignal, coming: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    const end = (): void => {
      reject(new Error('nothing in time'))
    }
    if (signal.aborted) end()
    signal.addEventListener('abort', end)
  })
  return Promise.race([coming, aborted])
}
