import { describe, expect, it } from 'vitest'
import type {
  AuthorizerEvent,
  ConnectEvent,
  LogRecord,
  Route,
} from '../../../src/gateway/websocket/websocket-api.ts'
import { createWebSocketApi } from '../../../src/gateway/websocket/websocket-api.ts'
import { matchesWildcard } from '../../../src/gateway/websocket/policy.ts'
import { Client, refusal } from './client.ts'
import { conformanceApi } from './conformance-api.ts'
import { start, target } from './target.ts'

describe('the authorizer’s answer', () => {
  it.each(['allow', 'exact', 'singleCharacters', 'wildcardAction', 'singleStatement'])(
    '%s: accepted',
    async (authorize) => {
      const client = await Client.open(`${(await target()).wsUrl}?authorize=${authorize}`)
      expect((await client.reflect()).event.requestContext.authorizer?.['principalId']).toBe('ann')
    },
  )

  it.each(['deny', 'denyOverAllow', 'otherResource', 'otherAction'])('%s: 403', async (authorize) => {
    const { status, body } = await refusal(`${(await target()).wsUrl}?authorize=${authorize}`)
    expect([status, body]).toStrictEqual([403, '{"message":"Forbidden"}'])
  })

  it('"Unauthorized" thrown: 401', async () => {
    const { status, body } = await refusal(`${(await target()).wsUrl}?authorize=unauthorized`)
    expect([status, body]).toStrictEqual([401, '{"message":"Unauthorized"}'])
  })

  it.each([
    'otherError',
    'nothing',
    'noPrincipal',
    'noPolicy',
    'noStatement',
    'condition',
    'nested',
    'large',
    'cyclic',
  ])('%s: 500', async (authorize) => {
    const { status, body } = await refusal(`${(await target()).wsUrl}?authorize=${authorize}`)
    expect([status, body]).toStrictEqual([500, '{"message":"Internal server error"}'])
  })

  it('the context cannot change the principal', async () => {
    const client = await Client.open(`${(await target()).wsUrl}?authorize=principalInContext`)
    expect((await client.reflect()).event.requestContext.authorizer).toStrictEqual({ principalId: 'ann' })
  })

  it('one who is refused does not reach $connect; a malformed answer is explained in the log', async () => {
    const records: LogRecord[] = []
    const connected: ConnectEvent[] = []
    const api = conformanceApi()
    const $connect: Route = { handler: (event: ConnectEvent) => connected.push(event) }
    const { wsUrl } = await start({
      ...api,
      routes: { $connect },
      log: (record) => records.push(record),
    })
    for (const authorize of ['deny', 'unauthorized', 'nested'])
      await refusal(`${wsUrl}?authorize=${authorize}`)
    expect(connected).toStrictEqual([])
    expect(records.map(({ event, status }) => [event, status])).toStrictEqual([
      ['connection.refused', 403],
      ['connection.refused', 401],
      ['function.failed', undefined],
      ['connection.refused', 500],
    ])
    expect(records[2]?.error).toBe(
      'the authorizer’s result is malformed: a context value that is not a string, number or boolean',
    )
  })
})

describe('identity sources', () => {
  async function withSources(...identitySources: string[]) {
    const invoked: AuthorizerEvent[] = []
    const { authorizer } = conformanceApi()
    const { handler } = authorizer as { handler: (event: AuthorizerEvent) => unknown }
    const { wsUrl } = await start({
      routes: {},
      authorizer: {
        identitySources,
        handler: (event: AuthorizerEvent) => {
          invoked.push(event)
          return handler(event)
        },
      },
    })
    return { wsUrl, invoked }
  }

  it.each([
    ['none of two', '', {}],
    ['one of two', '', { authorization: 'x' }],
    ['the other of two', '?token=x', {}],
    ['an empty one', '?token=', { authorization: 'x' }],
    ['a parameter in another case', '?Token=x', { authorization: 'x' }],
  ])('%s: 401 without the function having run', async (_what, query, headers) => {
    const sources = ['route.request.header.Authorization', 'route.request.querystring.token']
    const { wsUrl, invoked } = await withSources(...sources)
    const { status, body } = await refusal(`${wsUrl}${query}`, { headers: headers })
    expect([status, body]).toStrictEqual([401, '{"message":"Unauthorized"}'])
    expect(invoked).toStrictEqual([])
  })

  it('all of them, the header in any case: the function runs', async () => {
    const { wsUrl, invoked } = await withSources(
      'route.request.header.Authorization',
      'route.request.querystring.token',
    )
    await Client.open(`${wsUrl}?token=x`, { headers: { authorization: 'y' } })
    expect(invoked).toHaveLength(1)
  })

  it('none asked for: the function always runs', async () => {
    const { wsUrl, invoked } = await withSources()
    await Client.open(wsUrl)
    expect(invoked).toHaveLength(1)
  })

  it('refuses a source that it does not know', () => {
    const authorizer = { handler: () => undefined, identitySources: ['method.request.header.X'] }
    expect(() => createWebSocketApi({ routes: {}, authorizer })).toThrow(
      'identity source "method.request.header.X": use route.request.header.Name or route.request.querystring.name',
    )
  })
})

describe('wildcards', () => {
  it.each([
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a*c', 'abbc', true],
    ['a*c', 'ac', true],
    ['a*c', 'acb', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['?', '', false],
    ['*b*d', 'abcbd', true],
    ['*b*d', 'abcb', false],
    ['a', 'A', false],
    ['a**', 'a', true],
    ['arn:*:abc/prod/*', 'arn:aws:execute-api:r:1:abc/prod/$connect', true],
    ['arn:*:abc/prod/*', 'arn:aws:execute-api:r:1:abc/test/$connect', false],
    ['a.c', 'abc', false],
  ])('%j on %j: %s', (pattern, text, expected) => {
    expect(matchesWildcard(pattern, text)).toBe(expected)
  })
})
