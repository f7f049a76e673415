import { pageBody } from '../src/core/frames.ts'
import { LIMITS } from '../src/core/limits.ts'
import { type Metrics, NO_METRICS } from '../src/core/metrics.ts'
import type { DeviceLedger, EventLog, Logger, Revocations, TokenVerifier } from '../src/core/ports.ts'
import { parseRecentQuery, type RecentQuery, readLog } from '../src/core/read.ts'
import { isRevoked, tellRevoked } from '../src/core/revoked.ts'
import { answering, type HttpHandler, identify, json, unauthorized } from './shared/http.ts'

export interface Dependencies {
  readonly log: EventLog
  readonly devices: DeviceLedger
  readonly revocations: Revocations
  readonly verifier: TokenVerifier
  readonly logger: Logger
  readonly metrics?: Metrics
}

/** `GET /api/v1/events/recent`: the log of the token's user, whom no parameter can change. */
export function createHandler(dependencies: Dependencies): HttpHandler {
  const { log, devices, revocations, logger, metrics = NO_METRICS } = dependencies
  return answering(logger, async (event) => {
    const { userId, issuedAt } = await identify(dependencies, event)
    const query = parseRecentQuery(event.rawQueryString)
    const limits = { events: query.limit, bytes: LIMITS.pageBytes }
    // At the same time: the one is as good as never, and nobody should wait for it.
    const [result, revoked] = await Promise.all([
      readLog(log, userId, query.cursor, limits),
      isRevoked(revocations, userId, issuedAt),
    ])
    if (revoked) {
      tellRevoked(dependencies, userId, event.requestContext.http.path)
      throw unauthorized()
    }
    metrics.add('polls', 1)
    metrics.add('polledEvents', result.entries.length)
    // A cursor that the log does not know says nothing about what was applied.
    if (!result.truncated) await acknowledge(devices, userId, query, result.head)
    return json(200, pageBody(result))
  })
}

/** A device without a socket cannot send acks: by asking for what comes after an offset it says that it has that one. */
async function acknowledge(
  devices: DeviceLedger,
  userId: string,
  { cursor, device }: RecentQuery,
  head: number,
): Promise<void> {
  if (device === undefined || cursor.kind !== 'after' || cursor.offset === 0) return
  await devices.acknowledge(userId, device, Math.min(cursor.offset, head))
}
