import type { EventClient } from '../client/event-client.ts'

/** Holds the client that an effect has created, as a store that React can read. */
export interface ClientSlot<Events> {
  readonly client: () => EventClient<Events> | undefined
  readonly subscribe: (listener: () => void) => () => void
  readonly put: (client: EventClient<Events> | undefined) => void
}

export function createClientSlot<Events>(): ClientSlot<Events> {
  let held: EventClient<Events> | undefined
  const listeners = new Set<() => void>()
  return {
    client: () => held,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    put: (client) => {
      held = client
      for (const listener of listeners) listener()
    },
  }
}
