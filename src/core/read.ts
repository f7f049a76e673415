import { isId } from './ids.ts'
import { LIMITS } from './limits.ts'
import type { EventLog, LogEntry, PageLimits } from './ports.ts'
import { invalidParameter, parameterIn } from './query.ts'

/**
 * Where a reader stands: `after` an offset it has, `since` a time (milliseconds), or nowhere: `newest`.
 */
export type Cursor =
  | { readonly kind: 'after'; readonly offset: number }
  | { readonly kind: 'since'; readonly time: number }
  | { readonly kind: 'newest' }

/** What a reader gets, over HTTP and over a socket alike. */
export interface ReadResult {
  readonly entries: readonly LogEntry[]
  readonly head: number
  readonly more: boolean
  /** The reader missed events that are no longer kept: it refetches its state and goes on from `head`. */
  readonly truncated: boolean
}

/** One page of a user's log. */
export async function readLog(
  log: EventLog,
  userId: string,
  cursor: Cursor,
  limits: PageLimits,
): Promise<ReadResult> {
  switch (cursor.kind) {
    case 'after':
      return readAfter(log, userId, cursor.offset, limits)
    case 'since':
      return readSince(log, userId, cursor.time, limits)
    case 'newest': {
      const { entries, head } = await log.newest(userId, limits)
      return { entries, head, more: false, truncated: false }
    }
  }
}

/** `after: 0` is "from the oldest kept", so nothing can be missing from it. */
async function readAfter(
  log: EventLog,
  userId: string,
  after: number,
  limits: PageLimits,
): Promise<ReadResult> {
  const { entries, head, more, gap } = await log.after(userId, after, limits)
  const truncated = after > head || (gap && after !== 0)
  return truncated ? { entries: [], head, more: false, truncated } : { entries, head, more, truncated }
}

async function readSince(
  log: EventLog,
  userId: string,
  time: number,
  limits: PageLimits,
): Promise<ReadResult> {
  const { cursor, complete } = await log.cursorAt(userId, time, LIMITS.sinceWalk)
  const { entries, head, more } = await log.after(userId, cursor, limits)
  return { entries, head, more, truncated: !complete }
}

/** What the query of `GET /api/v1/events/recent` asks for. */
export interface RecentQuery {
  readonly cursor: Cursor
  readonly limit: number
  /** Names the device whose progress `after` tells. */
  readonly device?: string
}

/**
 * Reads the query string of `recent`. Parameters that nobody knows are left alone, so that a proxy's or an app's own
 * (cache busters, trackers) do no harm.
 *
 * @throws FanoutError `invalid_query`, with the parameter as `path`
 */
export function parseRecentQuery(query: string): RecentQuery {
  const parameters = new URLSearchParams(query)
  const after = wholeNumber(parameters, 'after', 0, Number.MAX_SAFE_INTEGER)
  const since = wholeNumber(parameters, 'since', 0, Number.MAX_SAFE_INTEGER)
  const limit = wholeNumber(parameters, 'limit', 1, LIMITS.pageEvents) ?? LIMITS.pageEvents
  const device = parameterIn(parameters, 'device')
  if (device !== undefined && !isId(device)) {
    throw invalidParameter('device', `must be a name of 1 to ${LIMITS.idLength} characters`)
  }
  if (after !== undefined && since !== undefined) {
    throw invalidParameter('since', 'cannot go with after: start with since, go on with after')
  }
  return { cursor: cursorOf(after, since), limit, ...(device !== undefined && { device }) }
}

function cursorOf(after: number | undefined, since: number | undefined): Cursor {
  if (after !== undefined) return { kind: 'after', offset: after }
  return since === undefined ? { kind: 'newest' } : { kind: 'since', time: since }
}

function wholeNumber(
  parameters: URLSearchParams,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const text = parameterIn(parameters, name)
  if (text === undefined) return undefined
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw invalidParameter(name, `must be a whole number from ${min} to ${max}, not "${text.slice(0, 32)}"`)
}
