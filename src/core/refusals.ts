import { FanoutError } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { Clock, Logger, RefusalLedger } from './ports.ts'

export interface RefusalDependencies {
  readonly refusals?: RefusalLedger
  readonly clock: Clock
  readonly logger: Logger
}

/** Whether another try would end the same: `unavailable` is the one code that says nothing about the event. */
export function isFinal(error: unknown): error is FanoutError {
  return error instanceof FanoutError && error.code !== 'unavailable'
}

/**
 * Writes down why events were refused, for whoever asks later where they are. Of errors that name no event, and of those
 * that another try may mend, there is nothing to say. Never rejects: the publisher has to be answered in any case.
 */
export async function noteRefusals(
  { refusals, clock, logger }: RefusalDependencies,
  errors: readonly unknown[],
): Promise<void> {
  if (refusals === undefined) return
  await Promise.all(
    errors.map(async (error) => {
      if (!isFinal(error) || error.eventId === undefined) return
      const { eventId, code, message, facts } = error
      const path = facts.path === undefined ? {} : { path: cut(facts.path) }
      await refusals
        .note({ eventId, code, message: cut(message), ...path, at: clock.now() })
        .catch((failure: unknown) => {
          logger.error({ err: failure, eventId, code }, 'a refusal could not be written down')
        })
    }),
  )
}

/** A cut may leave half a character, and a key of an event may be one, which not every store takes. */
function cut(text: string): string {
  return text.slice(0, LIMITS.refusalLength).toWellFormed()
}
