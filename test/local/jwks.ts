import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { inSeconds } from '../e2e/tokens.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const published = (key: KeyObject, kid: string, alg: string) => ({
  ...key.export({ format: 'jwk' }),
  kid,
  alg,
  use: 'sig',
})

export type Algorithm = 'RS256' | 'ES256' | 'EdDSA'

export function issuedToken(alg: Algorithm, claims: object, kid: string = alg): string {
  const content = `${encode({ alg, kid })}.${encode({ exp: inSeconds(3600), ...claims })}`
  const data = Buffer.from(content)
  const signature = {
    RS256: () => sign('sha256', data, rsa.privateKey),
    ES256: () => sign('sha256', data, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }),
    EdDSA: () => sign(null, data, ed.privateKey),
  }[alg]()
  return `${content}.${signature.toString('base64url')}`
}

/** The classic: what everybody may know, the public key, used as the secret of an HMAC. */
export function confusedToken(claims: object, form: 'pem' | 'jwk'): string {
  const content = `${encode({ alg: 'HS256', kid: 'RS256' })}.${encode({ exp: inSeconds(3600), ...claims })}`
  const pem = rsa.publicKey.export({ format: 'pem', type: 'spki' })
  const key = form === 'pem' ? pem : JSON.stringify(published(rsa.publicKey, 'RS256', 'RS256'))
  return `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`
}

/** An issuer's published keys, which come when the test says so. */
export class Issuer {
  readonly url: string
  /** Resolves when somebody asks for the keys. */
  readonly asked: Promise<void>
  readonly #waiting: ServerResponse[] = []
  #isReleased: boolean

  private constructor(url: string, asked: Promise<void>, isReleased: boolean) {
    this.url = url
    this.asked = asked
    this.#isReleased = isReleased
  }

  static async start({ held = false } = {}): Promise<Issuer> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const asked = once(server, 'request').then(() => undefined)
    const issuer = new Issuer(`http://127.0.0.1:${port}/keys`, asked, !held)
    server.on('request', (_, response: ServerResponse) => {
      if (issuer.#isReleased) issuer.#answer(response)
      else issuer.#waiting.push(response)
    })
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    return issuer
  }

  release(): void {
    this.#isReleased = true
    for (const response of this.#waiting.splice(0)) this.#answer(response)
  }

  #answer(response: ServerResponse): void {
    const keys = [
      published(rsa.publicKey, 'RS256', 'RS256'),
      published(ec.publicKey, 'ES256', 'ES256'),
      published(ed.publicKey, 'EdDSA', 'EdDSA'),
    ]
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
  }
}
