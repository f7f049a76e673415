import type { AcceptedEvent } from '../../core/event.ts'
import { utf8Bytes } from '../../core/json-text.ts'
import { platformEnvironment } from '../../publisher/environment.ts'
import { deliverInTurn } from '../../publisher/in-turn.ts'
import type { Item } from '../../publisher/item.ts'
import { type PublisherOptions, targetOf } from '../../publisher/options.ts'
import type { PublishError } from '../../publisher/publish-error.ts'
import type { Outcome as Published } from '../../publisher/results.ts'
import { failed, type Outcome, type Target } from './target.ts'

export type HttpTargetOptions = Pick<PublisherOptions, 'httpUrl' | 'getToken' | 'fetch'>

/** One try, in milliseconds. What fails is tried again by the bridge, which then can also say so. */
const TRY = 10_000

/** An event-fanout server, by HTTP: what the publisher of `event-fanout/publisher` does, with texts that are events already. */
export function httpTarget(options: HttpTargetOptions): Target {
  const target = targetOf({ ...options, tryTimeout: TRY, deadline: TRY })
  const means = { target, environment: platformEnvironment, retries: false }
  return {
    name: target.origin,
    publish: async (events, signal) => {
      try {
        return (await deliverInTurn(events.map(itemOf), means, { signal })).map(outcomeOf)
      } catch (error) {
        return events.map(() => failed(error))
      }
    },
  }
}

function itemOf({ id, text }: AcceptedEvent): Item {
  return { text, bytes: utf8Bytes(text), id, mayBeThere: false }
}

function outcomeOf(outcome: Published): Outcome {
  if (!('error' in outcome))
    return { status: 'queued' in outcome || !outcome.duplicate ? 'published' : 'duplicate' }
  const { error } = outcome
  if (!error.refused) return failed(inWords(error))
  const { code, message, path } = error
  return { status: 'refused', reason: { code, message, ...(path !== undefined && { path }) } }
}

/** For whoever runs a bridge, and knows nothing of the publisher's options. */
function inWords(error: PublishError): PublishError {
  error.message =
    error.code === 'unauthorized'
      ? 'the token is refused (401), and why is in the log of the server: give one that it takes'
      : error.message.replace('httpUrl', 'its address')
  return error
}
