import { type Scope, SCOPES } from '../core/codes.ts'
import { Refusal } from './refusal.ts'

/** In seconds. */
const GOOD = 3600
const ENDED = -60

/** @throws Refusal with the server's own words, if it gives none */
async function mint(userId: string, expiresIn: number, scope?: Scope): Promise<string> {
  const response = await fetch('/console/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId, expiresIn, ...(scope !== undefined && { scope }) }),
  })
  const answer = (await response.json()) as { readonly token?: string; readonly message?: string }
  if (response.ok && answer.token !== undefined) return answer.token
  throw new Refusal(answer.message ?? `POST /console/token is answered with ${response.status}`)
}

/** Where the page gets tokens from: the server's keys, or whoever uses the page. */
export interface Tokens {
  readonly forUser: (userId: string) => Promise<string>
  readonly forPublishing: () => Promise<string>
  /** For looking at the ways of events, and for disconnecting users. */
  readonly forAdmin: () => Promise<string>
  /** A token that has ended. Not to be had where tokens are pasted. */
  readonly ended?: (userId: string) => Promise<string>
}

export const mintedTokens: Tokens = {
  forUser: async (userId) => mint(userId, GOOD),
  forPublishing: async () => mint('console', GOOD, SCOPES.publish),
  forAdmin: async () => mint('console', GOOD, SCOPES.admin),
  ended: async (userId) => mint(userId, ENDED),
}

export interface PastedTokens {
  readonly trainer: string
  readonly student: string
  readonly publishing: string
  readonly admin: string
}

const NO_ADMIN =
  'no token with the scope events:admin was pasted; load this page again and paste one with the others'

/** Kept in memory alone: a reload asks for them again. */
export function pastedTokens(pasted: PastedTokens): Tokens {
  const ofUsers = new Map([pasted.trainer, pasted.student].map((token) => [subjectOf(token), token]))
  return {
    forUser: async (userId) => ofUsers.get(userId) ?? fail(`no token of ${userId} was pasted`),
    forPublishing: async () => pasted.publishing || fail('no token for publishing was pasted'),
    forAdmin: async () => pasted.admin || fail(NO_ADMIN),
  }
}

/** Whose token it is, unverified; `undefined` if it is no token. */
export function subjectOf(token: string): string | undefined {
  try {
    const base64 = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    const { sub } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly sub?: unknown }
    return typeof sub === 'string' && sub !== '' ? sub : undefined
  } catch {
    return undefined
  }
}

function fail(message: string): never {
  throw new Refusal(message)
}
