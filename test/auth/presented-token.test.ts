import { describe, expect, it } from 'vitest'
import { bearerToken, headerOf, offeredProtocols, presentedToken } from '../../src/auth/presented-token.ts'

const PROTOCOLS = 'fanout.v1, bearer.from-protocol'

describe('the token of a handshake', () => {
  it('may come in three ways', () => {
    expect(presentedToken({ headers: { Authorization: 'Bearer from-header' } })).toBe('from-header')
    expect(presentedToken({ headers: { 'Sec-WebSocket-Protocol': PROTOCOLS } })).toBe('from-protocol')
    expect(presentedToken({ query: { token: 'from-query' } })).toBe('from-query')
  })

  it('is that of the first way that is there: header, subprotocol, query', () => {
    const query = { token: 'from-query' }
    const headers = { authorization: 'Bearer from-header', 'sec-websocket-protocol': PROTOCOLS }
    expect(presentedToken({ headers, query })).toBe('from-header')
    expect(presentedToken({ headers: { 'sec-websocket-protocol': PROTOCOLS }, query })).toBe('from-protocol')
    expect(presentedToken({ headers: { 'sec-websocket-protocol': 'fanout.v1' }, query })).toBe('from-query')
  })

  it.each(['', 'Bearer', 'Bearer ', 'Basic YTpi', 'from-header', 'Bearer a b', 'Bearer a, Bearer b'])(
    'is empty for the header %j: a good one further down excuses nothing',
    (authorization) => {
      const headers = { authorization, 'sec-websocket-protocol': PROTOCOLS }
      expect(presentedToken({ headers, query: { token: 'from-query' } })).toBe('')
    },
  )

  it('is empty for an empty bearer protocol', () => {
    expect(presentedToken({ headers: { 'sec-websocket-protocol': 'bearer.' }, query: { token: 'x' } })).toBe(
      '',
    )
  })

  it.each([
    {},
    { headers: null, query: null },
    { headers: {}, query: {} },
    { headers: { cookie: 'token=x' } },
  ])('is not there in %j', (handshake) => {
    expect(presentedToken(handshake)).toBeUndefined()
  })

  it('is looked for in headers of any case', () => {
    for (const name of ['AUTHORIZATION', 'authorization', 'aUtHoRiZaTiOn']) {
      expect(presentedToken({ headers: { host: 'x', [name]: 'bEaReR  from-header  ' } })).toBe('from-header')
    }
    expect(presentedToken({ headers: { 'SEC-WEBSOCKET-PROTOCOL': PROTOCOLS } })).toBe('from-protocol')
  })

  it('does not come from a parameter that is spelled otherwise', () => {
    expect(presentedToken({ query: { Token: 'x', access_token: 'y' } })).toBeUndefined()
  })

  it.each([
    ['bearer.a,bearer.b', 'a'],
    [' , fanout.v1 ,bearer.a.b.c ', 'a.b.c'],
    ['Bearer.a', undefined],
    ['xbearer.a', undefined],
  ])('in the protocols %j is %j', (protocols, token) => {
    expect(presentedToken({ headers: { 'sec-websocket-protocol': protocols } })).toBe(token)
  })
})

describe('the parts of a handshake', () => {
  it('bearerToken tells a missing header from an odd one', () => {
    expect(bearerToken(undefined)).toBeUndefined()
    expect(bearerToken('Digest x')).toBe('')
    expect(bearerToken('BEARER a.b.c')).toBe('a.b.c')
  })

  it('offeredProtocols lists what was offered, in order', () => {
    expect(offeredProtocols({ 'Sec-WebSocket-Protocol': ' a ,b,  c' })).toEqual(['a', 'b', 'c'])
    expect(offeredProtocols(undefined)).toEqual([''])
  })

  it('headerOf knows no header of a prototype', () => {
    expect(headerOf({}, 'constructor')).toBeUndefined()
    expect(headerOf(null, 'host')).toBeUndefined()
  })
})
