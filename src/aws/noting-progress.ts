import type { Logger } from '../core/ports.ts'
import type { QueueProgress } from './queue-progress.ts'

/** What a consumer of the queue answers: the messages that have to come again. */
interface BatchResult {
  readonly batchItemFailures: readonly unknown[]
}

/**
 * The handler, which after a batch of which anything is done with notes that the queue's consumer gets on. Of what comes
 * otherwise, by EventBridge say, nothing is noted. The note is for the health check alone: a failure of it is logged.
 */
export function notingProgress<R extends BatchResult>(
  { progress, logger }: { readonly progress: Pick<QueueProgress, 'consumed'>; readonly logger: Logger },
  handler: (event: unknown) => Promise<R | undefined>,
): (event: unknown) => Promise<R | undefined> {
  return async (event) => {
    const result = await handler(event)
    if (result !== undefined && result.batchItemFailures.length < recordsIn(event)) {
      await progress.consumed().catch((error: unknown) => {
        logger.warn({ err: error }, 'the mark for the health check could not be written')
      })
    }
    return result
  }
}

function recordsIn(event: unknown): number {
  return (event as { readonly Records: readonly unknown[] }).Records.length
}
