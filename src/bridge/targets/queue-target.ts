import { FanoutError } from '../../core/errors.ts'
import type { AcceptedEvent } from '../../core/event.ts'
import type { EventQueue } from '../../core/ports.ts'
import { reasonOf } from '../message.ts'
import { failed, type Outcome, type Target } from './target.ts'

/** As many as one call of SQS takes. One try of more would take too long where each call fails only when its time is up. */
const AT_ONCE = 10

/** A queue whose consumer publishes: on AWS, SQS FIFO. What it has, it brings to the logs. */
export function queueTarget(name: string, queue: EventQueue): Target {
  const send = async (events: readonly AcceptedEvent[]): Promise<readonly Outcome[]> => {
    try {
      const errors = await queue.send(events)
      // Nothing at all says that the queue has it, so an answer that is missing would say so as well.
      if (errors.length !== events.length) throw new Error('the queue did not answer for each event')
      return errors.map(outcomeOf)
    } catch (error) {
      return events.map(() => failed(error))
    }
  }
  return {
    name,
    publish: async (events, signal) => {
      const outcomes: Outcome[] = []
      while (outcomes.length < events.length && !signal.aborted && !outcomes.some(isFailure)) {
        outcomes.push(...(await send(events.slice(outcomes.length, outcomes.length + AT_ONCE))))
      }
      return events.map((_, i) => outcomes[i] ?? failed(notSent(outcomes.find(isFailure))))
    },
  }
}

function isFailure(outcome: Outcome): outcome is Extract<Outcome, { status: 'failed' }> {
  return outcome.status === 'failed'
}

function notSent(cause: Extract<Outcome, { status: 'failed' }> | undefined): Error {
  return cause === undefined
    ? new Error('not sent: the bridge ends')
    : new Error('not sent: one before it was not taken', { cause: cause.error })
}

function outcomeOf(error: Error | undefined): Outcome {
  if (error === undefined) return { status: 'published' }
  if (!(error instanceof FanoutError) || error.code === 'unavailable') return failed(error)
  return { status: 'refused', reason: reasonOf(error) }
}
