import { type FailureFacts, PublishError } from './publish-error.ts'

interface TryFacts extends FailureFacts {
  /** It may pass by itself: try again. */
  readonly passes?: boolean
  /** The event may be in a log all the same. */
  readonly reached?: boolean
  /** It is the event that is wrong. */
  readonly refused?: boolean
  /** Milliseconds that the server wants to be left alone for. */
  readonly retryAfter?: number | undefined
}

/** What the tries before this one have left. */
interface Tried {
  readonly id: string | undefined
  readonly mayBeThere: boolean
}

/** Why one try came to nothing. If it was the last, it becomes a `PublishError`. */
export class FailedTry extends Error {
  override readonly name = 'FailedTry'
  readonly facts: TryFacts

  constructor(message: string, facts: TryFacts, options?: ErrorOptions) {
    super(message, options)
    this.facts = facts
  }

  /** As the caller gets it. */
  of({ id, mayBeThere }: Tried, attempts: number): PublishError {
    const { refused = false } = this.facts
    const tries = attempts > 1 ? ` (tried ${attempts} times)` : ''
    const again = id === undefined ? 'unchanged' : `with the id ${JSON.stringify(id)}`
    const hint =
      mayBeThere && !refused
        ? `; the event may have been published all the same, so publish it again ${again}, which never duplicates it`
        : ''
    return new PublishError(
      `${this.message}${tries}${hint}`,
      { ...this.facts, refused, mayHaveBeenPublished: mayBeThere, attempts, id },
      this.cause === undefined ? undefined : { cause: this.cause },
    )
  }
}
