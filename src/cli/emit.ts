import { CliError } from './errors.ts'

/** Publishes a body as it is and prints the server's answer; fails if any event of it was not taken. */
export async function emit(baseUrl: string, token: string, body: string): Promise<void> {
  const url = new URL('/api/v1/events', httpUrl(baseUrl))
  const response = await send(url, token, body)
  const text = await response.text()
  if (!response.ok) throw new CliError(`the server refused: ${response.status} ${text}`)
  process.stdout.write(`${text}\n`)
  const answers = [JSON.parse(text) as unknown].flat()
  const refused = answers.filter(
    (answer) => typeof answer === 'object' && answer !== null && 'error' in answer,
  )
  if (refused.length > 0) throw new CliError(`${refused.length} of ${answers.length} events were refused`)
}

function httpUrl(text: string): URL {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text)
  throw new CliError(`"${text}" is not an address; it looks like http://127.0.0.1:3000`)
}

async function send(url: URL, token: string, body: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  try {
    return await fetch(url, { method: 'POST', headers, body })
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    throw new CliError(`no answer from ${url.origin} (${cause}); is the server running?`)
  }
}
