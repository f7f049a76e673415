import type { PublishError } from './publish-error.ts'

/** The event is in the log of every recipient, on disk, and was pushed. */
export interface Published {
  readonly id: string
  /** An earlier publish of this event, or an earlier try, had done everything; the numbers are those of then. */
  readonly duplicate: boolean
  readonly recipients: readonly {
    readonly userId: string
    readonly offset: number
    /** How many were open. */
    readonly connections: number
    /** How many of them took it at once. */
    readonly sent: number
  }[]
}

/** With `respondAsync`: the server's queue has the event, and brings it to the logs. */
export interface Queued {
  readonly id: string
  readonly queued: true
}

/** What became of one event of several: what `publish` resolves to, or the error that it rejects with. */
export type Outcome<Result = Published | Queued> = Result | { readonly error: PublishError }
