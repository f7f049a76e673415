import { PROBLEMS, type ProblemCode } from '../../core/codes.ts'
import { LIMITS } from '../../core/limits.ts'
import { failureText } from '../http.ts'
import { readUpTo } from './reading.ts'

/** Of one answer, in bytes: more than any of the server's. */
const MOST_READ = 2 * LIMITS.pageBytes

/** What a request came to. */
export interface Exchange {
  /** Before it went and after its answer was there, in milliseconds since 1970. */
  readonly begunAt: number
  readonly endedAt: number
  /** Nothing if there was no answer; then `failure` says why. */
  readonly answer?: WebAnswer
  readonly failure?: string
}

export interface WebAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body, if it is a JSON object. */
  readonly fields?: Readonly<Record<string, unknown>>
}

/**
 * Asks once, until the signal at the latest. Never rejects; a redirect is an answer, for following it would turn a POST into a GET.
 *
 * @param clean takes out what must not be shown, before anything cuts the text
 */
export async function exchange(
  url: URL,
  init: RequestInit,
  signal: AbortSignal,
  clean: (text: string) => string,
): Promise<Exchange> {
  const begunAt = Date.now()
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal })
    const { text: body, error } = await readUpTo(MOST_READ, response.body ?? [])
    if (error !== undefined) throw error
    const text = clean(body)
    const fields = fieldsOf(text)
    const answer = { status: response.status, headers: response.headers, text, ...(fields && { fields }) }
    return { begunAt, endedAt: Date.now(), answer }
  } catch (error) {
    const endedAt = Date.now()
    const failure = signal.aborted ? `no answer within ${endedAt - begunAt} ms` : failureText(error)
    return { begunAt, endedAt, failure }
  }
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** The code of one of the server's problem documents. */
export function problemCode({ answer }: Exchange): ProblemCode | undefined {
  const code = answer?.fields?.['code']
  return typeof code === 'string' && Object.hasOwn(PROBLEMS, code) ? (code as ProblemCode) : undefined
}

/** What came, in a few words. */
export function cameText({ answer, failure = '' }: Exchange): string {
  if (answer === undefined) return failure
  const { status, headers, text, fields } = answer
  const location = headers.get('location')
  if (location !== null) return `${status} to ${location}`
  const detail = fields?.['detail'] ?? fields?.['message']
  if (typeof detail === 'string') return `${status} ${detail}`
  const type = headers.get('content-type')?.split(';')[0] ?? 'without a content type'
  return `${status} ${type} ${JSON.stringify(shortened(text))}`
}

/** On one line. */
export function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 60)}…` : line
}

/** Whether the answer is that of event-fanout's API, good or bad. */
export function isOurs(came: Exchange): boolean {
  return problemCode(came) !== undefined || isPage(came)
}

/** Whether it is a page of a log, as polls and `resume` answer it. */
export function isPage({ answer }: Exchange): boolean {
  return (
    answer?.status === 200 &&
    Array.isArray(answer.fields?.['events']) &&
    typeof answer.fields['head'] === 'number'
  )
}
