/** Tokens made by hand: every header and claim as a test wants it, valid or not. */
import { createHmac } from 'node:crypto'
import { TokenRefused } from '../../src/core/errors.ts'
import type { Identity, TokenVerifier } from '../../src/core/ports.ts'

export const base64url = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

export function hs256(claims: unknown, key: string, header: unknown = { alg: 'HS256', typ: 'JWT' }): string {
  const signed = `${base64url(header)}.${base64url(claims)}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}

/** The reason of the refusal, or the identity. Any other error is one. */
export async function outcomeOf(
  verifier: TokenVerifier,
  token: string | undefined,
): Promise<Identity | string> {
  try {
    return await verifier.verify(token)
  } catch (error) {
    if (error instanceof TokenRefused) return error.reason
    throw error
  }
}
