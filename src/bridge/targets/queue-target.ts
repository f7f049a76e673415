import { FanoutError } from '../../core/errors.ts'
import type { EventQueue } from '../../core/ports.ts'
import { reasonOf } from '../message.ts'
import { failed, type Outcome, type Target } from './target.ts'

/** A queue whose consumer publishes: on AWS, SQS FIFO. What it has, it brings to the logs. */
export function queueTarget(name: string, queue: EventQueue): Target {
  return {
    name,
    publish: async (events) => {
      try {
        return (await queue.send(events)).map(outcomeOf)
      } catch (error) {
        return events.map(() => failed(error))
      }
    },
  }
}

function outcomeOf(error: Error | undefined): Outcome {
  if (error === undefined) return { status: 'published' }
  if (!(error instanceof FanoutError) || error.code === 'unavailable') return failed(error)
  return { status: 'refused', reason: reasonOf(error) }
}
