import { SignJWT } from 'jose'

export interface TokenRequest {
  readonly userId: string
  /** Seconds from now; may be negative, to try what an expired token does. */
  readonly expiresIn: number
  readonly scope?: string
  readonly issuer?: string
  readonly audience?: string
}

/** Signs a token with the shared secret, as a backend's log-in would. For development and operations. */
export async function issueToken(secret: string, request: TokenRequest): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const token = new SignJWT(request.scope === undefined ? {} : { scope: request.scope })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(request.userId)
    .setIssuedAt(now)
    .setExpirationTime(now + request.expiresIn)
  if (request.issuer !== undefined) token.setIssuer(request.issuer)
  if (request.audience !== undefined) token.setAudience(request.audience)
  return token.sign(new TextEncoder().encode(secret))
}
