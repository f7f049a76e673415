import { describe, expect, it } from 'vitest'
import type { HttpApiEvent } from '../../../src/gateway/http/event.ts'
import { eventFor, reflect, type Sent, serve, StoppedClock } from './served.ts'

const at = Date.UTC(2026, 10, 24, 9, 5, 7, 89)

async function reflected(path: string, sent?: Sent): Promise<HttpApiEvent> {
  return eventFor(await serve({ routes: { $default: reflect }, clock: new StoppedClock(at) }), path, sent)
}

describe('the event', () => {
  it('has payload format 2.0', async () => {
    const headers = ['User-Agent', 'test/1', 'X-Custom', 'Value', 'Content-Length', '5']
    const event = await reflected('/some/path?a=1&b=2', { method: 'POST', headers, body: 'hello' })
    const { requestId } = event.requestContext as { requestId: string }
    expect(event).toEqual({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/some/path',
      rawQueryString: 'a=1&b=2',
      headers: {
        host: 'api.example',
        'user-agent': 'test/1',
        'x-custom': 'Value',
        'content-length': '5',
        connection: 'close',
      },
      queryStringParameters: { a: '1', b: '2' },
      requestContext: {
        accountId: 'anonymous',
        apiId: 'local',
        domainName: 'api.example',
        domainPrefix: 'local',
        http: {
          method: 'POST',
          path: '/some/path',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'test/1',
        },
        requestId,
        routeKey: '$default',
        stage: '$default',
        time: '24/Nov/2026:09:05:07 +0000',
        timeEpoch: at,
      },
      body: 'hello',
      isBase64Encoded: false,
    })
    expect(requestId).toMatch(/^[\da-f-]{36}$/)
  })

  it('leaves out what is not there', async () => {
    const event = await reflected('/')
    for (const name of ['cookies', 'queryStringParameters', 'body', 'pathParameters']) {
      expect(event).not.toHaveProperty(name)
    }
    expect(event).toMatchObject({ rawPath: '/', rawQueryString: '', isBase64Encoded: false })
  })

  it.each([
    ['?', {}],
    ['?a', { a: '' }],
    ['?a=1&b=2&a=3&a=', { a: '1,3,', b: '2' }],
    ['?a=%C3%BC+x%20y', { a: 'ü x y' }],
    ['?a=%zz', { a: '%zz' }],
    ['?a=1?b=2', { a: '1?b=2' }],
    ['?a=b,c', { a: 'b,c' }],
    ['?constructor=1', { constructor: '1' }],
  ])('has the query %s as %j', async (query, parameters) => {
    const { rawQueryString, queryStringParameters = {} } = await reflected(`/${query}`)
    expect(rawQueryString).toBe(query.slice(1))
    expect(queryStringParameters).toEqual(parameters)
  })

  it('takes a parameter and a header called __proto__ for data', async () => {
    const event = await reflected('/?__proto__=x', { headers: ['__proto__', 'y'] })
    expect(Object.entries(event.queryStringParameters ?? {})).toEqual([['__proto__', 'x']])
    expect(Object.entries(event.headers)).toContainEqual(['__proto__', 'y'])
  })

  it.each(['authorization', 'x-custom', 'content-type', 'user-agent', 'origin'])(
    'has a repeated header %s joined with a comma, none of them lost',
    async (name) => {
      const { headers } = await reflected('/', { headers: [name, 'one', name.toUpperCase(), 'two'] })
      expect(headers[name]).toBe('one,two')
    },
  )

  it('has cookies in a list, and not among the headers', async () => {
    const event = await reflected('/', { headers: ['Cookie', 'a=1; b=2', 'Cookie', 'c=3'] })
    expect(event.cookies).toEqual(['a=1', 'b=2', 'c=3'])
    expect(event.headers).not.toHaveProperty('cookie')
  })

  it.each([
    ['text', Buffer.from('{"a":"ü💥"}'), '{"a":"ü💥"}', false],
    ['no text', Buffer.from([0xff, 0x00, 0x80]), '/wCA', true],
    ['half a character', Buffer.from('ü').subarray(0, 1), 'ww==', true],
    ['a zero', Buffer.from([0]), '\u0000', false],
  ])('has a body of %s as it can travel', async (_, body, text, isBase64Encoded) => {
    expect(await reflected('/', { method: 'POST', body })).toMatchObject({ body: text, isBase64Encoded })
  })

  it('names the route that was taken', async () => {
    const served = await serve({ routes: { 'GET /a/{id}': reflect, $default: reflect } })
    const event = await eventFor(served, '/a/1')
    expect(event).toMatchObject({ routeKey: 'GET /a/{id}', requestContext: { routeKey: 'GET /a/{id}' } })
  })
})

describe('a function', () => {
  it('may change its event: the next one is new', async () => {
    const seen: HttpApiEvent[] = []
    const served = await serve({ routes: { $default: (event: HttpApiEvent) => void seen.push(event) } })
    await eventFor(served, '/?a=1')
    await eventFor(served, '/?a=1')
    expect(seen[0]).not.toBe(seen[1])
    expect(seen[0]!.headers).not.toBe(seen[1]!.headers)
    expect(seen[0]!.requestContext).not.toBe(seen[1]!.requestContext)
  })

  it('gets a context that tells how much time is left', async () => {
    const context = (_: unknown, { functionName, getRemainingTimeInMillis }: LambdaLike) => ({
      functionName,
      left: getRemainingTimeInMillis(),
    })
    const served = await serve({
      routes: { 'GET /x': context },
      clock: new StoppedClock(at),
      timeoutMs: 1234,
    })
    expect(await eventFor(served, '/x')).toMatchObject({ left: 1234 })
  })
})

interface LambdaLike {
  readonly functionName: string
  readonly getRemainingTimeInMillis: () => number
}
