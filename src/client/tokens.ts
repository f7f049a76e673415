import type { Environment } from './environment.ts'
import type { ConnectOptions } from './options.ts'
import type { Timing } from './timing.ts'
import { Unauthorized } from './unauthorized.ts'
import { within } from './within.ts'

/** The user's token, fetched when it is needed and kept until shortly before its end. */
export interface Tokens {
  /** @throws Unauthorized for what cannot be the user's token; what `getToken` throws */
  readonly get: () => Promise<string>
  /** The server refused it: the next `get` fetches another. */
  readonly refuse: () => void
  /** Milliseconds until the kept one should be replaced. `Infinity`: not before the server refuses it. */
  readonly remaining: () => number
}

interface Claims {
  readonly sub: string
  /** Seconds since 1970. */
  readonly exp: number
}

/** @param admit told whose token it is before anything is done with it; throws `Unauthorized` for somebody else's */
export function createTokens(
  environment: Environment,
  timing: Timing,
  getToken: ConnectOptions['getToken'],
  admit: (user: string) => Promise<void>,
): Tokens {
  let kept: string | undefined
  /** When to replace it. */
  let until = 0
  let renew = false
  let fetching: Promise<string> | undefined

  const fetchToken = async (): Promise<string> => {
    const token = await within(environment, timing.answer, 'token', getToken({ renew }))
    const { sub, exp } = claimsOf(token)
    await admit(sub)
    const now = environment.now()
    const life = exp * 1000 - now
    // One that has ended by this device's clock: the clock may be wrong, so the server decides.
    until = life > 0 ? now + Math.max(life - timing.tokenMargin, life * 0.75) : Infinity
    renew = true
    return (kept = token)
  }

  const remaining = (): number => until - environment.now()

  return {
    get: async () => {
      if (kept !== undefined && remaining() > 0) return kept
      return (fetching ??= fetchToken().finally(() => (fetching = undefined)))
    },
    refuse: () => {
      kept = undefined
    },
    remaining,
  }
}

/** Read, not verified: that is the server's business. */
function claimsOf(token: string): Claims {
  try {
    const [, payload = ''] = token.split('.')
    const base64 = payload.replace(/-/g, '+').replace(/_/g, '/')
    return JSON.parse((globalThis as unknown as { atob(text: string): string }).atob(base64)) as Claims
  } catch {
    throw new Unauthorized('getToken gave no JSON Web Token')
  }
}
