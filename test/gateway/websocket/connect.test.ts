import { once } from 'node:events'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { describeErrorDiscreetly } from '../../../src/gateway/log.ts'
import type {
  ConnectEvent,
  DisconnectEvent,
  LogRecord,
} from '../../../src/gateway/websocket/websocket-api.ts'
import { Client, refusal } from './client.ts'
import { conformanceApi } from './conformance-api.ts'
import { deferred } from '../../support/deferred.ts'
import { FakeClock } from './fake-clock.ts'
import { RawClient, frame, opcode } from './raw-client.ts'
import { start, target } from './target.ts'

describe('$connect', () => {
  it('no $connect route means accept', async () => {
    const { wsUrl, api } = await start({ routes: {} })
    await Client.open(wsUrl)
    expect(api.connectionCount).toBe(1)
  })

  it.each([200, 204, 299])('%i accepts', async (status) => {
    const client = await Client.open(`${(await target()).wsUrl}?connect=${status}`)
    expect(client.socket.readyState).toBe(client.socket.OPEN)
  })

  it.each([
    [300, 'Multiple Choices'],
    [401, 'Unauthorized'],
    [403, 'Forbidden'],
    [404, 'Not Found'],
    [500, 'Internal Server Error'],
    [503, 'Service Unavailable'],
  ])('%i is passed through, as plain HTTP', async (status, message) => {
    const refused = await refusal(`${(await target()).wsUrl}?connect=${status}`)
    expect(refused.status).toBe(status)
    expect(refused.body).toBe(`{"message":"${message}"}`)
    expect(refused.headers).toStrictEqual({
      connection: 'close',
      'content-type': 'application/json',
      'content-length': String(refused.body.length),
    })
  })

  it.each(['throw', 'nothing', '100', '600', 'NaN'])('%s gives 502', async (connect) => {
    const { status, body } = await refusal(`${(await target()).wsUrl}?connect=${connect}`)
    expect([status, body]).toStrictEqual([502, '{"message":"Internal server error"}'])
  })

  it('after 29 s: 504', async () => {
    const clock = new FakeClock()
    const invoked = deferred<undefined>()
    const { wsUrl } = await start({
      clock,
      routes: {
        $connect: {
          handler: () => {
            invoked.resolve(undefined)
            return new Promise(() => undefined)
          },
        },
      },
    })
    const refused = refusal(wsUrl)
    await invoked.promise
    clock.advance(29_000)
    expect(await refused).toMatchObject({ status: 504, body: '{"message":"Endpoint request timed out"}' })
  })

  it('a wrong stage gives 403, and nothing runs', async () => {
    const { wsUrl } = await target()
    for (const url of [wsUrl.replace(/prod$/, 'other'), `${wsUrl}/more`, wsUrl.replace(/prod$/, '')]) {
      expect(await refusal(url)).toMatchObject({ status: 403, body: '{"message":"Forbidden"}' })
    }
    expect((await Client.open(`${wsUrl}/`)).socket.readyState).toBe(1)
  })

  it.each([{ stage: '' }, { anyPath: true }])('with %j any path will do', async (options) => {
    const { port, api } = await start({ routes: {}, ...options })
    for (const path of ['', '/', '/ws', '/a/b?c', '//x']) await Client.open(`ws://127.0.0.1:${port}${path}`)
    expect(api.connectionCount).toBe(5)
  })

  it('compression is not negotiated', async () => {
    const client = await Client.open((await target()).wsUrl)
    expect(client.socket.extensions).toBe('')
  })

  it('no token reaches the log, not even by way of an error', async () => {
    const records: LogRecord[] = []
    const fail = (event: ConnectEvent) => {
      throw new Error(`bad token ${event.headers['Authorization'] ?? ''}\n    at secret-5:1:1`)
    }
    const { wsUrl } = await start({
      routes: { $connect: { handler: fail } },
      log: (record) => records.push(record),
    })
    await refusal(`${wsUrl}?token=secret-1`, {
      headers: { Authorization: 'secret-2' },
      protocols: ['secret-3'],
    })
    expect(records.map(({ event }) => event)).toStrictEqual(['function.failed', 'connection.refused'])
    expect(records[1]).toStrictEqual({
      level: 'warn',
      event: 'connection.refused',
      connectionId: records[0]?.connectionId,
      status: 502,
    })
    expect(records[0]?.error).toMatch(/^Error\n +at fail \(.*connect\.test\.ts:\d+:\d+\)/)
    expect(JSON.stringify(records)).not.toMatch(/secret-/)
  })
})

it('an error whose text is not the one in its stack is logged by name alone', () => {
  const error = new TypeError('secret\n    at secret:1:1')
  expect(error.stack).toMatch(/secret/)
  error.message = 'another'
  expect(describeErrorDiscreetly(error)).toBe('TypeError')
  expect(describeErrorDiscreetly('secret')).toBe('a thrown string')
})

describe('subprotocols', () => {
  it('the one that the function returns is selected, if it was offered', async () => {
    const client = await Client.open(`${(await target()).wsUrl}?protocol=b`, { protocols: ['a', 'b'] })
    expect(client.socket.protocol).toBe('b')
  })

  it.each(['', '?protocol=c'])('none is selected by %j', async (query) => {
    const client = await RawClient.request(`${(await target()).wsUrl}${query}`, [
      'Sec-WebSocket-Protocol: a, b',
    ])
    const head = await client.head()
    expect(head).toMatch(/^HTTP\/1\.1 101 /)
    expect(head).not.toMatch(/sec-websocket-protocol/i)
  })

  it('none is selected for a client that offered none', async () => {
    const client = await RawClient.request(`${(await target()).wsUrl}?protocol=a`)
    expect(await client.head()).not.toMatch(/sec-websocket-protocol/i)
  })

  it.each(['a,,b', 'a, a', 'a b', '"a"'])('the header %j is refused before anything runs', async (header) => {
    const client = await RawClient.request((await target()).wsUrl, [`Sec-WebSocket-Protocol: ${header}`])
    expect(await client.head()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  })
})

describe('requests that are no handshakes', () => {
  async function http(url: string, method: string, headers: Record<string, string> = {}) {
    const sent = request(url.replace(/^ws/, 'http'), { method, headers, agent: false }).end()
    const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
    return { status: response.statusCode, body: await text(response), upgrade: response.headers.upgrade }
  }

  it('a plain GET gives 426', async () => {
    expect(await http((await target()).wsUrl, 'GET')).toStrictEqual({
      status: 426,
      body: '{"message":"Upgrade Required"}',
      upgrade: 'websocket',
    })
  })

  it('an upgrade to something else gives 426', async () => {
    const upgrade = { Connection: 'Upgrade', Upgrade: 'h2c' }
    expect(await http((await target()).wsUrl, 'GET', upgrade)).toStrictEqual({
      status: 426,
      body: '{"message":"Upgrade Required"}',
      upgrade: 'websocket',
    })
  })

  it('another method gives 403', async () => {
    expect(await http((await target()).wsUrl, 'POST')).toMatchObject({
      status: 403,
      body: '{"message":"Forbidden"}',
    })
  })

  it.each([
    ['no key', { 'Sec-WebSocket-Version': '13' }],
    ['a short key', { 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'c2hvcnQ=' }],
    ['an old version', { 'Sec-WebSocket-Version': '7', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' }],
  ])('%s gives 400', async (_what, headers) => {
    const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', ...headers }
    expect(await http((await target()).wsUrl, 'GET', upgrade)).toMatchObject({
      status: 400,
      body: '{"message":"Bad Request"}',
    })
  })
})

describe('a client that does not wait', () => {
  /** A gateway whose `$connect` takes as long as the test wants, and where a pushed socket can be seen to end. */
  async function slowConnect() {
    const invoked = deferred<string>()
    const gate = deferred<object>()
    const disconnected = deferred<unknown[]>()
    const logged = deferred<LogRecord>()
    const api = conformanceApi()
    const started = await start({
      routes: {
        ...api.routes,
        $connect: {
          handler: (event: ConnectEvent) => {
            invoked.resolve(event.requestContext.connectionId)
            return gate.promise
          },
        },
        $disconnect: {
          handler: (event: DisconnectEvent) => {
            const { connectionId, disconnectStatusCode } = event.requestContext
            disconnected.resolve([connectionId, disconnectStatusCode])
          },
        },
      },
      log: (record) => {
        if (record.event !== 'connection.opened') logged.resolve(record)
      },
    })
    return {
      ...started,
      invoked: invoked.promise,
      gate,
      disconnected: disconnected.promise,
      logged: logged.promise,
    }
  }

  it.each(['reset', 'end'] as const)(
    'leaves by %s during $connect: never established, and $disconnect says that it was lost',
    async (how) => {
      const { wsUrl, api, invoked, gate, disconnected, logged } = await slowConnect()
      const client = await RawClient.request(wsUrl)
      const id = await invoked
      if (how === 'reset') client.socket.resetAndDestroy()
      else client.socket.end()
      await once(client.socket, 'close').catch(() => undefined)
      // A round trip on another connection, so that the gateway has certainly heard of the first one's end.
      await RawClient.request(wsUrl.replace('prod', 'other')).then((other) => other.head())
      gate.resolve({ statusCode: 200 })
      expect(await logged).toMatchObject({ event: 'connection.refused' })
      expect(await disconnected).toStrictEqual([id, 1006])
      expect(api.connectionCount).toBe(0)
      expect(api.connections.get(id)).toBe('gone')
    },
  )

  it('sends frames before the handshake is answered: they are handled after it', async () => {
    const { wsUrl, invoked, gate } = await slowConnect()
    const client = await RawClient.request(wsUrl)
    await invoked
    client.send(frame(opcode.text, 'early'))
    gate.resolve({ statusCode: 200 })
    expect(await client.head()).toMatch(/^HTTP\/1\.1 101 /)
    expect((await client.next()).payload.toString()).toBe('{"default":"early"}')
  })

  it('floods the gateway before the handshake is answered: it is cut', async () => {
    const { wsUrl, invoked, gate, api, logged } = await slowConnect()
    const client = await RawClient.request(wsUrl)
    await invoked
    client.socket.write(Buffer.alloc(200_000))
    await once(client.socket, 'close').catch(() => undefined)
    gate.resolve({ statusCode: 200 })
    expect(await logged).toMatchObject({ event: 'connection.abandoned' })
    expect(api.connectionCount).toBe(0)
  })
})
