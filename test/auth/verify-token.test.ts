import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTokenVerifier, type VerifierOptions } from '../../src/auth/verify-token.ts'
import { TOKEN_REFUSALS } from '../../src/core/codes.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { base64url, hs256, outcomeOf } from './tokens.ts'

const SECRET = 'a secret of at least 32 bytes, or so'
const clock = new ManualClock()
const NOW = clock.now() / 1000

const verifierWith = (options: Partial<VerifierOptions> = {}) =>
  createTokenVerifier({ keys: { secret: SECRET }, clock, ...options })
const verifier = verifierWith()

const claims = (changes: object = {}) => ({ sub: 'ann', exp: NOW + 60, ...changes })
const judge = async (changes: object, header?: object) =>
  outcomeOf(verifier, hs256(claims(changes), SECRET, header && { alg: 'HS256', ...header }))

describe('a token signed with the shared secret', () => {
  it('says who it is, until when, and what else is allowed', async () => {
    expect(
      await judge({ scope: 'events:publish openid', iat: NOW, iss: 'anybody', aud: 'anything' }),
    ).toEqual({
      userId: 'ann',
      expiresAt: (NOW + 60) * 1000,
      issuedAt: NOW * 1000,
      scopes: ['events:publish', 'openid'],
    })
  })

  it.each([
    [undefined, []],
    ['', []],
    ['  a   b ', ['a', 'b']],
    ['events:publishing', ['events:publishing']],
    [['events:publish'], []],
    [5, []],
    [null, []],
    [{ 'events:publish': true }, []],
  ])('has the scopes that its scope %j lists', async (scope, scopes) => {
    expect(await judge({ scope })).toMatchObject({ scopes })
  })

  it.each([
    ['a missing token', undefined, 'missing'],
    ['an empty one', '', 'missing'],
    ['text', 'hello', 'malformed'],
    ['two parts', 'a.b', 'malformed'],
    ['three empty parts', '..', 'malformed'],
    ['five parts', 'a.b.c.d.e', 'malformed'],
    ['three parts of no meaning', 'a.b.c', 'malformed'],
    ['6 KB of garbage', 'x'.repeat(6144), 'too_long'],
    ['6 KB of garbage in three parts', `${'x'.repeat(2048)}.`.repeat(3), 'too_long'],
    ['as much as is looked at', 'x'.repeat(4096), 'malformed'],
    ['a header that is no object', `${base64url('[]')}.${base64url({})}.AA`, 'malformed'],
    ['a header without alg', hs256(claims(), SECRET, { typ: 'JWT' }), 'malformed'],
    ['claims that are no JSON', hs256('hello', SECRET), 'malformed'],
    ['claims that are an array', hs256([claims()], SECRET), 'malformed'],
    ['claims that are null', hs256(null, SECRET), 'malformed'],
  ])('is refused as %s', async (_, token, reason) => {
    expect(await outcomeOf(verifier, token)).toBe(reason)
  })

  it('may be 4,096 characters long', async () => {
    const pad = (length: number) => hs256(claims({ pad: 'x'.repeat(length) }), SECRET)
    const length = Array.from({ length: 3100 }, (_, i) => i).findLast((i) => pad(i).length <= 4096)!
    expect(await outcomeOf(verifier, pad(length))).toMatchObject({ userId: 'ann' })
    expect(pad(length + 3).length).toBeGreaterThan(4096)
    expect(await outcomeOf(verifier, pad(length + 3))).toBe('too_long')
  })

  describe('signature', () => {
    it.each([
      ['another secret', hs256(claims(), `${SECRET}!`), 'bad_signature'],
      ['no signature', hs256(claims(), SECRET).replace(/[^.]*$/, ''), 'bad_signature'],
      ['a signature of the wrong length', `${hs256(claims(), SECRET)}AAAA`, 'bad_signature'],
      [
        'other claims',
        `${base64url({ alg: 'HS256' })}.${base64url(claims())}.${hs256(claims(), SECRET).split('.')[2] ?? ''}`,
        'bad_signature',
      ],
      ['alg none', `${base64url({ alg: 'none' })}.${base64url(claims())}.`, 'wrong_algorithm'],
      ['alg None, signed', hs256(claims(), SECRET, { alg: 'None' }), 'wrong_algorithm'],
      ['alg hs256', hs256(claims(), SECRET, { alg: 'hs256' }), 'wrong_algorithm'],
      ['alg HS512', hs256(claims(), SECRET, { alg: 'HS512' }), 'wrong_algorithm'],
      ['alg RS256', hs256(claims(), SECRET, { alg: 'RS256' }), 'wrong_algorithm'],
      ['alg ES256', hs256(claims(), SECRET, { alg: 'ES256' }), 'wrong_algorithm'],
      ['an alg that is a list', hs256(claims(), SECRET, { alg: ['HS256'] }), 'malformed'],
    ])('by %s is refused', async (_, token, reason) => {
      expect(await outcomeOf(verifier, token)).toBe(reason)
    })

    it('with any bit flipped is refused', async () => {
      const [header, payload, signature = ''] = hs256(claims(), SECRET).split('.')
      const bytes = Buffer.from(signature, 'base64url')
      for (let bit = 0; bit < 256; bit += 5) {
        const flipped = Buffer.from(bytes)
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        const token = [header, payload, flipped.toString('base64url')].join('.')
        expect(await outcomeOf(verifier, token)).toBe('bad_signature')
      }
    })
  })

  it.each([
    ['b64', { crit: ['b64'], b64: true }, 'unsupported_critical_header'],
    [
      'an extension',
      { crit: ['https://example.com/x'], 'https://example.com/x': 1 },
      'unsupported_critical_header',
    ],
    ['exp', { crit: ['exp'], exp: 1 }, 'unsupported_critical_header'],
    ['nothing', { crit: [] }, 'malformed'],
    ['no list', { crit: 'b64', b64: true }, 'malformed'],
    ['what is not there', { crit: ['b64'] }, 'malformed'],
  ])('with crit for %s is refused', async (_, header, reason) => {
    expect(await judge({}, header)).toBe(reason)
  })

  it('with crit for b64 false, its payload unencoded, is refused', async () => {
    const header = { alg: 'HS256', crit: ['b64'], b64: false }
    expect(['malformed', 'bad_signature', 'unsupported_critical_header']).toContain(await judge({}, header))
  })

  it.each([
    [60, 'accepted'],
    [0, 'accepted'],
    [-4, 'accepted'],
    [-5, 'expired'],
    [-6, 'expired'],
    [-3600, 'expired'],
  ])('that ends in %i s is %s', async (seconds, expected) => {
    const outcome = await judge({ exp: NOW + seconds })
    expect(typeof outcome === 'string' ? outcome : 'accepted').toBe(expected)
  })

  it('tells its own end, not that of the leeway', async () => {
    expect(await judge({ exp: NOW - 4 })).toMatchObject({ expiresAt: (NOW - 4) * 1000 })
    expect(await judge({ exp: NOW + 0.5 })).toMatchObject({ expiresAt: NOW * 1000 + 500 })
    expect(await judge({ exp: 1e20 })).toMatchObject({ expiresAt: Number.MAX_SAFE_INTEGER })
  })

  it.each([
    [0, 0],
    [NOW - 0.25, NOW * 1000 - 250],
    [NOW + 5, (NOW + 5) * 1000],
    // It would outlast every disconnection of its user.
    [NOW + 6, 0],
    [NOW * 1000, 0],
    [undefined, 0],
  ])('tells when it was issued; 0 if it does not say, or says what cannot be: %j', async (iat, issuedAt) => {
    expect(await judge({ iat })).toMatchObject({ issuedAt })
  })

  it('follows the clock that it was given', async () => {
    const later = new ManualClock(clock.now() + 64_999)
    expect(await outcomeOf(verifierWith({ clock: later }), hs256(claims(), SECRET))).toMatchObject({
      userId: 'ann',
    })
    later.advance(1)
    expect(await outcomeOf(verifierWith({ clock: later }), hs256(claims(), SECRET))).toBe('expired')
  })

  it.each([
    [0, 'accepted'],
    [5, 'accepted'],
    [6, 'not_yet_valid'],
    [3600, 'not_yet_valid'],
  ])('that begins in %i s is %s', async (seconds, expected) => {
    const outcome = await judge({ nbf: NOW + seconds })
    expect(typeof outcome === 'string' ? outcome : 'accepted').toBe(expected)
  })

  it.each([
    ['no exp', { exp: undefined }, 'no_expiry'],
    ['an exp that is text', { exp: String(NOW + 60) }, 'bad_claim'],
    ['an exp that is null', { exp: null }, 'bad_claim'],
    ['an nbf that is text', { nbf: 'now' }, 'bad_claim'],
    ['an iat that is text', { iat: 'now' }, 'bad_claim'],
    ['no sub', { sub: undefined }, 'bad_subject'],
    ['an empty sub', { sub: '' }, 'bad_subject'],
    ['a sub that is a number', { sub: 5 }, 'bad_subject'],
    ['a sub that is null', { sub: null }, 'bad_subject'],
    ['a sub that is a list', { sub: ['ann'] }, 'bad_subject'],
    ['a sub of 129 characters', { sub: 'x'.repeat(129) }, 'bad_subject'],
    ['an ill-formed sub', { sub: 'a\ud800' }, 'bad_subject'],
  ])('with %s is refused', async (_, changes, reason) => {
    expect(await judge(changes)).toBe(reason)
  })

  it('that never ends is refused', async () => {
    expect(await outcomeOf(verifier, hs256('{"sub":"ann","exp":1e400}', SECRET))).toBe('no_expiry')
  })

  it.each(['x'.repeat(128), '😀', ' ', '__proto__', 'ann|1'])('may be for %j', async (sub) => {
    expect(await judge({ sub })).toMatchObject({ userId: sub })
  })

  it.each([
    ['the issuer and the audience', { iss: 'https://issuer', aud: 'app' }, 'accepted'],
    ['the audience among others', { iss: 'https://issuer', aud: ['other', 'app'] }, 'accepted'],
    ['no issuer', { aud: 'app' }, 'wrong_issuer'],
    ['another issuer', { iss: 'https://issuer/', aud: 'app' }, 'wrong_issuer'],
    ['a list of issuers', { iss: ['https://issuer'], aud: 'app' }, 'wrong_issuer'],
    ['no audience', { iss: 'https://issuer' }, 'wrong_audience'],
    ['another audience', { iss: 'https://issuer', aud: 'App' }, 'wrong_audience'],
    ['an empty list of audiences', { iss: 'https://issuer', aud: [] }, 'wrong_audience'],
  ])('is checked for issuer and audience: %s', async (_, changes, expected) => {
    const strict = verifierWith({ issuer: 'https://issuer', audience: 'app' })
    const outcome = await outcomeOf(strict, hs256(claims(changes), SECRET))
    expect(typeof outcome === 'string' ? outcome : 'accepted').toBe(expected)
  })

  it('is refused for a reason, whatever it is: never another error', async () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.jsonValue().map(base64url),
      fc
        .constantFrom({ alg: 'HS256' }, { alg: 'HS256', crit: ['__proto__'] }, { alg: 'HS256', b64: 5 })
        .map(base64url),
      fc.constantFrom(
        '',
        '=',
        '*',
        base64url(claims()),
        base64url({ alg: 'dir', enc: 'A128GCM', zip: 'DEF' }),
      ),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
        expect(TOKEN_REFUSALS).toContain(await outcomeOf(verifier, parts.join('.')))
      }),
      { numRuns: 500 },
    )
  })

  it('is refused for a reason, whatever claims and header are signed', async () => {
    const odd = fc.dictionary(
      fc.constantFrom(
        'sub',
        'exp',
        'nbf',
        'iat',
        'iss',
        'aud',
        'alg',
        'crit',
        'b64',
        'kid',
        'typ',
        '__proto__',
        'scope',
      ),
      fc.jsonValue({ maxDepth: 2 }),
      { noNullPrototype: true },
    )
    await fc.assert(
      fc.asyncProperty(odd, odd, async (header, body) => {
        const token = hs256({ ...claims(), ...body }, SECRET, { alg: 'HS256', ...header })
        const outcome = await outcomeOf(verifierWith({ issuer: 'i', audience: 'a' }), token)
        if (typeof outcome === 'string') expect(TOKEN_REFUSALS).toContain(outcome)
        else expect(body).toMatchObject({ iss: 'i', aud: 'a' })
      }),
      { numRuns: 500 },
    )
  })
})

describe('a shared secret', () => {
  it('has at least 32 bytes', () => {
    expect(() => verifierWith({ keys: { secret: 'x'.repeat(31) } })).toThrow(
      'the token secret has 31 bytes; it needs at least 32',
    )
    expect(() => verifierWith({ keys: { secret: 'é'.repeat(16) } })).not.toThrow()
  })
})
