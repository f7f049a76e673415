import type { Unsubscribe } from './event-client.ts'

type Callback = (...argument: never[]) => unknown

/** Callbacks by what they are called for. The same function may be there twice; each subscription ends by itself. */
export interface Subscriptions {
  readonly add: (what: string, callback: Callback) => Unsubscribe
  /** Calls all of them at once; resolves when all have returned, or rejects with the first that failed. */
  readonly call: (what: readonly string[], ...argument: unknown[]) => Promise<void>
}

export function createSubscriptions(): Subscriptions {
  const all = new Set<[what: string, callback: Callback]>()
  return {
    add: (...subscription) => {
      all.add(subscription)
      return () => {
        all.delete(subscription)
      }
    },
    call: async (called, ...argument) => {
      const calls = [...all].map(
        async ([what, callback]) => called.includes(what) && callback(...(argument as never[])),
      )
      await Promise.allSettled(calls)
      await Promise.all(calls)
    },
  }
}
