import {
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import { describe, expect, it } from 'vitest'
import type { ConnectEvent, DisconnectEvent } from '../../../src/gateway/websocket/websocket-api.ts'
import { Client } from './client.ts'
import { conformanceApi } from './conformance-api.ts'
import { FakeClock } from './fake-clock.ts'
import { RawClient, frame, opcode } from './raw-client.ts'
import { failure, sdk, start, target } from './target.ts'

const unknownId = 'AAAAAAAAAAAAAAA='
const signature = [
  'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/execute-api/aws4_request',
  'SignedHeaders=host;x-amz-date',
  `Signature=${'0'.repeat(64)}`,
].join(', ')

/** A request as no SDK would make it. */
async function http(url: string, init: RequestInit = {}) {
  const response = await fetch(url, { headers: { Authorization: signature }, ...init })
  return {
    status: response.status,
    type: response.headers.get('x-amzn-errortype'),
    body: await response.text(),
  }
}

describe('@connections, by the SDK', () => {
  it('POST: 200, and the client has the text', async () => {
    const { wsUrl, httpUrl } = await target()
    const client = await Client.open(wsUrl)
    const answer = await sdk(httpUrl).send(
      new PostToConnectionCommand({ ConnectionId: await client.id(), Data: 'grüße' }),
    )
    expect(answer.$metadata.httpStatusCode).toBe(200)
    expect(await client.next()).toBe('grüße')
  })

  it('GET: connectedAt, identity, lastActiveAt', async () => {
    const clock = new FakeClock()
    const { wsUrl, httpUrl } = await start({ ...conformanceApi(), clock })
    const client = await Client.open(wsUrl, { headers: { 'User-Agent': 'suite/1' } })
    clock.advance(5_000)
    const ConnectionId = await client.id()
    clock.advance(5_000)
    const { $metadata, ...answer } = await sdk(httpUrl).send(new GetConnectionCommand({ ConnectionId }))
    expect($metadata.httpStatusCode).toBe(200)
    expect(answer).toStrictEqual({
      ConnectedAt: new Date('2026-11-24T10:00:00Z'),
      Identity: { SourceIp: '127.0.0.1', UserAgent: 'suite/1' },
      LastActiveAt: new Date('2026-11-24T10:00:05Z'),
    })
  })

  it('DELETE: 204, close frame 1000, gone at once, and $disconnect says so', async () => {
    const { wsUrl, httpUrl } = await target()
    const [client, observer] = [await Client.open(wsUrl), await Client.open(wsUrl)]
    const ConnectionId = await client.id()
    const api = sdk(httpUrl)
    const answer = await api.send(new DeleteConnectionCommand({ ConnectionId }))
    expect(answer.$metadata.httpStatusCode).toBe(204)
    expect(await failure(api.send(new GetConnectionCommand({ ConnectionId })))).toStrictEqual({
      name: 'GoneException',
      status: 410,
    })
    expect(await client.closed).toStrictEqual({ code: 1000, reason: 'Connection Closed Normally' })
    const events = JSON.parse(
      await observer.ask({ action: 'disconnectsOf', id: ConnectionId }),
    ) as DisconnectEvent[]
    expect(events.map(({ requestContext: c }) => [c.disconnectStatusCode, c.disconnectReason])).toStrictEqual(
      [[1000, 'Connection Closed Normally']],
    )
  })

  it.each([
    ['POST', (ConnectionId: string) => new PostToConnectionCommand({ ConnectionId, Data: 'x' })],
    ['GET', (ConnectionId: string) => new GetConnectionCommand({ ConnectionId })],
    ['DELETE', (ConnectionId: string) => new DeleteConnectionCommand({ ConnectionId })],
  ])('%s to nobody: 410; to what is no id: 400', async (_method, command) => {
    const api = sdk((await target()).httpUrl)
    expect(await failure(api.send(command(unknownId) as never))).toStrictEqual({
      name: 'GoneException',
      status: 410,
    })
    expect(await failure(api.send(command('no id') as never))).toStrictEqual({
      name: 'BadRequestException',
      status: 400,
    })
  })

  it('410 while the connection’s $connect is running, and after a client has left', async () => {
    const answers: unknown[] = []
    const { wsUrl, httpUrl, api } = await start({
      routes: {
        ...conformanceApi().routes,
        $connect: {
          handler: async ({ requestContext: { connectionId: ConnectionId } }: ConnectEvent) => {
            answers.push(
              await failure(sdk(httpUrl).send(new PostToConnectionCommand({ ConnectionId, Data: 'x' }))),
            )
            answers.push(api.connections.post(ConnectionId, 'x'))
            return { statusCode: 200 }
          },
        },
      },
    })
    const client = await Client.open(wsUrl)
    expect(answers).toStrictEqual([{ name: 'GoneException', status: 410 }, 'gone'])
    const ConnectionId = await client.id()
    client.socket.close()
    await client.closed
    expect(
      await failure(sdk(httpUrl).send(new PostToConnectionCommand({ ConnectionId, Data: 'x' }))),
    ).toStrictEqual({
      name: 'GoneException',
      status: 410,
    })
  })

  it('POST up to 128 KB arrives in frames of at most 32 KB; more gives 413', async () => {
    const { wsUrl, httpUrl } = await target()
    const api = sdk(httpUrl)
    const client = await RawClient.open(wsUrl)
    client.send(frame(opcode.text, '{"action":"reflect"}'))
    const { event } = JSON.parse((await client.next()).payload.toString()) as { event: ConnectEvent }
    const ConnectionId = event.requestContext.connectionId
    const post = (bytes: number) =>
      api.send(new PostToConnectionCommand({ ConnectionId, Data: 'x'.repeat(bytes) }))
    const next = async () => {
      const { opcode, isLast, payload } = await client.next()
      return [opcode, isLast, payload.length]
    }
    await post(32_768)
    expect(await next()).toStrictEqual([opcode.text, true, 32_768])
    await post(32_769)
    expect(await next()).toStrictEqual([opcode.text, false, 32_768])
    expect(await next()).toStrictEqual([opcode.continuation, true, 1])
    await post(131_072)
    for (const [code, isLast] of [
      [1, false],
      [0, false],
      [0, false],
      [0, true],
    ]) {
      expect(await next()).toStrictEqual([code, isLast, 32_768])
    }
    expect(await failure(post(131_073))).toStrictEqual({ name: 'PayloadTooLargeException', status: 413 })
    await post(0)
    expect(await next()).toStrictEqual([opcode.text, true, 0])
  })

  it('over the rate: 429, until time has passed', async () => {
    const clock = new FakeClock()
    const quotas = { requests: { perSecond: 1, burst: 1 } }
    const { httpUrl } = await start({ routes: {}, clock, quotas })
    const call = () => failure(sdk(httpUrl).send(new GetConnectionCommand({ ConnectionId: unknownId })))
    expect(await call()).toStrictEqual({ name: 'GoneException', status: 410 })
    expect(await call()).toStrictEqual({ name: 'LimitExceededException', status: 429 })
    clock.advance(1_000)
    expect(await call()).toStrictEqual({ name: 'GoneException', status: 410 })
  })

  it('a client that does not read: 429 once its buffer is full; what was accepted arrives later', async () => {
    const { wsUrl, httpUrl, api } = await start({ ...conformanceApi(), quotas: { sendBufferBytes: 100_000 } })
    const client = await RawClient.open(wsUrl)
    client.send(frame(opcode.text, '{"action":"reflect"}'))
    const { event } = JSON.parse((await client.next()).payload.toString()) as { event: ConnectEvent }
    const ConnectionId = event.requestContext.connectionId
    client.socket.pause()
    const text = Buffer.alloc(32_768, 'x')
    let accepted = 0
    while (api.connections.post(ConnectionId, text) === 'ok') accepted += 1
    expect(accepted).toBeLessThan(10_000)
    expect(
      await failure(sdk(httpUrl).send(new PostToConnectionCommand({ ConnectionId, Data: 'x' }))),
    ).toStrictEqual({
      name: 'LimitExceededException',
      status: 429,
    })
    for (let i = 0; i < accepted; i += 1) expect((await client.next()).payload).toHaveLength(32_768)
    expect(api.connections.post(ConnectionId, 'again')).toBe('ok')
    expect((await client.next()).payload.toString()).toBe('again')
  })
})

describe('@connections, by hand', () => {
  it.each([
    ['as the SDK writes it', (id: string) => `prod/@connections/${encodeURIComponent(id)}`],
    ['nothing encoded', (id: string) => `prod/@connections/${id}`],
    ['%40', (id: string) => `prod/%40connections/${id}`],
    ['an endpoint with a slash at its end', (id: string) => `prod//@connections/${id}`],
    ['no stage', (id: string) => `@connections/${id}`],
    ['no stage, and a slash', (id: string) => `/@connections/${id}`],
    ['another stage', (id: string) => `other/@connections/${id}`],
  ])('the path: %s', async (_what, path) => {
    const { wsUrl, httpUrl } = await target()
    const client = await Client.open(wsUrl)
    const url = `${new URL(httpUrl).origin}/${path(await client.id())}`
    expect(await http(url, { method: 'POST', body: 'x' })).toStrictEqual({
      status: 200,
      type: null,
      body: '',
    })
    expect(await client.next()).toBe('x')
  })

  it('every error has its type in a header, and a 410 has no body', async () => {
    const { httpUrl } = await target()
    const url = `${httpUrl}/@connections`
    expect(await http(`${url}/${unknownId}`)).toStrictEqual({ status: 410, type: 'GoneException', body: '' })
    expect(await http(`${url}/x`)).toStrictEqual({
      status: 400,
      type: 'BadRequestException',
      body: '{"message":"Invalid connectionId: x"}',
    })
    expect(await http(`${url}/%E0%A4%A`)).toMatchObject({ status: 400, type: 'BadRequestException' })
    expect(await http(`${url}/${unknownId}`, { method: 'PUT' })).toMatchObject({ status: 403 })
  })

  it.each([
    ['no signature', undefined],
    ['a bearer token', 'Bearer x'],
    ['a signature for another service', signature.replace('execute-api', 's3')],
    ['half a signature', signature.slice(0, -1)],
  ])('%s: 403', async (_what, authorization) => {
    const { wsUrl, httpUrl } = await target()
    const client = await Client.open(wsUrl)
    const headers = authorization === undefined ? {} : { Authorization: authorization }
    const url = `${httpUrl}/@connections/${await client.id()}`
    expect(
      await http(url, { method: 'POST', body: 'x', headers: headers as Record<string, string> }),
    ).toStrictEqual({
      status: 403,
      type: 'ForbiddenException',
      body: '{"message":"Forbidden"}',
    })
  })

  it.each(['X-Forwarded-For', 'Forwarded'])('what a proxy passed on (%s) is not local', async (name) => {
    const { httpUrl, port } = await start({ routes: {} })
    const headers = { Authorization: signature, [name]: 'for=127.0.0.1' }
    expect(await http(`${httpUrl}/@connections/${unknownId}`, { headers })).toMatchObject({ status: 403 })
    expect(port).toBeGreaterThan(0)
  })

  it('connectionsApi: anyone lets a proxy through; off lets nobody', async () => {
    const headers = { Authorization: signature, 'X-Forwarded-For': '9.9.9.9' }
    const open = await start({ routes: {}, connectionsApi: 'anyone' })
    expect(await http(`${open.httpUrl}/@connections/${unknownId}`, { headers })).toMatchObject({
      status: 410,
    })
    const off = await start({ routes: {}, connectionsApi: 'off' })
    expect(await http(`${off.httpUrl}/@connections/${unknownId}`)).toMatchObject({ status: 403 })
  })
})

describe('connections, in process', () => {
  it('has the outcomes of the HTTP API', async () => {
    const { wsUrl, api } = await start(conformanceApi())
    const client = await Client.open(wsUrl)
    const id = await client.id()
    expect(api.connections.post(id, 'text')).toBe('ok')
    expect(api.connections.post(id, Buffer.from('bytes'))).toBe('ok')
    expect(api.connections.post(id, 'é'.repeat(65_537))).toBe('too_large')
    expect(api.connections.post(id, 'é'.repeat(65_536))).toBe('ok')
    expect(api.connections.post(unknownId, 'x')).toBe('gone')
    expect(api.connections.post('x', 'x')).toBe('malformed_id')
    expect(api.connections.get('x')).toBe('malformed_id')
    expect([await client.next(), await client.next(), await client.next()]).toStrictEqual([
      'text',
      'bytes',
      'é'.repeat(65_536),
    ])
    expect(api.connections.delete(id)).toBe('ok')
    expect(api.connections.delete(id)).toBe('gone')
    expect(api.connections.get(id)).toBe('gone')
    expect(api.connectionCount).toBe(0)
  })
})
