import { pageBody } from '../src/core/frames.ts'
import { LIMITS } from '../src/core/limits.ts'
import type { DeviceLedger, EventLog, Logger, TokenVerifier } from '../src/core/ports.ts'
import { parseRecentQuery, type RecentQuery, readLog } from '../src/core/read.ts'
import { answering, type HttpHandler, identify, json } from './shared/http.ts'

export interface Dependencies {
  readonly log: EventLog
  readonly devices: DeviceLedger
  readonly verifier: TokenVerifier
  readonly logger: Logger
}

/** `GET /api/v1/events/recent`: the log of the token's user, whom no parameter can change. */
export function createHandler({ log, devices, verifier, logger }: Dependencies): HttpHandler {
  return answering(logger, async (event) => {
    const { userId } = await identify(verifier, logger, event)
    const query = parseRecentQuery(event.rawQueryString)
    const limits = { events: query.limit, bytes: LIMITS.pageBytes }
    const result = await readLog(log, userId, query.cursor, limits)
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
