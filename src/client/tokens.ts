import type { Context } from './context.ts'
import { ANSWER, LEAST } from './limits.ts'
import { Unauthorized } from './unauthorized.ts'
import { within } from './within.ts'

/** The user's token, fetched when it is needed and kept until shortly before its end. */
export interface Tokens {
  /** @throws Unauthorized for what cannot be the user's token; what `getToken` throws */
  readonly get: () => Promise<string>
  /** The server refused it: the next `get` fetches another. */
  readonly refuse: () => void
  /** Milliseconds until the kept one should be replaced. `Infinity`: not before the server refuses it. */
  readonly left: () => number
}

interface Claims {
  readonly sub: string
  /** Seconds since 1970. */
  readonly exp: number
}

declare function atob(base64: string): string

/** @param admit told whose token it is before anything is done with it; throws `Unauthorized` for somebody else's */
export function createTokens(context: Context, admit: (user: string) => Promise<void>): Tokens {
  const { now } = context
  let kept = ''
  /** When to replace it. */
  let until = 0
  let fetching: Promise<string> | undefined

  const fetchToken = async (): Promise<string> => {
    const token = await within(context, ANSWER, 'token', context.getToken({ renew: kept !== '' }))
    const { sub, exp } = claimsOf(token)
    await admit(sub)
    const life = exp * 1000 - now()
    // One that has ended by this device's clock: the clock may be wrong, so the server decides.
    until = life > 0 ? now() + Math.max(LEAST, life * 0.9) : Infinity
    return (kept = token.trim())
  }

  const left = (): number => until - now()

  return {
    // A timer that was set for the end of `left` may fire a little early.
    get: async () =>
      left() > 1000 ? kept : (fetching ??= fetchToken().finally(() => (fetching = undefined))),
    refuse: () => {
      until = 0
    },
    left,
  }
}

/** Read, not verified: that is the server's business. */
function claimsOf(token: string): Claims {
  try {
    const [, payload = ''] = /^\s*[\w-]+\.([\w-]+)\.[\w-]+\s*$/.exec(token) ?? []
    return JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/'))) as Claims
  } catch {
    throw new Unauthorized('getToken gave no JSON Web Token')
  }
}
