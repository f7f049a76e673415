/** The messages of `docs/protocol.md`, as far as a client reads them. */

/** An event as it stands in a log. What it holds is the app's business. */
export interface LoggedEvent {
  readonly offset: number
  readonly event: { readonly type: string }
}

/** A part of a log: the answer to `resume`, and to a poll. */
export interface Page {
  readonly events: readonly LoggedEvent[]
  readonly head: number
  readonly more: boolean
  readonly truncated?: boolean
}

export type Frame =
  | ({ readonly type: 'event' } & LoggedEvent)
  | ({ readonly type: 'events' } & Page)
  | { readonly type: 'pong'; readonly head: number }
  | ErrorFrame

/** Without a `type` it is one of the gateway itself. */
export interface ErrorFrame {
  readonly type?: 'error'
  readonly code?: string
  readonly message: string
}
