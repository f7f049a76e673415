import { describe, expect, it } from 'vitest'
import { Client, handshake } from './client.ts'
import { deployment } from './deployment.ts'
import { post, request } from './http.ts'
import { tokenFor, unique } from './tokens.ts'

const target = deployment()
const origin = 'https://app.example.com'

describe('a browser’s page', () => {
  it.each(['/api/v1/events', '/api/v1/events/recent', '/health', '/no/such/path'])(
    'may ask before a request to %s',
    async (path) => {
      const { status, text, headers } = await request(`${target.httpUrl}${path}`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type,prefer',
        },
      })
      expect({ status, text }).toEqual({ status: 204, text: '' })
      expect(Object.fromEntries(headers)).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET,POST,DELETE,OPTIONS',
        'access-control-allow-headers': expect.stringMatching(/^authorization,content-type,prefer/) as string,
        'access-control-max-age': '3600',
      })
    },
  )

  it('may read good answers and bad ones', async () => {
    const recentUrl = `${target.httpUrl}/api/v1/events/recent`
    const authorization = `Bearer ${tokenFor(target, unique('user'))}`
    for (const [url, headers, status] of [
      [recentUrl, { origin, authorization }, 200],
      [`${recentUrl}?limit=0`, { origin, authorization }, 400],
      [recentUrl, { origin }, 401],
      [`${target.httpUrl}/nowhere`, { origin }, 404],
      [`${target.httpUrl}/health`, { origin }, 200],
    ] as const) {
      const answer = await request(url, { headers: { ...headers } })
      expect(answer.status).toBe(status)
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    }
  })

  it('may open a socket', async () => {
    const userId = unique('user')
    const client = await Client.over(
      handshake(target.wsUrl, 'subprotocol', tokenFor(target, userId), { origin }),
    )
    expect(client.socket.protocol).toBe('fanout.v1')
    expect(await client.arrived()).toEqual([])
  })
})

describe('whoever is no browser', () => {
  it('gets no CORS headers, and OPTIONS is no path', async () => {
    const { headers } = await post(target, {})
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    const options = await request(`${target.httpUrl}/api/v1/events`, { method: 'OPTIONS' })
    expect(options.status).toBe(404)
  })
})

describe('health', () => {
  it('tells the state of each part', async () => {
    const { status, json, headers } = await request(`${target.httpUrl}/health`)
    expect(status).toBe(200)
    expect(json).toMatchObject({ status: 'ok', parts: { log: { status: 'ok' } } })
    expect(headers.get('cache-control')).toBe('no-store')
  })
})
