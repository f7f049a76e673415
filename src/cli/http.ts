import { CliError } from './errors.ts'

export interface Answer {
  readonly ok: boolean
  readonly status: number
  readonly text: string
}

export interface Call {
  readonly method?: string
  readonly token: string
  /** JSON. */
  readonly body?: string
}

/** @throws CliError if there is no answer */
export async function send(url: URL, { method = 'GET', token, body }: Call): Promise<Answer> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
  try {
    const response = await fetch(url, { method, headers, ...(body !== undefined && { body }) })
    return { ok: response.ok, status: response.status, text: await response.text() }
  } catch (error) {
    throw new CliError(`no answer from ${url.origin} (${failureText(error)}); is the server running?`)
  }
}

/** Of what `fetch` throws: the reason is in its cause, or, of a host with several addresses, in the cause's code. */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? (error.cause as NodeJS.ErrnoException) : error
  return cause.message === '' ? ((cause as NodeJS.ErrnoException).code ?? cause.name) : cause.message
}

/** Something else may listen there, and answer 200 to everything. @throws CliError */
export function parseAnswer(text: string, url: URL): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CliError(`what ${url.origin} answers is not JSON; is it an event-fanout server?`)
  }
}
