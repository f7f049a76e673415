import { FanoutError } from '../src/core/errors.ts'
import { isId } from '../src/core/ids.ts'
import { LIMITS } from '../src/core/limits.ts'
import type { EventLog, Logger, TokenVerifier } from '../src/core/ports.ts'
import { invalidParameter, parameterIn } from '../src/core/query.ts'
import { explain } from '../src/core/why/explain.ts'
import { entryAt, type EventWay, eventWay, type InspectDependencies } from '../src/core/why/event-way.ts'
import { type StatusDependencies, userStatus } from '../src/core/why/user-status.ts'
import type { Metrics } from '../src/core/metrics.ts'
import { answering, type HttpEvent, type HttpHandler, type HttpResult, json } from './shared/http.ts'
import { idInPath } from './shared/path.ts'
import { requireAdmin } from './shared/scope.ts'

export interface Dependencies extends InspectDependencies, StatusDependencies {
  readonly verifier: TokenVerifier
  readonly logger: Logger
  readonly metrics?: Metrics
}

/** What this function answers, by API Gateway's name of the route. All of it needs the scope `events:admin`. */
export const INSPECT_ROUTES = {
  'GET /api/v1/events/{id}/receipt': receipt,
  'GET /api/v1/events/{id}/why': why,
  'GET /api/v1/users/{id}/status': status,
} as const satisfies Readonly<Record<string, Answer>>

type Answer = (dependencies: Dependencies, event: HttpEvent) => Promise<HttpResult>

/** Where events and users stand: for whoever has to find out why a screen did not update. */
export function createHandler(dependencies: Dependencies): HttpHandler {
  return answering(dependencies.logger, async (event) => {
    await requireAdmin(dependencies, event, 'looking at receipts and users')
    const answer = new Map<string, Answer>(Object.entries(INSPECT_ROUTES)).get(event.routeKey)
    if (answer === undefined) throw new FanoutError('not_found', `there is no ${event.routeKey}`)
    return answer(dependencies, event)
  })
}

/** The event itself only where it is asked for: it may hold what whoever looks for it need not see. */
async function receipt(dependencies: Dependencies, event: HttpEvent): Promise<HttpResult> {
  const eventId = idInPath(event)
  const include = parameterIn(event.rawQueryString, 'include')
  if (include !== undefined && include !== 'event') throw invalidParameter('include', 'can only be "event"')
  const way = await eventWay(dependencies, eventId)
  if (way === undefined) {
    throw new FanoutError('not_found', `there is no receipt of the event ${JSON.stringify(eventId)}`)
  }
  const body = JSON.stringify(way)
  if (include === undefined || way.state === 'begun') return json(200, body)
  const text = await textOf(dependencies.log, way)
  return json(200, text === undefined ? body : `${body.slice(0, -1)},"event":${text}}`)
}

/** As it was published: every recipient's log has the same, as long as it is kept. */
async function textOf(log: EventLog, { recipients }: EventWay): Promise<string | undefined> {
  const kept = recipients.find(({ isKept }) => isKept)
  return kept && (await entryAt(log, kept.userId, kept.offset))?.text
}

async function why(dependencies: Dependencies, event: HttpEvent): Promise<HttpResult> {
  const eventId = idInPath(event)
  const userId = idIn(event, 'user')
  const device = idIn(event, 'device')
  if (userId === undefined) throw invalidParameter('user', 'is missing: whose screen is it about?')
  const question = { eventId, userId, ...(device !== undefined && { device }) }
  return json(200, JSON.stringify(await explain(dependencies, question)))
}

async function status(dependencies: Dependencies, event: HttpEvent): Promise<HttpResult> {
  return json(200, JSON.stringify(await userStatus(dependencies, idInPath(event))))
}

function idIn({ rawQueryString }: HttpEvent, name: string): string | undefined {
  const id = parameterIn(rawQueryString, name)
  if (id === undefined || isId(id)) return id
  throw invalidParameter(name, `must have 1 to ${LIMITS.idLength} characters`)
}
