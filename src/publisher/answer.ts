import { FailedTry } from './failed-try.ts'

/** What came back over HTTP. */
export interface Answer {
  readonly status: number
  readonly text: string
  /** Milliseconds that the server wants to be left alone for. */
  readonly retryAfter: number | undefined
  /** Of a redirect. */
  readonly location: string | null
}

export type Json = Readonly<Record<string, unknown>>

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Statuses below 500 that pass by themselves; 5xx all may. */
const PASSING = new Set([408, 425, 429])
/** The event itself is wrong: the same one would get the same answer. */
const REFUSING = new Set([400, 409, 413, 422])

/**
 * The JSON of a good answer.
 *
 * @param kind of one event's request a refusal is the event's; of an array's it says nothing about any event of it
 * @throws FailedTry
 */
export function readAnswer(answer: Answer, origin: string, kind: 'event' | 'array'): unknown {
  const { status, text, retryAfter } = answer
  const json = parse(text)
  if (status === 200 || status === 202) {
    if (json !== undefined) return json
    throw badAnswer(status, `what ${origin} answers is not JSON`)
  }
  if (status === 0 || (status >= 300 && status < 400)) throw redirected(answer, origin)
  if (isJson(json) && typeof json['code'] === 'string') throw problemFailure(json, status, kind, retryAfter)
  throw unexplained(status, origin, retryAfter)
}

/** An answer of a good status that is not the one of `POST /api/v1/events`. */
export function badAnswer(status: number, what: string): FailedTry {
  const message = `${what}; httpUrl must name an event-fanout server, with nothing in front that answers in its place`
  return new FailedTry(message, { code: 'bad_answer', status, reached: status < 300 })
}

/** A problem document (RFC 9457): the answer, or in an array's answer an event's own. */
export function problemFailure(
  problem: Json,
  status: number,
  kind: 'event' | 'array',
  retryAfter?: number,
): FailedTry {
  const code = String(problem['code'])
  const refused = kind === 'event' && REFUSING.has(status)
  const detail = textOf(problem['detail']) ?? textOf(problem['title']) ?? 'no reason was given'
  const path = textOf(problem['path'])
  const where = path === undefined || path === '' ? '' : `, at ${path}`
  return new FailedTry(`${detail} (${status} ${code}${where})`, {
    code,
    status,
    path,
    limit: numberOf(problem['limit']),
    actual: numberOf(problem['actual']),
    passes: passes(status),
    // Of an earlier try that comes to light only now it is not known whom it reached.
    reached: mayHaveReached(status) || code === 'retry_too_late',
    refused,
    retryAfter,
  })
}

/** Gateways and proxies answer without a code: then the status must do. */
function unexplained(status: number, origin: string, retryAfter: number | undefined): FailedTry {
  if (status === 401) {
    return new FailedTry(`${origin} refuses the token (401); getToken must give a valid one`, {
      code: 'unauthorized',
      status,
    })
  }
  if (!passes(status)) return badAnswer(status, `${origin} answers ${status} and not why`)
  return new FailedTry(`${origin} answers ${status}; try again later`, {
    code: 'unavailable',
    status,
    passes: true,
    reached: mayHaveReached(status),
    retryAfter,
  })
}

/** Not followed: the token would go to wherever it leads. */
function redirected({ status, location }: Answer, origin: string): FailedTry {
  const to =
    location !== null && URL.canParse(location, origin) ? new URL(location, origin).origin : 'elsewhere'
  return badAnswer(
    status,
    `${origin} redirects to ${to} (${status}), which is not followed, as the token is not for others`,
  )
}

function passes(status: number): boolean {
  return status >= 500 || PASSING.has(status)
}

/** 408 as well: what gives up waiting for a request may stand behind something that has sent it on already. */
function mayHaveReached(status: number): boolean {
  return status >= 500 || status === 408
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
