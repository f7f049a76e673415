import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Client, handshake, refusal, WAYS } from '../e2e/client.ts'
import { deploymentOf, SECRET } from '../e2e/deployment.ts'
import { publish, request } from '../e2e/http.ts'
import { ServerProcess } from '../e2e/server-process.ts'
import { tokenFor, unique } from '../e2e/tokens.ts'

async function start(environment: Record<string, string>) {
  const server = await ServerProcess.forTest({ JWT_SECRET: SECRET, ...environment })
  return { server, target: deploymentOf(server) }
}

describe('ALLOWED_ORIGINS', () => {
  const allowed = 'https://app.example.com'

  it('lets pages of these origins connect, and no others; who sends none is no page', async () => {
    const { server, target } = await start({ ALLOWED_ORIGINS: `${allowed},http://localhost:5173` })
    for (const way of WAYS) {
      const token = tokenFor(target, unique('user'))
      for (const headers of [{ origin: allowed }, { origin: 'http://localhost:5173' }, undefined]) {
        const client = await Client.over(handshake(server.wsUrl, way, token, headers))
        expect(await client.arrived()).toEqual([])
      }
      for (const origin of ['https://evil.example', `${allowed}.evil.example`, 'null', `${allowed}:444`]) {
        const refused = await refusal(handshake(server.wsUrl, way, token, { origin }))
        expect(refused).toMatchObject({ status: 403, body: '{"message":"Forbidden"}' })
      }
    }
    const bad = await refusal(handshake(server.wsUrl, 'header', 'bad', { origin: 'https://evil.example' }))
    expect(bad).toMatchObject({ status: 401, body: '{"message":"Unauthorized"}' })
  })

  it('lets their pages read HTTP answers, and no others', async () => {
    const { target } = await start({ ALLOWED_ORIGINS: allowed })
    const get = (origin: string, method = 'GET') =>
      request(`${target.httpUrl}/health`, {
        method,
        headers: { origin, 'access-control-request-method': 'POST' },
      })
    const cors = ({ headers }: { headers: Headers }) =>
      Object.fromEntries([...headers].filter(([name]) => /^(access-control|vary)/.test(name)))
    const mayRead = { 'access-control-allow-origin': allowed, vary: 'Origin' }
    expect(cors(await get(allowed))).toEqual(mayRead)
    expect(cors(await get(allowed, 'OPTIONS'))).toMatchObject(mayRead)
    expect(cors(await get('https://evil.example'))).toEqual({})
    expect(cors(await get('https://evil.example', 'OPTIONS'))).toEqual({})
  })
})

describe('MAX_CONNECTIONS_PER_USER', () => {
  it('says how many are kept', async () => {
    const { target } = await start({ MAX_CONNECTIONS_PER_USER: '1' })
    const userId = unique('user')
    const first = await Client.connect(target, userId)
    const second = await Client.connect(target, userId)
    expect((await first.closed).code).toBe(1000)
    expect(await first.rest()).toMatchObject([{ code: 'evicted' }])
    const { recipients } = await publish(target, { type: 'T', id: unique('event'), userId })
    expect(recipients).toMatchObject([{ connections: 1, sent: 1 }])
    expect(await second.arrived()).toHaveLength(1)
  })
})

describe('JWT_ISSUER and JWT_AUDIENCE', () => {
  it('must match where they are set', async () => {
    const { server, target } = await start({ JWT_ISSUER: 'me', JWT_AUDIENCE: 'fanout' })
    const status = async (claims: object) => {
      const token = tokenFor(target, unique('user'), { ...claims })
      const headers = { authorization: `Bearer ${token}` }
      return (await request(`${server.httpUrl}/api/v1/events/recent`, { headers })).status
    }
    expect(await status({ iss: 'me', aud: 'fanout' })).toBe(200)
    expect(await status({ iss: 'me', aud: ['a', 'fanout'] })).toBe(200)
    expect(await status({ iss: 'you', aud: 'fanout' })).toBe(401)
    expect(await status({ iss: 'me', aud: 'other' })).toBe(401)
    expect(await status({ iss: ['me'], aud: 'fanout' })).toBe(401)
    expect(await status({})).toBe(401)
  })
})

describe('CONNECTIONS_API', () => {
  function sdk(server: ServerProcess): ApiGatewayManagementApiClient {
    const client = new ApiGatewayManagementApiClient({
      endpoint: server.wsUrl.replace(/^ws/, 'http'),
      region: 'us-east-1',
      credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
      maxAttempts: 1,
    })
    onTestFinished(() => {
      client.destroy()
    })
    return client
  }

  async function connected(environment: Record<string, string>) {
    const { server, target } = await start(environment)
    const userId = unique('user')
    const client = await Client.connect(target, userId)
    const { connectionId } = await server.logged('connected', { userId })
    return { server, client, ConnectionId: String(connectionId) }
  }

  it('1 lets the unmodified SDK post to a connection, look at it and end it', async () => {
    const { server, client, ConnectionId } = await connected({ CONNECTIONS_API: '1' })
    const api = sdk(server)
    await api.send(new PostToConnectionCommand({ ConnectionId, Data: '{"type":"hello"}' }))
    expect(await client.next()).toEqual({ type: 'hello' })
    const { Identity } = await api.send(new GetConnectionCommand({ ConnectionId }))
    expect(Identity).toMatchObject({ SourceIp: '127.0.0.1' })
    await api.send(new DeleteConnectionCommand({ ConnectionId }))
    expect((await client.closed).code).toBe(1000)
    const post = api.send(new PostToConnectionCommand({ ConnectionId, Data: 'late' }))
    await expect(post).rejects.toMatchObject({ name: 'GoneException' })
  })

  it('is off by default', async () => {
    const { server, client, ConnectionId } = await connected({})
    const post = sdk(server).send(new PostToConnectionCommand({ ConnectionId, Data: 'x' }))
    await expect(post).rejects.toMatchObject({ name: 'ForbiddenException' })
    expect(await client.arrived()).toEqual([])
  })
})

describe('HOST', () => {
  it('may be an IPv6 address', async () => {
    const { server, target } = await start({ HOST: '::1' })
    expect(server.httpUrl).toMatch(/^http:\/\/\[::1\]:\d+$/)
    const userId = unique('user')
    const client = await Client.connect(target, userId)
    await publish(target, { type: 'T', id: unique('event'), userId })
    expect(await client.arrived()).toHaveLength(1)
  })
})
