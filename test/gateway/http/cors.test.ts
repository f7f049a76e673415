import { describe, expect, it } from 'vitest'
import type { CorsOptions } from '../../../src/gateway/http/cors.ts'
import { type Received, send, serve } from './served.ts'

const options: CorsOptions = {
  allowOrigins: ['https://a.example', 'https://b.example'],
  allowMethods: ['GET', 'POST'],
  allowHeaders: ['authorization'],
}

const ofCors = ({ headers }: Received) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => /^(access-control|vary)/.test(name)))

async function ask(cors: CorsOptions | undefined, method: string, headers: readonly string[]) {
  const routes = {
    'GET /x': () => ({
      statusCode: 200,
      headers: { 'Access-Control-Allow-Origin': 'https://function.example' },
    }),
    'GET /fails': () => {
      throw new Error('fails')
    },
    'OPTIONS /x': () => ({ statusCode: 200, body: 'the function' }),
  }
  const served = await serve({ routes, ...(cors && { cors }) })
  return send(served, '/x', { method, headers })
}

const preflight = (origin: string) => ['Origin', origin, 'Access-Control-Request-Method', 'POST']

describe('a preflight request', () => {
  it('is answered by the API itself', async () => {
    const answer = await ask(
      { ...options, maxAge: 60, exposeHeaders: ['x'] },
      'OPTIONS',
      preflight('https://b.example'),
    )
    expect(answer).toMatchObject({ status: 204, body: '' })
    expect(ofCors(answer)).toEqual({
      'access-control-allow-origin': 'https://b.example',
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'authorization',
      'access-control-expose-headers': 'x',
      'access-control-max-age': '60',
      vary: 'Origin',
    })
  })

  it.each(['https://c.example', 'https://a.example.evil', 'http://a.example', 'null', 'https://a.example:1'])(
    'from %s tells nothing',
    async (origin) => {
      const answer = await ask(options, 'OPTIONS', preflight(origin))
      expect(answer.status).toBe(204)
      expect(ofCors(answer)).toEqual({})
    },
  )

  it('goes to the function where the API has no CORS', async () => {
    const answer = await ask(undefined, 'OPTIONS', preflight('https://a.example'))
    expect(answer).toMatchObject({ status: 200, body: 'the function' })
  })

  it.each([[['Origin', 'https://a.example']], [['Access-Control-Request-Method', 'POST']]])(
    'is none with only %j',
    async (headers) => {
      expect(await ask(options, 'OPTIONS', headers)).toMatchObject({ body: 'the function' })
    },
  )
})

describe('any other answer', () => {
  it('names the origin that may read it, whatever the function says', async () => {
    expect(ofCors(await ask(options, 'GET', ['Origin', 'https://a.example']))).toEqual({
      'access-control-allow-origin': 'https://a.example',
      vary: 'Origin',
    })
  })

  it('is for all where all are allowed', async () => {
    const answer = await ask({ ...options, allowOrigins: ['*'] }, 'GET', ['Origin', 'https://any.example'])
    expect(ofCors(answer)).toEqual({ 'access-control-allow-origin': '*' })
  })

  it('has them when it is an error as well', async () => {
    const served = await serve({ routes: {}, cors: options, maxBodyBytes: 1 })
    for (const [method, body, status] of [
      ['GET', '', 404],
      ['POST', 'too large', 404],
    ] as const) {
      const answer = await send(served, '/fails', {
        method,
        body,
        headers: ['Origin', 'https://a.example', 'Content-Length', String(body.length)],
      })
      expect(answer.status).toBe(status)
      expect(ofCors(answer)).toMatchObject({ 'access-control-allow-origin': 'https://a.example' })
    }
  })
})
