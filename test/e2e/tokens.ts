import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import type { Deployment } from './deployment.ts'

export type Claims = Readonly<Record<string, unknown>>

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Seconds since 1970, from now. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds
}

/** A token by hand: libraries refuse to make most of the bad ones. */
export function hs256(secret: string, claims: Claims, header: Claims = {}): string {
  const content = `${encode({ alg: 'HS256', typ: 'JWT', ...header })}.${encode(claims)}`
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
}

export function tokenFor({ secret }: Deployment, userId: string, claims: Claims = {}): string {
  return hs256(secret, { sub: userId, exp: inSeconds(3600), ...claims })
}

export function publisherToken(deployment: Deployment): string {
  return tokenFor(deployment, 'e2e-backend', { scope: 'events:publish' })
}

/** An id that no other test uses, for a user, an event or a session. */
export function unique(name: string): string {
  return `${name}-${randomUUID()}`
}

function rs256(claims: Claims): string {
  const content = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return `${content}.${sign('sha256', Buffer.from(content), privateKey).toString('base64url')}`
}

function hs512(secret: string, claims: Claims): string {
  const content = `${encode({ alg: 'HS512', typ: 'JWT' })}.${encode(claims)}`
  return `${content}.${createHmac('sha512', secret).update(content).digest('base64url')}`
}

export interface BadToken {
  readonly name: string
  readonly token: string
  /** What the server's log says of it. */
  readonly reason: string
}

/** Every way in which a token can be bad, where the server has a shared secret. A missing one is not among them. */
export function badTokens({ secret }: Deployment): readonly BadToken[] {
  const good = { sub: unique('mallory'), exp: inSeconds(3600), scope: 'events:publish' }
  const { sub, exp } = good
  const bad = (name: string, token: string, reason: string): BadToken => ({ name, token, reason })
  return [
    bad('alg none', `${encode({ alg: 'none' })}.${encode(good)}.`, 'wrong_algorithm'),
    bad('alg none, old signature', hs256(secret, good, { alg: 'none' }), 'wrong_algorithm'),
    bad('alg NONE', hs256(secret, good, { alg: 'NONE' }), 'wrong_algorithm'),
    bad('RS256 where HS256 is due', rs256(good), 'wrong_algorithm'),
    bad('RS256 in the header, an HMAC behind it', hs256(secret, good, { alg: 'RS256' }), 'wrong_algorithm'),
    bad('HS512 with the right secret', hs512(secret, good), 'wrong_algorithm'),
    bad('expired', hs256(secret, { ...good, exp: inSeconds(-60) }), 'expired'),
    bad('not yet valid', hs256(secret, { ...good, nbf: inSeconds(60) }), 'not_yet_valid'),
    bad('no exp', hs256(secret, { sub }), 'no_expiry'),
    bad('exp of text', hs256(secret, { sub, exp: String(exp) }), 'bad_claim'),
    bad('exp null', hs256(secret, { sub, exp: null }), 'bad_claim'),
    bad('empty sub', hs256(secret, { ...good, sub: '' }), 'bad_subject'),
    bad('missing sub', hs256(secret, { exp }), 'bad_subject'),
    bad('sub a number', hs256(secret, { ...good, sub: 7 }), 'bad_subject'),
    bad('sub an object', hs256(secret, { ...good, sub: { id: sub } }), 'bad_subject'),
    bad('sub of 129 characters', hs256(secret, { ...good, sub: 'x'.repeat(129) }), 'bad_subject'),
    bad('another secret', hs256(`not ${secret}`, good), 'bad_signature'),
    bad('no signature', hs256(secret, good).replace(/[^.]*$/, ''), 'bad_signature'),
    bad('other claims under a good signature', swapClaims(hs256(secret, good), good), 'bad_signature'),
    bad('crit', hs256(secret, good, { crit: ['x'], x: 1 }), 'unsupported_critical_header'),
    bad('crit b64', hs256(secret, good, { crit: ['b64'], b64: true }), 'unsupported_critical_header'),
    bad('6 KB of garbage', 'x'.repeat(6 * 1024), 'too_long'),
    bad('a good token, but of 6 KB', hs256(secret, { ...good, pad: 'x'.repeat(4500) }), 'too_long'),
    bad('garbage', 'garbage', 'malformed'),
    bad('dots', '..', 'malformed'),
    bad('claims that are no object', hs256(secret, ['a'] as unknown as Claims), 'malformed'),
  ]
}

function swapClaims(token: string, claims: Claims): string {
  const [header = '', , signature = ''] = token.split('.')
  return [header, encode({ ...claims, sub: 'somebody-else' }), signature].join('.')
}
