import type { EventClient } from '../client/event-client.ts'

/** Holds the client that an effect has created, as a store that React can read. */
export class ClientSlot<Events> {
  #client: EventClient<Events> | undefined
  readonly #listeners = new Set<() => void>()

  readonly client = (): EventClient<Events> | undefined => this.#client

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  put(client: EventClient<Events> | undefined): void {
    this.#client = client
    for (const listener of this.#listeners) listener()
  }
}
