import type { FanoutError } from '../../core/errors.ts'
import type { AcceptedEvent } from '../../core/event.ts'
import type { Reason } from '../message.ts'

/** Where a bridge brings events to. */
export interface Target {
  /** As it may stand in a log. */
  readonly name: string
  /**
   * Takes events in the order given, and answers for each once it is safe there. Bounded in time; never rejects. An event that comes
   * after one that failed and shares a recipient with it is not taken, or events would overtake each other.
   *
   * @param signal gives up what is not sent yet
   */
  publish(events: readonly AcceptedEvent[], signal: AbortSignal): Promise<readonly Outcome[]>

  /** Told of what was refused before it came here, so that `fanout why` knows of it. Never rejects. */
  refused?(error: FanoutError): Promise<void>
}

/** `failed`: it is not known to be there, and has to be tried again. */
export type Outcome =
  | { readonly status: 'published' | 'duplicate' }
  | { readonly status: 'refused'; readonly reason: Reason }
  | { readonly status: 'failed'; readonly error: Error }

export function failed(error: unknown): Outcome {
  return { status: 'failed', error: error instanceof Error ? error : new Error(String(error)) }
}
