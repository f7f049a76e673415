import type { Context } from './context.ts'
import { HANDLER } from './limits.ts'
import type { Progress } from './progress.ts'
import { within } from './within.ts'

/** Hands items to the app's handlers, one after the other. */
export interface Applier<Item> {
  readonly add: (item: Item) => void
  /** How many are not applied yet. */
  readonly waiting: () => number
  readonly stop: () => void
}

/**
 * @param handle calls the app's handlers
 * @param progress told when they have returned, or failed, or taken too long: the next item has its turn
 * @param drained called when there is one less, and perhaps room again
 */
export function createApplier<Item extends { readonly offset: number }>(
  context: Context,
  handle: (item: Item) => unknown,
  progress: Progress,
  drained: () => void,
): Applier<Item> {
  let queue: Item[] = []
  let isRunning = false

  const run = async (): Promise<void> => {
    isRunning = true
    for (let item; (item = queue[0]);) {
      const { offset } = item
      await within(context, HANDLER, 'return', handle(item))
        .catch((error: unknown) => {
          progress.failed(offset, error)
        })
        // Of some errors there is no text.
        .catch(() => undefined)
      // It was stopped meanwhile, or by the handler itself.
      if (queue[0] !== item) return
      progress.applied(offset)
      queue.shift()
      drained()
    }
    isRunning = false
  }

  return {
    add: (item) => {
      queue.push(item)
      if (!isRunning) void run()
    },
    waiting: () => queue.length,
    stop: () => {
      queue = []
      // What still comes is not handled any more.
      isRunning = true
    },
  }
}
