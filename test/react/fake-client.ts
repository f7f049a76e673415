import type {
  Arrival,
  EventClient,
  Handler,
  RefetchReason,
  Unsubscribe,
} from '../../src/client/event-client.ts'
import type { EventOf, TypeOf } from '../../src/client/event-map.ts'
import type { Status } from '../../src/client/status.ts'

export interface AppEvents {
  SESSION_COMPLETED: { readonly sessionId: string }
  SESSION_CANCELLED: { readonly sessionId: string; readonly reason?: string }
}

type Received = (event: EventOf<AppEvents>, arrival: Arrival) => unknown

/** A client without a server: the test says what comes, and sees who is subscribed. */
export class FakeClient implements EventClient<AppEvents> {
  readonly name: string
  readonly offset = undefined
  readonly device = undefined
  status: Status = { state: 'connecting' }
  closed = false
  /** How often anybody has subscribed to events or refetches. */
  subscriptions = 0
  readonly #handlers = new Set<{ readonly type: string | undefined; readonly handler: Received }>()
  readonly #refetchers = new Set<(reason: RefetchReason) => unknown>()
  readonly #listeners = new Set<(status: Status) => void>()

  constructor(name = 'fake') {
    this.name = name
  }

  on<Type extends TypeOf<AppEvents>>(type: Type, handler: Handler<EventOf<AppEvents, Type>>): Unsubscribe {
    return this.#subscribe(this.#handlers, { type, handler: handler as Received })
  }

  onAny(handler: Handler<EventOf<AppEvents>>): Unsubscribe {
    return this.#subscribe(this.#handlers, { type: undefined, handler })
  }

  onRefetch(handler: (reason: RefetchReason) => unknown): Unsubscribe {
    return this.#subscribe(this.#refetchers, handler)
  }

  onStatus(listener: (status: Status) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  check(): void {
    // It has nothing to look at.
  }

  close(): void {
    this.closed = true
    this.enter({ state: 'closed' })
  }

  /** Hands an event to whom it concerns, and gives what they returned. A closed client hands out nothing. */
  receive(type: TypeOf<AppEvents>, sessionId: string): unknown[] {
    const event: EventOf<AppEvents> = { type, id: `id of ${sessionId}`, sessionId }
    const concerned = [...this.#handlers].filter((entry) => entry.type === undefined || entry.type === type)
    return this.closed ? [] : concerned.map(({ handler }) => handler(event, { offset: 7, via: 'push' }))
  }

  refetch(reason: RefetchReason): unknown[] {
    return [...this.#refetchers].map((handler) => handler(reason))
  }

  enter(status: Status): void {
    this.status = status
    for (const listener of this.#listeners) listener(status)
  }

  /** How many are subscribed to events or refetches now. */
  get subscribers(): number {
    return this.#handlers.size + this.#refetchers.size
  }

  get statusListeners(): number {
    return this.#listeners.size
  }

  #subscribe<Entry>(entries: Set<Entry>, entry: Entry): Unsubscribe {
    this.subscriptions += 1
    entries.add(entry)
    return () => entries.delete(entry)
  }
}
