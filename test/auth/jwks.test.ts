import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTokenVerifier } from '../../src/auth/verify-token.ts'
import { FanoutError } from '../../src/core/errors.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { base64url, hs256, outcomeOf } from './tokens.ts'

const clock = new ManualClock()
const NOW = clock.now() / 1000
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const

const pairs = new Map(
  await Promise.all(
    ALGORITHMS.map(async (alg) => [alg, await generateKeyPair(alg, { extractable: true })] as const),
  ),
)
const publicKey = (alg: (typeof ALGORITHMS)[number]) => pairs.get(alg)!.publicKey
const privateKey = (alg: (typeof ALGORITHMS)[number]) => pairs.get(alg)!.privateKey
const keySet: JWK[] = await Promise.all(
  ALGORITHMS.map(async (alg) => ({
    ...(await exportJWK(publicKey(alg))),
    kid: `key-${alg}`,
    alg,
    use: 'sig',
  })),
)

async function sign(
  key: CryptoKey,
  header: { alg: string; kid?: string; jwk?: JWK; jku?: string },
): Promise<string> {
  const token = new SignJWT({ scope: 'events:publish' }).setSubject('ann').setExpirationTime(NOW + 60)
  return token.setProtectedHeader(header).sign(key)
}

/** An issuer that publishes its keys; what it answers can be changed. */
class Issuer {
  answer: { status: number; body: string } = { status: 200, body: JSON.stringify({ keys: keySet }) }
  asked = 0
  readonly #server: Server = createServer((_, response) => {
    this.asked++
    response.writeHead(this.answer.status, { 'content-type': 'application/json' }).end(this.answer.body)
  })

  async listen(): Promise<URL> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks.json`)
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }
}

describe('a token of an issuer that publishes its keys', () => {
  let issuer: Issuer
  let jwksUrl: URL
  let verifier: ReturnType<typeof createTokenVerifier>

  beforeEach(async () => {
    issuer = new Issuer()
    jwksUrl = await issuer.listen()
    verifier = createTokenVerifier({ keys: { jwksUrl }, clock })
  })
  afterEach(async () => {
    await issuer.close()
  })

  it.each(ALGORITHMS)('is accepted with %s', async (alg) => {
    const token = await sign(privateKey(alg), { alg, kid: `key-${alg}` })
    const identity = { userId: 'ann', expiresAt: (NOW + 60) * 1000, issuedAt: 0, scopes: ['events:publish'] }
    expect(await outcomeOf(verifier, token)).toEqual(identity)
    expect(await outcomeOf(verifier, token)).toEqual(identity)
    expect(issuer.asked).toBe(1)
  })

  it('is accepted without a kid where only one key fits', async () => {
    expect(await outcomeOf(verifier, await sign(privateKey('ES256'), { alg: 'ES256' }))).toMatchObject({
      userId: 'ann',
    })
  })

  it('is refused without a kid where two keys fit', async () => {
    issuer.answer.body = JSON.stringify({ keys: [...keySet, { ...keySet[1], kid: 'another' }] })
    expect(await outcomeOf(verifier, await sign(privateKey('ES256'), { alg: 'ES256' }))).toBe('unknown_key')
  })

  it('is refused with a public key for an HS256 secret', async () => {
    const pem = await exportSPKI(publicKey('RS256'))
    for (const secret of [pem, pem.trim(), JSON.stringify(keySet[0]), keySet[0]!.n!]) {
      const token = hs256({ sub: 'ann', exp: NOW + 60 }, secret, { alg: 'HS256', kid: 'key-RS256' })
      expect(await outcomeOf(verifier, token)).toBe('wrong_algorithm')
    }
    const claimed = hs256({ sub: 'ann', exp: NOW + 60 }, pem, { alg: 'RS256', kid: 'key-RS256' })
    expect(await outcomeOf(verifier, claimed)).toBe('bad_signature')
    expect(issuer.asked).toBe(1)
  })

  it('is refused by a server with a shared secret', async () => {
    const pem = await exportSPKI(publicKey('RS256'))
    const bySecret = createTokenVerifier({ keys: { secret: pem }, clock })
    for (const alg of ALGORITHMS) {
      expect(await outcomeOf(bySecret, await sign(privateKey(alg), { alg }))).toBe('wrong_algorithm')
    }
  })

  it.each(['none', 'HS256', 'HS512', 'RS384', 'RS512', 'PS256', 'ES384', 'Ed25519', 'ES256K', 'RSA1_5', ''])(
    'is refused with alg %j, and the issuer is not even asked',
    async (alg) => {
      const token = `${base64url({ alg, kid: 'key-RS256' })}.${base64url({ sub: 'ann', exp: NOW + 60 })}.AAAA`
      expect(await outcomeOf(verifier, token)).toBe(alg === '' ? 'malformed' : 'wrong_algorithm')
      expect(issuer.asked).toBe(0)
    },
  )

  it('is refused with a key that the issuer does not have', async () => {
    const { privateKey: foreign, publicKey: own } = await generateKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(own)
    expect(await outcomeOf(verifier, await sign(foreign, { alg: 'ES256', kid: 'key-ES256' }))).toBe(
      'bad_signature',
    )
    expect(await outcomeOf(verifier, await sign(foreign, { alg: 'ES256', kid: 'unknown' }))).toBe(
      'unknown_key',
    )
    // What the token says about its own key counts for nothing.
    const claims = { alg: 'ES256', kid: 'key-ES256', jwk, jku: 'http://127.0.0.1:1/jwks.json' }
    expect(await outcomeOf(verifier, await sign(foreign, claims))).toBe('bad_signature')
  })

  it('is refused with the kid of a key of another kind', async () => {
    expect(
      await outcomeOf(verifier, await sign(privateKey('ES256'), { alg: 'ES256', kid: 'key-RS256' })),
    ).toBe('unknown_key')
  })

  it.each([5, null, {}, ['key-ES256'], '__proto__'])('is refused with the kid %j', async (kid) => {
    const token = `${base64url({ alg: 'ES256', kid })}.${base64url({ sub: 'ann', exp: NOW + 60 })}.AAAA`
    expect(['unknown_key', 'bad_signature', 'malformed']).toContain(await outcomeOf(verifier, token))
  })

  it.each(ALGORITHMS)('is refused with a %s signature of any wrong length', async (alg) => {
    for (const length of [0, 1, 63, 64, 65, 256, 512]) {
      const signature = Buffer.alloc(length, 1).toString('base64url')
      const token = `${base64url({ alg, kid: `key-${alg}` })}.${base64url({ sub: 'ann', exp: NOW + 60 })}.${signature}`
      expect(await outcomeOf(verifier, token)).toBe('bad_signature')
    }
  })

  describe('whose keys cannot be had', () => {
    const failure = async () => {
      const token = await sign(privateKey('ES256'), { alg: 'ES256', kid: 'key-ES256' })
      const error = await verifier.verify(token).catch((thrown: unknown) => thrown)
      return error instanceof FanoutError ? error.code : error
    }

    it.each([
      [500, 'oops'],
      [404, '{}'],
      [302, ''],
      [200, '<html>'],
      [200, '[]'],
      [200, '{"keys":5}'],
      [200, 'null'],
    ])('is not refused, but cannot be judged: %i %s', async (status, body) => {
      issuer.answer = { status, body }
      expect(await failure()).toBe('unavailable')
    })

    it('is not refused either if nobody listens, and is judged again when somebody does', async () => {
      const { status, body } = issuer.answer
      issuer.answer = { status: 503, body: '' }
      expect(await failure()).toBe('unavailable')
      issuer.answer = { status, body }
      expect(await failure()).toMatchObject({ userId: 'ann' })
      await issuer.close()
      verifier = createTokenVerifier({ keys: { jwksUrl }, clock })
      expect(await failure()).toBe('unavailable')
    })

    it('is refused all the same if no key could make it good', async () => {
      await issuer.close()
      expect(await outcomeOf(verifier, undefined)).toBe('missing')
      expect(await outcomeOf(verifier, 'a.b.c')).toBe('malformed')
      expect(await outcomeOf(verifier, hs256({}, 'x'))).toBe('wrong_algorithm')
    })
  })
})
