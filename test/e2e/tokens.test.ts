import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { Client, handshake, refusal, type Way, WAYS } from './client.ts'
import { deployment } from './deployment.ts'
import { publish, request } from './http.ts'
import { badTokens, hs256, inSeconds, tokenFor, unique } from './tokens.ts'

const target = deployment()
const bad = badTokens(target)

/** As they come over HTTP, and nothing that tells one from the other. */
const UNAUTHORIZED =
  '{"type":"urn:event-fanout:problem:unauthorized","title":"A valid token is required","status":401,' +
  '"detail":"send a valid token as \\"Authorization: Bearer …\\"","code":"unauthorized"}'

const constant = (headers: Iterable<[string, string]>) =>
  Object.fromEntries([...headers].filter(([name]) => name !== 'date'))

async function httpAnswer(path: string, init: RequestInit) {
  const { status, headers, text } = await request(`${target.httpUrl}${path}`, init)
  return { status, text, headers: constant(headers) }
}

describe('a good token', () => {
  it.each(WAYS)('opens a socket by %s', async (way) => {
    const userId = unique('user')
    const client = await Client.over(handshake(target.wsUrl, way, tokenFor(target, userId)))
    const { recipients } = await publish(target, { type: 'T', id: unique('event'), userId })
    expect(await client.next()).toMatchObject({ type: 'event', offset: recipients[0]!.offset })
    expect(client.socket.protocol).toBe(way === 'subprotocol' ? 'fanout.v1' : '')
  })

  it('opens a socket with the subprotocol alone selected, whatever else is offered', async () => {
    const token = tokenFor(target, unique('user'))
    for (const offered of [
      [`bearer.${token}`, 'fanout.v1'],
      ['other', 'fanout.v1', `bearer.${token}`],
    ]) {
      const client = await Client.over(new WebSocket(target.wsUrl, offered))
      expect(client.socket.protocol).toBe('fanout.v1')
    }
  })

  it.each([
    ['an exp within the leeway', { exp: inSeconds(-1) }],
    ['an nbf within the leeway', { nbf: inSeconds(3) }],
    ['an exp with a fraction', { exp: inSeconds(60) + 0.5 }],
    ['a sub of 128 characters', { sub: unique('x').padEnd(128, 'x') }],
    ['a sub that looks dangerous', { sub: '__proto__' }],
    ['many claims', { roles: ['a', 'b'], iss: 'someone', aud: ['x', 'y'] }],
  ])('may have %s', async (_, claims) => {
    const token = tokenFor(target, unique('user'), claims)
    const { status } = await httpAnswer('/api/v1/events/recent', {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(status).toBe(200)
  })

  it('may come with any case of the scheme', async () => {
    const token = tokenFor(target, unique('user'))
    for (const authorization of [`bearer ${token}`, `BEARER ${token}`, `Bearer   ${token}`]) {
      expect((await httpAnswer('/api/v1/events/recent', { headers: { authorization } })).status).toBe(200)
    }
  })
})

describe.each(bad)('a bad token: $name', ({ token }) => {
  it.each(WAYS)('is refused at the handshake, by %s', async (way) => {
    const { status, body, headers } = await refusal(handshake(target.wsUrl, way, token))
    expect({ status, body }).toEqual({ status: 401, body: '{"message":"Unauthorized"}' })
    expect(constant(Object.entries(headers) as [string, string][])).toEqual(await refusedHandshakeHeaders())
  })

  it.each([
    ['GET', '/api/v1/events/recent'],
    ['POST', '/api/v1/events'],
  ])('is refused at %s %s', async (method, path) => {
    const answer = await httpAnswer(path, { method, headers: { authorization: `Bearer ${token}` } })
    expect(answer).toEqual(await httpAnswer(path, { method }))
    expect(answer).toMatchObject({ status: 401, text: UNAUTHORIZED })
    expect(answer.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'www-authenticate': 'Bearer',
    })
  })
})

describe('a missing token', () => {
  it.each([
    ['nothing', {}],
    ['an empty header', { authorization: '' }],
    ['Bearer and nothing', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: 'Basic dXNlcjpwYXNz' }],
    ['two words', { authorization: 'Bearer a b' }],
  ])('%s is refused everywhere alike', async (_, headers) => {
    for (const path of ['/api/v1/events/recent', '/api/v1/events?x=1']) {
      const method = path.includes('recent') ? 'GET' : 'POST'
      expect(await httpAnswer(path, { method, headers })).toMatchObject({ status: 401, text: UNAUTHORIZED })
    }
    const socket = handshake(target.wsUrl, 'header', undefined, headers)
    expect(await refusal(socket)).toMatchObject({ status: 401, body: '{"message":"Unauthorized"}' })
  })

  it('is not made up for by the query over HTTP', async () => {
    const token = tokenFor(target, unique('user'))
    expect(await httpAnswer(`/api/v1/events/recent?token=${token}`, {})).toMatchObject({ status: 401 })
  })
})

describe('two tokens', () => {
  const good = () => tokenFor(target, unique('user'))
  const expired = () => hs256(target.secret, { sub: unique('user'), exp: inSeconds(-60) })

  it('a bad header is not excused by a good subprotocol or query', async () => {
    const headers = { authorization: `Bearer ${expired()}` }
    for (const way of ['subprotocol', 'query'] satisfies Way[]) {
      expect(await refusal(handshake(target.wsUrl, way, good(), headers))).toMatchObject({ status: 401 })
    }
  })

  it('a bad subprotocol is not excused by a good query', async () => {
    const url = `${target.wsUrl}?token=${good()}`
    expect(await refusal(handshake(url, 'subprotocol', expired()))).toMatchObject({ status: 401 })
  })

  it('a good header counts before a bad subprotocol and query', async () => {
    const headers = { authorization: `Bearer ${good()}` }
    for (const way of ['subprotocol', 'query'] satisfies Way[]) {
      const client = await Client.over(handshake(target.wsUrl, way, expired(), headers))
      expect(await client.arrived()).toEqual([])
    }
  })
})

describe('a token without the scope', () => {
  it.each([undefined, '', 'events:read', 'events:publisher', 'EVENTS:PUBLISH', ['events:publish'], 7])(
    'scope %j must not publish',
    async (scope) => {
      const answer = await httpAnswer('/api/v1/events', {
        method: 'POST',
        headers: { authorization: `Bearer ${tokenFor(target, unique('user'), { scope })}` },
        body: 'not even JSON',
      })
      expect(answer.status).toBe(403)
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'forbidden', status: 403 })
    },
  )

  it('one among several words is enough', async () => {
    const userId = unique('user')
    const token = tokenFor(target, userId, { scope: 'a events:publish b' })
    const answer = await httpAnswer('/api/v1/events', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ type: 'T', id: unique('event'), userId }),
    })
    expect(answer.status).toBe(200)
  })
})

let firstHeaders: Promise<Record<string, string>> | undefined

/** Those of a handshake without any token: the measure for all the others. */
async function refusedHandshakeHeaders(): Promise<Record<string, string>> {
  firstHeaders ??= refusal(handshake(target.wsUrl, 'header', undefined)).then(({ headers }) =>
    constant(Object.entries(headers) as [string, string][]),
  )
  return firstHeaders
}
