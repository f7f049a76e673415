import { FanoutError } from '../../core/errors.ts'
import type { Publisher } from '../../core/publish.ts'
import { reasonOf } from '../message.ts'
import { failed, type Outcome, type Target } from './target.ts'

/** The log of the process that the bridge runs in. */
export function logTarget(publisher: Pick<Publisher, 'publishAll' | 'refused'>): Target {
  return {
    name: 'the log of this process',
    publish: async (events) => {
      try {
        return (await publisher.publishAll(events)).map(outcomeOf)
      } catch (error) {
        return events.map(() => failed(error))
      }
    },
    refused: async (error) => publisher.refused(error),
  }
}

function outcomeOf(result: Awaited<ReturnType<Publisher['publishAll']>>[number]): Outcome {
  if (!(result instanceof Error)) return { status: result.duplicate ? 'duplicate' : 'published' }
  // `unavailable` is the one code that says nothing about the event.
  if (!(result instanceof FanoutError) || result.code === 'unavailable') return failed(result)
  return { status: 'refused', reason: reasonOf(result) }
}
