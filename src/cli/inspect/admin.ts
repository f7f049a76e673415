import type { Problem } from '../../core/errors.ts'
import { httpUrl } from '../address.ts'
import { CliError } from '../errors.ts'
import { type Answer, parseAnswer, send } from '../http.ts'
import { adminToken } from '../tokens.ts'

export interface AdminOptions {
  readonly url: string
  readonly token?: string
}

/** What a question to a server came to: its answer as text, and what it says. */
export interface Told<T> {
  readonly text: string
  readonly value: T
}

/**
 * Asks for what only an administrator may know.
 *
 * @param hint what to do if there is nothing at this path
 * @throws CliError that says what is wrong and what to do
 */
export async function ask<T>(
  { url, token }: AdminOptions,
  path: string,
  { method = 'GET', hint }: { readonly method?: string; readonly hint?: string } = {},
): Promise<Told<T>> {
  const address = new URL(path, httpUrl(url))
  const answer = await send(address, { method, token: await adminToken(token) })
  if (!answer.ok) throw new CliError(refusalText(answer, address, hint))
  return { text: answer.text, value: parseAnswer(answer.text, address) as T }
}

const SIGNED_HERE =
  'a token that is made here needs JWT_SECRET or DATA_DIR as the server has it; else give one, --token or FANOUT_ADMIN_TOKEN'

function refusalText({ status, text }: Answer, { origin }: URL, hint = 'look at the address'): string {
  const problem = problemIn(text)
  if (status === 401) return `the server refused the token (401), its log says why; ${SIGNED_HERE}`
  if (problem?.code === 'forbidden') {
    return 'the token lacks the scope events:admin (403); give one that has it, --token or FANOUT_ADMIN_TOKEN'
  }
  if (problem === undefined) {
    const said = text.trim().slice(0, 80)
    return `${origin} answers ${status} ${JSON.stringify(said)}, which event-fanout does not; is it the right address, and does nothing stand in between?`
  }
  if (status === 404) return `${problem.detail} (404); ${hint}`
  if (status >= 500) return `the server could not find out (${status}): ${problem.detail}`
  return `the server refused: ${status} ${problem.detail}`
}

function problemIn(text: string): Problem | undefined {
  try {
    const value = JSON.parse(text) as Partial<Problem> | null
    return typeof value?.code === 'string' && typeof value.detail === 'string'
      ? (value as Problem)
      : undefined
  } catch {
    return undefined
  }
}
