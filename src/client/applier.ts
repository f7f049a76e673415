import type { Environment } from './environment.ts'
import type { Timing } from './timing.ts'
import { within } from './within.ts'

export interface ApplierOptions<Item> {
  /** Calls the app's handlers. */
  readonly handle: (item: Item) => unknown
  /** The handlers have returned, or failed, or taken too long: the next item has its turn. */
  readonly applied: (item: Item) => void
  readonly failed: (item: Item, error: unknown) => void
  /** Room again for what `hasRoom` refused. */
  readonly drained: () => void
}

/** Hands items to the app's handlers, one after the other. */
export interface Applier<Item> {
  readonly add: (item: Item) => void
  readonly hasRoom: () => boolean
  readonly isIdle: () => boolean
  readonly stop: () => void
}

/** As many as a page has. More are left with the server until the app has caught up. */
const ROOM = 100

export function createApplier<Item>(
  environment: Environment,
  timing: Timing,
  { handle, applied, failed, drained }: ApplierOptions<Item>,
): Applier<Item> {
  let queue: Item[] = []
  let running = false

  const run = async (): Promise<void> => {
    running = true
    for (let item; (item = queue[0]) !== undefined;) {
      try {
        await within(environment, timing.handler, 'return of a handler', handle(item))
      } catch (error) {
        failed(item, error)
      }
      // It was stopped meanwhile, or by the handler itself.
      if (queue[0] !== item) break
      applied(item)
      queue.shift()
      if (queue.length === ROOM / 2) drained()
    }
    running = false
  }

  return {
    add: (item) => {
      queue.push(item)
      if (!running) void run()
    },
    hasRoom: () => queue.length < ROOM,
    isIdle: () => queue.length === 0,
    stop: () => {
      queue = []
    },
  }
}
