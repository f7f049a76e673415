import type { ManualTime } from './manual-time.ts'

interface Claims {
  readonly sub: string
  readonly exp: number
  readonly iat: number
}

const LEEWAY = 5_000

/** Issues the users' tokens and checks them, on the manual clock. */
export class FakeTokens {
  /** Well-formed, as far as a client can tell. */
  static readonly sample = 'aGVhZGVy.eyJzdWIiOiJ0cmFpbmVyLTEiLCJleHAiOjE3NjQwMDAwMDB9.c2lnbmF0dXJl'

  /** Refuses every token at the handshake and at polls. */
  areRefused = false
  issued = 0
  readonly #time: ManualTime
  #notBefore = 0

  constructor(time: ManualTime) {
    this.#time = time
  }

  /** @param lifetime milliseconds */
  issue({ user = 'trainer-1', lifetime = 3_600_000 } = {}): string {
    const now = this.#time.now()
    // Whole seconds, as issuers count them.
    const iat = Math.floor(now / 1000)
    const claims = { sub: user, exp: (now + lifetime) / 1000, iat, jti: ++this.issued }
    return `header.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`
  }

  /** Those issued so far open nothing any more. */
  revoke(): void {
    this.#notBefore = this.#time.now()
  }

  opens(token: string): boolean {
    const claims = claimsOf(token)
    if (claims === undefined || this.areRefused) return false
    return claims.exp * 1000 + LEEWAY > this.#time.now() && claims.iat * 1000 >= this.#notBefore
  }

  /** An open connection has no leeway. */
  hasEnded(token: string): boolean {
    return (claimsOf(token)?.exp ?? 0) * 1000 <= this.#time.now()
  }
}

function claimsOf(token: string): Claims | undefined {
  const [, payload = ''] = token.split('.')
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims
  } catch {
    return undefined
  }
}
