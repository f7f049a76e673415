/** An issuer of tokens that publishes its keys over TLS, on this machine. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Claims, inSeconds } from '../e2e/tokens.ts'

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })

export interface TlsIssuer {
  /** `https://127.0.0.1:…`, under a certificate that nobody has signed. */
  readonly jwksUrl: string
  /** How often somebody asked for the keys. */
  readonly asked: number
  token(claims: Claims): string
  stop(): void
}

export async function startTlsIssuer(): Promise<TlsIssuer> {
  const published = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'ES256', use: 'sig' }
  let asked = 0
  const server = createServer(selfSigned(), (_request, response) => {
    asked += 1
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [published] }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    jwksUrl: `https://127.0.0.1:${port}/keys`,
    get asked() {
      return asked
    },
    token,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function token(claims: Claims): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const content = `${encode({ alg: 'ES256', kid: 'test' })}.${encode({ exp: inSeconds(3600), ...claims })}`
  const signature = sign('sha256', Buffer.from(content), {
    key: keys.privateKey,
    dsaEncoding: 'ieee-p1363',
  })
  return `${content}.${signature.toString('base64url')}`
}

/** Node makes no certificates; this is the least of one (X.509 version 1, RFC 5280), so that no key lies in the repository. */
function selfSigned(): { key: string; cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ecdsaWithSha256 = sequence(der(6, '2a8648ce3d040302'))
  const content = certificateContent(publicKey, ecdsaWithSha256)
  const signature = sign('sha256', content, privateKey).toString('hex')
  const certificate = sequence(content, ecdsaWithSha256, der(3, `00${signature}`))
  const lines = certificate.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  }
}

function certificateContent(publicKey: KeyObject, algorithm: Buffer): Buffer {
  const text = (tag: number, value: string) => der(tag, Buffer.from(value).toString('hex'))
  const commonName = sequence(der(6, '550403'), text(12, 'issuer'))
  const name = sequence(der(0x31, commonName.toString('hex')))
  const validity = sequence(text(23, '260101000000Z'), text(23, '491231235959Z'))
  const key = publicKey.export({ type: 'spki', format: 'der' })
  return sequence(der(2, '01'), algorithm, name, validity, name, key)
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts).toString('hex'))
}

function der(tag: number, hex: string): Buffer {
  const value = Buffer.from(hex, 'hex')
  const { length } = value
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), value])
}
