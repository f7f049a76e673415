import type { EventOf, TypeOf } from './event-map.ts'
import type { Status } from './status.ts'

/** How an event came to this client. */
export interface Arrival {
  /** Its place in the user's log. */
  readonly offset: number
  /** Pushed at once, brought by a `resume` over the socket, or by a poll. */
  readonly via: 'push' | 'resume' | 'poll'
}

/**
 * An event counts as applied when all its handlers have returned; a promise is awaited. The next event waits for that. One that
 * throws, rejects or takes over 30 s is reported to the server, and the next event has its turn.
 */
export type Handler<Event> = (event: Event, arrival: Arrival) => unknown

/**
 * Why the app has to fetch its state from the backend now.
 *
 * - `start`: this client has no cursor and starts from now; state that was fetched earlier may lack an event
 * - `truncated`: it was away for longer than the server keeps events, or the server's log is another one
 */
export type RefetchReason = 'start' | 'truncated'

/** Undoes a subscription. */
export type Unsubscribe = () => void

/** One user's events, on this device. */
export interface EventClient<Events> {
  /** Calls the handler for each event of a type, in the log's order, each once while this client lives. */
  on<Type extends TypeOf<Events>>(type: Type, handler: Handler<EventOf<Events, Type>>): Unsubscribe
  /** Calls the handler for every event, of undeclared types as well. */
  onAny(handler: Handler<EventOf<Events>>): Unsubscribe
  /** Calls the handler when the app has to fetch its state. Events that come later wait until it has returned, at most 30 s. */
  onRefetch(handler: (reason: RefetchReason) => unknown): Unsubscribe
  readonly status: Status
  onStatus(listener: (status: Status) => void): Unsubscribe
  /** All up to here was applied, and is remembered. `undefined` as long as nothing was. */
  readonly offset: number | undefined
  /** Names this client in receipts. `undefined` until it has been read from the storage. */
  readonly device: string | undefined
  /**
   * Something changed from which the network may be back, or the app is looked at again: look now instead of later. In
   * browsers this happens by itself.
   */
  check(): void
  /** Ends it: sends the last ack, closes the socket, calls no handler any more. */
  close(): void
}
