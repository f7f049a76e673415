import { describe, expect, it } from 'vitest'
import { Client, handshake, refusal } from '../e2e/client.ts'
import { deploymentOf } from '../e2e/deployment.ts'
import { post, request } from '../e2e/http.ts'
import { ServerProcess } from '../e2e/server-process.ts'
import { hs256, inSeconds, unique } from '../e2e/tokens.ts'
import { type Algorithm, confusedToken, issuedToken, Issuer } from './jwks.ts'

async function recentStatus(server: ServerProcess, token: string): Promise<number> {
  const url = `${server.httpUrl}/api/v1/events/recent`
  return (await request(url, { headers: { authorization: `Bearer ${token}` } })).status
}

describe('with the keys of an issuer', () => {
  it('takes RS256, ES256 and EdDSA, over HTTP and at the handshake', async () => {
    const { url } = await Issuer.start()
    const server = await ServerProcess.forTest({ JWT_JWKS_URL: url })
    for (const alg of ['RS256', 'ES256', 'EdDSA'] satisfies Algorithm[]) {
      const sub = unique('user')
      const client = await Client.over(handshake(server.wsUrl, 'subprotocol', issuedToken(alg, { sub })))
      const token = issuedToken(alg, { sub, scope: 'events:publish' })
      const event = { type: 'T', id: unique('event'), userId: sub }
      expect((await post(deploymentOf(server), event, token)).status).toBe(200)
      expect(await client.next()).toMatchObject({ type: 'event', event })
    }
  })

  it('refuses HS256, a public key as its secret included, unknown keys, and the wrong issuer or audience', async () => {
    const { url } = await Issuer.start()
    const server = await ServerProcess.forTest({
      JWT_JWKS_URL: url,
      JWT_ISSUER: 'https://issuer.example',
      JWT_AUDIENCE: 'fanout',
    })
    const sub = unique('user')
    const good = { sub, iss: 'https://issuer.example', aud: ['x', 'fanout'] }
    expect(await recentStatus(server, issuedToken('ES256', good))).toBe(200)
    const [header = '', claims = ''] = issuedToken('ES256', good).split('.')
    const bad: [string, string][] = [
      ['wrong_algorithm', confusedToken(good, 'pem')],
      ['wrong_algorithm', confusedToken(good, 'jwk')],
      ['wrong_algorithm', hs256('any secret that is long enough for it', { ...good, exp: inSeconds(60) })],
      ['unknown_key', issuedToken('RS256', good, 'no-such-key')],
      ['bad_signature', `${header}.${claims}.${Buffer.alloc(64).toString('base64url')}`],
      ['wrong_issuer', issuedToken('RS256', { ...good, iss: 'https://other.example' })],
      ['wrong_issuer', issuedToken('RS256', { ...good, iss: undefined })],
      ['wrong_audience', issuedToken('RS256', { ...good, aud: 'other' })],
      ['wrong_audience', issuedToken('RS256', { ...good, aud: undefined })],
      ['expired', issuedToken('EdDSA', { ...good, exp: inSeconds(-60) })],
    ]
    for (const [, token] of bad) {
      expect(await recentStatus(server, token)).toBe(401)
      const answer = await refusal(handshake(server.wsUrl, 'query', token))
      expect(answer).toMatchObject({ status: 401, body: '{"message":"Unauthorized"}' })
    }
    await server.stop()
    const refused = server.lines.filter(({ msg }) => msg === 'token refused').map(({ reason }) => reason)
    expect(refused).toEqual(bad.flatMap(([reason]) => [reason, reason]))
  })

  it('is unavailable, not unauthorized, while the keys cannot be had', async () => {
    const server = await ServerProcess.forTest({ JWT_JWKS_URL: 'http://127.0.0.1:9/keys' })
    const sub = unique('user')
    const token = issuedToken('RS256', { sub })
    const { status, headers, json } = await request(`${server.httpUrl}/api/v1/events/recent`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(json).toMatchObject({ code: 'unavailable', status: 503 })
    expect({ status, retryAfter: headers.get('retry-after') }).toEqual({ status: 503, retryAfter: '1' })
    const { status: atHandshake } = await refusal(handshake(server.wsUrl, 'header', token))
    expect(atHandshake).toBe(500)
    await server.stop()
    expect(server.stdout + server.stderr).not.toContain(token)
  })
})
