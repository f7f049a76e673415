import { describe, expect, it } from 'vitest'
import type { LambdaHandler } from '../../../src/gateway/websocket/websocket-api.ts'
import { send, serve } from './served.ts'

const INTERNAL = { status: 500, body: '{"message":"Internal Server Error"}' }

async function answerOf(handler: LambdaHandler) {
  const served = await serve({ routes: { 'GET /x': handler } })
  const { status, headers, body } = await send(served, '/x')
  return { status, headers, body, log: served.log }
}

describe('a result with a statusCode', () => {
  it('is the answer', async () => {
    const { status, headers, body } = await answerOf(() => ({
      statusCode: 418,
      headers: { 'Content-Type': 'text/plain', 'X-Number': 7, 'X-True': true },
      body: 'ü',
    }))
    expect({ status, body }).toEqual({ status: 418, body: 'ü' })
    expect(headers).toMatchObject({
      'content-type': 'text/plain',
      'x-number': '7',
      'x-true': 'true',
      'content-length': '2',
    })
  })

  it('may have nothing else', async () => {
    for (const statusCode of [200, 204, 304, 599]) {
      const { status, headers, body } = await answerOf(() => ({ statusCode }))
      expect({ status, body }).toEqual({ status: statusCode, body: '' })
      expect(headers['content-length']).toBe(statusCode === 204 ? undefined : '0')
    }
  })

  it('sets cookies, a header each', async () => {
    const cookies = ['a=1; HttpOnly', 'b=2']
    expect((await answerOf(() => ({ statusCode: 200, cookies }))).headers['set-cookie']).toEqual(cookies)
  })

  it('may be binary, as Base64', async () => {
    const result = { statusCode: 200, body: Buffer.from('hello').toString('base64'), isBase64Encoded: true }
    expect((await answerOf(() => result)).body).toBe('hello')
  })

  it('has one content-length, whatever the function says', async () => {
    const result = { statusCode: 200, headers: { 'Content-Length': '99' }, body: 'four' }
    const { headers, body } = await answerOf(() => result)
    expect({ length: headers['content-length'], body }).toEqual({ length: '4', body: 'four' })
  })
})

describe('a result without one', () => {
  it.each([
    [{ a: 1 }, '{"a":1}'],
    ['text', '"text"'],
    [7, '7'],
    [null, 'null'],
    [undefined, 'null'],
    [{ statusCode: '200' }, '{"statusCode":"200"}'],
    [['a'], '["a"]'],
  ])('%j is the JSON body of a 200', async (result, json) => {
    const { status, headers, body } = await answerOf(async () => Promise.resolve(result))
    expect({ status, body }).toEqual({ status: 200, body: json })
    expect(headers['content-type']).toBe('application/json')
  })
})

describe('a function that fails', () => {
  it.each<[string, LambdaHandler]>([
    [
      'throws',
      () => {
        throw new Error('the token is eyJhbGciOi')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('the token is eyJhbGciOi'))],
    [
      'throws text',
      () => {
        throw 'the token is eyJhbGciOi' as unknown as Error
      },
    ],
    [
      'throws nothing',
      () => {
        throw undefined as unknown as Error
      },
    ],
    [
      'returns a circle',
      () => {
        const circle: object[] = []
        circle.push(circle)
        return circle
      },
    ],
    ['returns a BigInt', () => ({ n: 1n })],
    ['returns a status below', () => ({ statusCode: 99 })],
    ['returns an interim status', () => ({ statusCode: 101 })],
    ['returns a status above', () => ({ statusCode: 600 })],
    ['returns a broken status', () => ({ statusCode: 200.5 })],
    ['returns no status', () => ({ statusCode: Number.NaN })],
    ['returns a body that is no text', () => ({ statusCode: 200, body: { a: 1 } })],
    ['returns a header with a line end', () => ({ statusCode: 200, headers: { a: 'b\r\nset-cookie: x=1' } })],
    ['returns a header name with a blank', () => ({ statusCode: 200, headers: { 'a b': 'c' } })],
    ['returns a cookie with a line end', () => ({ statusCode: 200, cookies: ['a=1\r\nx: y'] })],
  ])('%s: 500, and the log does not quote it', async (_, handler) => {
    const { status, body, log } = await answerOf(handler)
    expect({ status, body }).toEqual(INTERNAL)
    expect(log).toEqual([
      { level: 'error', event: 'function.failed', routeKey: 'GET /x', error: expect.any(String) as string },
    ])
    expect(JSON.stringify(log)).not.toContain('eyJhbGciOi')
  })

  it('harms nobody else', async () => {
    const routes = {
      'GET /bad': () => {
        throw new Error('bad')
      },
      'GET /good': () => 'good',
    }
    const served = await serve({ routes })
    const [bad, good] = await Promise.all([send(served, '/bad'), send(served, '/good')])
    expect([bad.status, good.status]).toEqual([500, 200])
  })
})
