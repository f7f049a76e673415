import { afterEach, describe, expect, it, vi } from 'vitest'
import { VerifiedTokens } from '../../src/auth/verified-tokens.ts'
import { createTokenVerifier } from '../../src/auth/verify-token.ts'
import type { Identity } from '../../src/core/ports.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { hs256, outcomeOf } from './tokens.ts'

const MINUTE = 60_000
const identity = (expiresAt: number): Identity => ({ userId: 'ann', expiresAt, issuedAt: 0, scopes: [] })

describe('a token that was verified', () => {
  it.each([
    ['at once', 0, true],
    ['just before five minutes', 5 * MINUTE - 1, true],
    ['after five minutes', 5 * MINUTE, false],
    ['after the clock was put back', -1, false],
  ])('is known %s: %s ms later, %s', (_, later, known) => {
    const tokens = new VerifiedTokens()
    tokens.add('a', identity(1e15), 1000 * MINUTE)
    expect(tokens.get('a', 1000 * MINUTE + later)).toEqual(known ? identity(1e15) : undefined)
    expect(tokens.get('b', 1000 * MINUTE + later)).toBeUndefined()
  })

  it('is known until it ends, and no longer', () => {
    const tokens = new VerifiedTokens()
    tokens.add('a', identity(5000), 0)
    expect(tokens.get('a', 4999)).toEqual(identity(5000))
    expect(tokens.get('a', 5000)).toBeUndefined()
    // Not again either, whatever the clock does.
    expect(tokens.get('a', 4999)).toBeUndefined()
  })

  it('gives way to newer ones when there are ten thousand', () => {
    const tokens = new VerifiedTokens()
    for (let i = 0; i <= 10_000; i++) tokens.add(`token-${i}`, identity(1e15), 0)
    expect(tokens.get('token-0', 1)).toBeUndefined()
    expect(tokens.get('token-1', 1)).toBeDefined()
    expect(tokens.get('token-10000', 1)).toBeDefined()
  })
})

describe('the verifier', () => {
  const SECRET = 'a secret of at least 32 bytes, or so'
  const clock = new ManualClock()
  const now = () => clock.now() / 1000
  const verifier = createTokenVerifier({ keys: { secret: SECRET }, clock })
  const token = (changes: object = {}) => hs256({ sub: 'ann', exp: now() + 3600, ...changes }, SECRET)
  const verify = vi.spyOn(crypto.subtle, 'verify')
  afterEach(() => {
    verify.mockClear()
  })

  it('computes the signature of a token once', async () => {
    const one = token({ scope: 'events:publish' })
    const first = await verifier.verify(one)
    expect(await verifier.verify(one)).toEqual(first)
    expect(verify).toHaveBeenCalledTimes(1)
    await verifier.verify(token({ scope: 'events:admin' }))
    expect(verify).toHaveBeenCalledTimes(2)
  })

  it('computes that of a refused one each time', async () => {
    const forged = `${token().slice(0, -4)}AAAA`
    for (let i = 0; i < 2; i++) expect(await outcomeOf(verifier, forged)).toBe('bad_signature')
    expect(verify).toHaveBeenCalledTimes(2)
  })

  it('refuses one that it knows once it has ended', async () => {
    const brief = token({ exp: now() + 60 })
    await verifier.verify(brief)
    clock.advance(65_000)
    expect(await outcomeOf(verifier, brief)).toBe('expired')
  })

  it('sees again when a token was issued, if that was still to come', async () => {
    const ahead = token({ iat: now() + 60 })
    expect((await verifier.verify(ahead)).issuedAt).toBe(0)
    const at = clock.now() + 60_000
    clock.advance(90_000)
    expect((await verifier.verify(ahead)).issuedAt).toBe(at)
  })
})
