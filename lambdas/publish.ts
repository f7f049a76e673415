import { SCOPES } from '../src/core/codes.ts'
import { problemOf } from '../src/core/errors.ts'
import type { Metrics } from '../src/core/metrics.ts'
import { type AcceptedEvent, parsePublishBody, type PublishBody } from '../src/core/event.ts'
import type { EventQueue, Logger, TokenVerifier } from '../src/core/ports.ts'
import type { Publisher, PublishResult } from '../src/core/publish.ts'
import { sha256 } from '../src/process/sha256.ts'
import {
  answering,
  bodyText,
  type HttpEvent,
  type HttpHandler,
  type HttpResult,
  json,
  publicError,
} from './shared/http.ts'
import { prefers } from './shared/prefer.ts'
import { requireScope } from './shared/scope.ts'

export interface Dependencies {
  readonly publisher: Publisher
  readonly verifier: TokenVerifier
  readonly logger: Logger
  readonly metrics?: Metrics
  /** Takes the events of callers who prefer not to wait; without it everybody waits, as RFC 7240 allows. */
  readonly queue?: EventQueue
}

const RESPOND_ASYNC = 'respond-async'

/** An event that is in the queue. A duplicate is found out, and a conflict refused, when it is published. */
interface Queued {
  readonly id: string
  readonly queued: true
}

/** `POST /api/v1/events`: one event, or an array of up to 100 that are answered each by itself. */
export function createHandler(dependencies: Dependencies): HttpHandler {
  const { publisher, logger, queue } = dependencies
  return answering(logger, async (event) => {
    await requireScope(dependencies, event, SCOPES.publish, 'publishing')
    const body = await parsed(publisher, event)
    if (queue !== undefined && prefers(event.headers['prefer'], RESPOND_ASYNC)) {
      const refused = body.kind === 'single' ? [] : body.items.filter((item) => item instanceof Error)
      await Promise.all(refused.map(async (error) => publisher.refused(error)))
      return enqueue(queue, logger, body)
    }
    if (body.kind === 'single') return json(200, JSON.stringify(await publisher.publish(body.event)))
    return json(200, renderItems(logger, await publisher.publishAll(body.items)))
  })
}

/** Whoever asks later where the event is finds why it was refused. */
async function parsed(publisher: Publisher, event: HttpEvent): Promise<PublishBody> {
  try {
    return parsePublishBody(bodyText(event), sha256)
  } catch (error) {
    // Where nothing was sent, no event is lost: whoever asks like that wants to know whether the token is good.
    if ((event.body ?? '') !== '') await publisher.refused(error)
    throw error
  }
}

async function enqueue(queue: EventQueue, logger: Logger, body: PublishBody): Promise<HttpResult> {
  if (body.kind === 'single') {
    const [failure] = await queue.send([body.event])
    if (failure !== undefined) throw failure
    return accepted(JSON.stringify(queued(body.event)))
  }
  const events = body.items.filter((item): item is AcceptedEvent => !(item instanceof Error))
  const failures = (await queue.send(events)).values()
  const items = body.items.map((item) =>
    item instanceof Error ? item : (failures.next().value ?? queued(item)),
  )
  // The preference was not applied where the queue has nothing.
  const text = renderItems(logger, items)
  return items.some((item) => !(item instanceof Error)) ? accepted(text) : json(200, text)
}

function queued({ id }: { readonly id: string }): Queued {
  return { id, queued: true }
}

function accepted(body: string): HttpResult {
  const answer = json(202, body)
  return { ...answer, headers: { ...answer.headers, 'preference-applied': RESPOND_ASYNC } }
}

function renderItems(logger: Logger, items: readonly (PublishResult | Queued | Error)[]): string {
  const rendered = items.map((item) =>
    item instanceof Error ? { error: problemOf(publicError(logger, item)) } : item,
  )
  return JSON.stringify(rendered)
}
