import { httpUrl } from './address.ts'
import { CliError } from './errors.ts'
import { parseAnswer, send } from './http.ts'
import { printableJson } from './printable.ts'

/** Publishes a body as it is and prints the server's answer; fails if any event of it was not taken. */
export async function emit(baseUrl: string, token: string, body: string): Promise<void> {
  const url = new URL('/api/v1/events', httpUrl(baseUrl))
  const { ok, status, text } = await send(url, { method: 'POST', token, body })
  if (!ok) throw new CliError(`the server refused: ${status} ${text}`)
  const answers = [parseAnswer(text, url)].flat()
  process.stdout.write(`${printableJson(text)}\n`)
  const refused = answers.filter(
    (answer) => typeof answer === 'object' && answer !== null && 'error' in answer,
  )
  if (refused.length > 0) throw new CliError(`${refused.length} of ${answers.length} events were refused`)
}
