import type { Answer } from './answer.ts'
import { bounded, Interrupted } from './bounded.ts'
import type { Environment } from './environment.ts'
import { FailedTry } from './failed-try.ts'
import type { FetchAnswer, Target } from './options.ts'
import { retryAfterOf } from './retry-after.ts'

/** How long one try may take, and who may end it before. */
export interface Bounds {
  readonly milliseconds: number
  readonly signal: AbortSignal | undefined
}

/** @throws FailedTry `no_token`, `aborted`; nothing was sent then */
export async function fetchToken(
  { getToken }: Target,
  renew: boolean,
  { milliseconds, signal }: Bounds,
  environment: Environment,
): Promise<string> {
  let token: unknown
  try {
    token = await bounded(environment, milliseconds, signal, async () => getToken({ renew }))
  } catch (error) {
    throw tokenFailure(error, milliseconds)
  }
  // What is no token would come back in the message of the error that `fetch` throws at it.
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return token
  const what = typeof token === 'string' ? 'a string that is empty, or has blanks in it' : typeof token
  throw new FailedTry(`getToken gave ${what}; it must give a JSON Web Token`, { code: 'no_token' })
}

function tokenFailure(error: unknown, milliseconds: number): FailedTry {
  const message = (reason: string): string => `getToken ${reason}; without a token nothing can be published`
  const facts = { code: 'no_token', passes: true }
  if (!(error instanceof Interrupted)) {
    return new FailedTry(message(`failed (${reasonOf(error)})`), facts, { cause: error })
  }
  if (error.why === 'aborted') return aborted(error.cause, false)
  return new FailedTry(message(`gave none within ${seconds(milliseconds)}`), facts)
}

export interface Message {
  readonly body: string
  readonly token: string
  readonly respondAsync: boolean
}

/** Sends it once. @throws FailedTry `unreachable`, `timeout`, `aborted` */
export async function post(
  { fetch, url, origin }: Target,
  { body, token, respondAsync }: Message,
  { milliseconds, signal }: Bounds,
  environment: Environment,
): Promise<Answer> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    ...(respondAsync && { prefer: 'respond-async' }),
  }
  try {
    return await bounded(environment, milliseconds, signal, async (ended) =>
      answerOf(await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: ended })),
    )
  } catch (error) {
    throw postFailure(error, origin, milliseconds)
  }
}

async function answerOf(answer: FetchAnswer): Promise<Answer> {
  const { status, headers } = answer
  const text = await answer.text()
  return { status, text, retryAfter: retryAfterOf(headers), location: headers.get('location') }
}

function postFailure(error: unknown, origin: string, milliseconds: number): FailedTry {
  if (!(error instanceof Interrupted)) {
    return new FailedTry(
      `no answer from ${origin} (${reasonOf(error)}); is the server running, and httpUrl right?`,
      { code: 'unreachable', passes: true, reached: !wasNeverConnected(error) },
      { cause: error },
    )
  }
  if (error.why === 'aborted') return aborted(error.cause, true)
  return new FailedTry(
    `no answer from ${origin} within ${seconds(milliseconds)}; is it overloaded, or is tryTimeout too short?`,
    { code: 'timeout', passes: true, reached: true },
  )
}

/** The caller does not want it any more. */
export function aborted(reason: unknown, reached: boolean): FailedTry {
  return new FailedTry('the signal was aborted', { code: 'aborted', reached }, { cause: reason })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // `fetch` says only "fetch failed"; of several addresses that were tried the error has a code and no message.
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return cause.message === '' ? codeOf(cause) : cause.message
}

/** Node says in which system call it failed: before the connection was there nothing can have been sent. */
function wasNeverConnected(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(wasNeverConnected)
  const { syscall } = error as NodeJS.ErrnoException
  if (syscall === 'connect' || syscall === 'getaddrinfo') return true
  return codeOf(error) === 'UND_ERR_CONNECT_TIMEOUT' || wasNeverConnected(error.cause)
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.name
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 100) / 10} s`
}
