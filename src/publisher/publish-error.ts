/**
 * Why an event was not published. Stable: compare it; messages may change. Beside these every `code` of a problem that
 * docs/publishing.md lists.
 *
 * - `unreachable`: no connection to the server (of `emit`: to Redis), or it broke before the answer was there
 * - `timeout`: no answer in time
 * - `unavailable`: the server, or what is in front of it, could not take it now; of `emit`: Redis answered with an error, which the
 *   message has
 * - `unauthorized`: the server refuses the token, a renewed one as well
 * - `no_token`: `getToken` rejected, took too long, or gave something that is no token
 * - `bad_answer`: what answers is no event-fanout server, or it is behind something that answers in its place
 * - `aborted`: the caller's signal
 * - `invalid_event`, `event_too_large`: as the server's, but it was found out before anything was sent
 * - `not_sent`: of `publishAll`, an earlier batch was not taken, and this event must not overtake it
 */
export type PublishErrorCode =
  | 'unreachable'
  | 'timeout'
  | 'unavailable'
  | 'unauthorized'
  | 'no_token'
  | 'bad_answer'
  | 'aborted'
  | 'invalid_event'
  | 'event_too_large'
  | 'not_sent'
  | (string & {})

/** What is known of a failure. */
export interface FailureFacts {
  readonly code: PublishErrorCode
  /** The answer's, or in an array the event's own. */
  readonly status?: number | undefined
  /** JSON Pointer (RFC 6901) to the field that is wrong. */
  readonly path?: string | undefined
  readonly limit?: number | undefined
  readonly actual?: number | undefined
}

interface PublishErrorFacts extends FailureFacts {
  readonly refused: boolean
  readonly mayHaveBeenPublished: boolean
  readonly attempts: number
  readonly id: string | undefined
}

/** An event that is not known to be published. Publishing it again, with the same `id`, never duplicates it. */
export class PublishError extends Error implements FailureFacts {
  override readonly name = 'PublishError'
  readonly code: PublishErrorCode
  readonly status: number | undefined
  readonly path: string | undefined
  readonly limit: number | undefined
  readonly actual: number | undefined
  /** It is the event that is wrong: the same one will be refused again. Otherwise it may be taken later. */
  readonly refused: boolean
  /** Some try may have reached the log of some recipient. If so, do not forget the event: publish it again. */
  readonly mayHaveBeenPublished: boolean
  /** How often it was sent, or was about to be. Of `emit` once, though the Redis client may have sent it again by itself. */
  readonly attempts: number
  /**
   * The event's `id`, also one that this publisher gave it: publish it again with this one. `undefined` where the server derives it
   * from the content: publish it again unchanged.
   */
  readonly id: string | undefined

  constructor(message: string, facts: PublishErrorFacts, options?: ErrorOptions) {
    super(message, options)
    this.code = facts.code
    this.status = facts.status
    this.path = facts.path
    this.limit = facts.limit
    this.actual = facts.actual
    this.refused = facts.refused
    this.mayHaveBeenPublished = facts.mayHaveBeenPublished
    this.attempts = facts.attempts
    this.id = facts.id
  }
}
