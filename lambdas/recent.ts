import { pageBody } from '../src/core/frames.ts'
import { LIMITS } from '../src/core/limits.ts'
import { type Metrics, NO_METRICS } from '../src/core/metrics.ts'
import { noteDevice } from '../src/core/note-device.ts'
import type { DeviceLedger, EventLog, Logger, Revocations, TokenVerifier } from '../src/core/ports.ts'
import { type Cursor, parseRecentQuery, type ReadResult, readLog } from '../src/core/read.ts'
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
  const { log, revocations, logger, metrics = NO_METRICS } = dependencies
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
    if (query.device !== undefined) await tellLedger(dependencies, userId, query.device, query.cursor, result)
    return json(200, pageBody(result))
  })
}

/** A device without a socket cannot send acks: by asking for what comes after an offset it says that it has that one. */
async function tellLedger(
  dependencies: Dependencies,
  userId: string,
  device: string,
  cursor: Cursor,
  { entries, head, truncated }: ReadResult,
): Promise<void> {
  if (cursor.kind !== 'after') {
    await noteDevice(dependencies, userId, device, { begins: entries[0] ? entries[0].offset - 1 : head })
  } else if (truncated) {
    // A cursor that the log does not know says nothing about what was applied.
    await noteDevice(dependencies, userId, device, { begins: head })
  } else if (cursor.offset === 0) {
    await noteDevice(dependencies, userId, device, { after: 0 })
  } else {
    await acknowledge(dependencies, userId, device, Math.min(cursor.offset, head))
  }
}

/** Nobody's events wait, or fail, for it: acknowledgements are cumulative, so the next poll says it again. */
async function acknowledge(
  { devices, logger }: Dependencies,
  userId: string,
  device: string,
  offset: number,
): Promise<void> {
  await devices.acknowledge(userId, device, offset, 'poll').catch((error: unknown) => {
    logger.error({ err: error, userId, device }, 'acknowledgement of a poll could not be written')
  })
}
