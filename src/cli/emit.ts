import { CliError } from './errors.ts'

/** Publishes a body as it is and prints the server's answer; fails if any event of it was not taken. */
export async function emit(baseUrl: string, token: string, body: string): Promise<void> {
  const url = new URL('/api/v1/events', httpUrl(baseUrl))
  const { ok, status, text } = await send(url, token, body)
  if (!ok) throw new CliError(`the server refused: ${status} ${text}`)
  const answers = [parse(text, url)].flat()
  process.stdout.write(`${text}\n`)
  const refused = answers.filter(
    (answer) => typeof answer === 'object' && answer !== null && 'error' in answer,
  )
  if (refused.length > 0) throw new CliError(`${refused.length} of ${answers.length} events were refused`)
}

function httpUrl(text: string): URL {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text)
  throw new CliError(`"${text}" is not an address; it looks like http://127.0.0.1:3000`)
}

/** Something else may listen there, and answer 200 to everything. */
function parse(text: string, url: URL): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CliError(`what ${url.origin} answers is not JSON; is it an event-fanout server?`)
  }
}

interface Answer {
  readonly ok: boolean
  readonly status: number
  readonly text: string
}

async function send(url: URL, token: string, body: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  try {
    const response = await fetch(url, { method: 'POST', headers, body })
    return { ok: response.ok, status: response.status, text: await response.text() }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    throw new CliError(`no answer from ${url.origin} (${cause}); is the server running?`)
  }
}
