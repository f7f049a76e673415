import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import type { TokenRefusal } from '../core/codes.ts'
import { FanoutError, TokenRefused } from '../core/errors.ts'
import { isId } from '../core/ids.ts'
import type { Clock, Identity, TokenVerifier } from '../core/ports.ts'
import { VerifiedTokens } from './verified-tokens.ts'

export interface VerifierOptions {
  /** Where the keys come from: a secret shared with the issuer, or the issuer's published keys. */
  readonly keys: { readonly secret: string } | { readonly jwksUrl: URL }
  readonly clock: Clock
  /** Required value of `iss`, where given. */
  readonly issuer?: string
  /** Required value of `aud`, or one of its values, where given. */
  readonly audience?: string
}

/** RFC 7518, section 3.2: a key for HS256 has at least the hash's size. */
export const MIN_SECRET_BYTES = 32

/** Longer ones are not looked at: real tokens have 200 to 2,500 characters, and verifying costs time per byte. */
const MAX_TOKEN_LENGTH = 4096

/** How long an issuer's keys are used without asking for them again. With `TRUSTED_MS` of a token: how long one that was withdrawn still counts. */
const KEYS_KEPT_MS = 5 * 60 * 1000

/** How far the clocks of issuer and server may differ, in seconds. */
const LEEWAY = 5

/**
 * Verifies JSON Web Tokens. The algorithm follows from the kind of key, never from the token: otherwise a public key
 * could be used as an HS256 secret.
 */
export function createTokenVerifier(options: VerifierOptions): TokenVerifier {
  const check =
    'secret' in options.keys ? checkBySecret(options.keys.secret) : checkByJwks(options.keys.jwksUrl)
  const { issuer, audience, clock } = options
  const verified = new VerifiedTokens()
  return {
    async verify(token): Promise<Identity> {
      if (token === undefined || token === '') throw new TokenRefused('missing')
      if (token.length > MAX_TOKEN_LENGTH) throw new TokenRefused('too_long')
      const now = clock.now()
      const known = verified.get(token, now)
      if (known !== undefined) return known
      const payload = await check(token, {
        ...(issuer !== undefined && { issuer }),
        ...(audience !== undefined && { audience }),
        currentDate: new Date(now),
        clockTolerance: LEEWAY,
        requiredClaims: ['exp', 'sub'],
      })
      const identity = identityOf(payload, now)
      // One that was issued in the future means something else once its time has come.
      if (!isAhead(payload.iat, now)) verified.add(token, identity, now)
      return identity
    },
  }
}

type Rules = Parameters<typeof jwtVerify>[2]
type Check = (token: string, rules: Rules) => Promise<JWTPayload>

function checkBySecret(secret: string): Check {
  const bytes = new TextEncoder().encode(secret)
  if (bytes.length < MIN_SECRET_BYTES) {
    throw new Error(`the token secret has ${bytes.length} bytes; it needs at least ${MIN_SECRET_BYTES}`)
  }
  // Imported once: handing jose the bytes would import them for every token.
  const key = crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
  return async (token, rules) => {
    const verifying = async () => jwtVerify(token, await key, { ...rules, algorithms: ['HS256'] })
    // With the key at hand, nothing but the token can be at fault.
    return checked(verifying, () => new TokenRefused('malformed'))
  }
}

function checkByJwks(url: URL): Check {
  const keys: JWTVerifyGetKey = createRemoteJWKSet(url, { cacheMaxAge: KEYS_KEPT_MS })
  const algorithms = ['RS256', 'ES256', 'EdDSA']
  return async (token, rules) =>
    checked(async () => jwtVerify(token, keys, { ...rules, algorithms }), keysUnavailable)
}

type Verified = Pick<Awaited<ReturnType<typeof jwtVerify>>, 'payload' | 'protectedHeader'>

async function checked(
  verify: () => Promise<Verified>,
  otherwise: (error: unknown) => Error,
): Promise<JWTPayload> {
  const { payload, protectedHeader } = await verify().catch((error: unknown) => {
    throw refusalOf(error) ?? otherwise(error)
  })
  // jose understands one extension (`b64`); this project understands none, and must refuse what it does not understand.
  if (protectedHeader.crit !== undefined) throw new TokenRefused('unsupported_critical_header')
  return payload
}

function identityOf(payload: JWTPayload, now: number): Identity {
  if (!isId(payload.sub)) throw new TokenRefused('bad_subject')
  if (typeof payload.exp !== 'number' || !Number.isFinite(payload.exp)) throw new TokenRefused('no_expiry')
  const scope = payload['scope']
  return {
    userId: payload.sub,
    expiresAt: Math.min(Math.floor(payload.exp * 1000), Number.MAX_SAFE_INTEGER),
    issuedAt: issuedAt(payload.iat, now),
    scopes: typeof scope === 'string' ? scope.split(' ').filter((name) => name !== '') : [],
  }
}

/** A time that has not come yet would outlast every disconnection of its user: it counts as none. */
function issuedAt(iat: unknown, now: number): number {
  if (typeof iat !== 'number' || !Number.isFinite(iat) || isAhead(iat, now)) return 0
  return Math.floor(iat * 1000)
}

function isAhead(iat: unknown, now: number): boolean {
  return typeof iat === 'number' && iat * 1000 > now + LEEWAY * 1000
}

function refusalOf(error: unknown): TokenRefused | undefined {
  if (error instanceof errors.JWTExpired) return new TokenRefused('expired')
  if (error instanceof errors.JWTClaimValidationFailed) return new TokenRefused(claimRefusal(error))
  if (error instanceof errors.JOSEError && error.code in REFUSAL_OF) {
    return new TokenRefused(REFUSAL_OF[error.code as keyof typeof REFUSAL_OF])
  }
  return undefined
}

function keysUnavailable(error: unknown): FanoutError {
  const reason = error instanceof Error ? error.message : String(error)
  return new FanoutError('unavailable', `the issuer's keys cannot be had: ${reason}`)
}

const REFUSAL_OF = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'bad_signature',
  ERR_JOSE_ALG_NOT_ALLOWED: 'wrong_algorithm',
  ERR_JOSE_NOT_SUPPORTED: 'unsupported_critical_header',
  ERR_JWS_INVALID: 'malformed',
  ERR_JWT_INVALID: 'malformed',
  ERR_JWKS_NO_MATCHING_KEY: 'unknown_key',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'unknown_key',
} as const satisfies Record<string, TokenRefusal>

function claimRefusal({ claim, reason }: errors.JWTClaimValidationFailed): TokenRefusal {
  switch (claim) {
    case 'exp':
      return reason === 'missing' ? 'no_expiry' : 'bad_claim'
    case 'nbf':
      return reason === 'check_failed' ? 'not_yet_valid' : 'bad_claim'
    case 'sub':
      return 'bad_subject'
    case 'iss':
      return 'wrong_issuer'
    case 'aud':
      return 'wrong_audience'
    default:
      return 'bad_claim'
  }
}
