import type { Environment } from './environment.ts'

/** What was waited for did not come: it took too long, or the caller does not want it any more. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly why: 'timeout' | 'aborted'

  constructor(why: 'timeout' | 'aborted', cause?: unknown) {
    super(why, { cause })
    this.why = why
  }
}

/**
 * Waits for what `work` resolves to, but no longer than so many milliseconds, whether or not it heeds the signal that it gets.
 *
 * @throws Interrupted, or whatever `work` throws
 */
export async function bounded<T>(
  environment: Pick<Environment, 'after'>,
  milliseconds: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal?.aborted === true) throw new Interrupted('aborted', signal.reason)
  const controller = new AbortController()
  return new Promise<T>((resolve, reject) => {
    const interrupt = (error: Interrupted): void => {
      clear()
      // First: aborting makes `work` fail with an error of its own.
      reject(error)
      controller.abort(error)
    }
    const onAbort = (): void => {
      interrupt(new Interrupted('aborted', signal?.reason))
    }
    const cancel = environment.after(milliseconds, () => {
      interrupt(new Interrupted('timeout'))
    })
    const clear = (): void => {
      cancel()
      signal?.removeEventListener('abort', onAbort)
    }
    signal?.addEventListener('abort', onAbort)
    work(controller.signal).finally(clear).then(resolve, reject)
  })
}
