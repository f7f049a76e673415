import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import {
  type DisconnectEvent,
  type WebSocketApiOptions,
  createWebSocketApi,
} from '../../../src/gateway/websocket/websocket-api.ts'
import { Client, refusal } from './client.ts'
import { conformanceApi } from './conformance-api.ts'
import { deferred } from '../../support/deferred.ts'
import { FakeClock } from './fake-clock.ts'
import { RawClient, opcode } from './raw-client.ts'
import { start } from './target.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

async function gateway(options: Partial<WebSocketApiOptions> = {}) {
  const clock = new FakeClock()
  const ended = deferred<[number, string]>()
  const started = await start({
    ...conformanceApi(),
    clock,
    ...options,
    routes: {
      ...conformanceApi().routes,
      $disconnect: {
        handler: ({ requestContext: { disconnectStatusCode, disconnectReason } }: DisconnectEvent) => {
          ended.resolve([disconnectStatusCode, disconnectReason])
        },
      },
    },
  })
  return { ...started, clock, ended: ended.promise }
}

describe('idle time', () => {
  it('10 minutes without data: 1001 "Going away"', async () => {
    const { wsUrl, clock, ended, api } = await gateway()
    const client = await Client.open(wsUrl)
    clock.advance(10 * minute - 1)
    expect(api.connectionCount).toBe(1)
    clock.advance(second)
    expect(api.connectionCount).toBe(0)
    expect(await client.closed).toStrictEqual({ code: 1001, reason: 'Going away' })
    expect(await ended).toStrictEqual([1001, 'Going away'])
  })

  it('a message from the client starts it again', async () => {
    const { wsUrl, clock, api } = await gateway()
    const client = await Client.open(wsUrl)
    clock.advance(9 * minute)
    client.send({ action: 'oneWay' })
    client.socket.ping()
    await once(client.socket, 'pong')
    clock.advance(9 * minute)
    expect(api.connectionCount).toBe(1)
    clock.advance(minute + second)
    expect(api.connectionCount).toBe(0)
  })

  it('a message to the client starts it again', async () => {
    const { wsUrl, clock, api } = await gateway()
    const client = await Client.open(wsUrl)
    const id = await client.id()
    clock.advance(9 * minute)
    expect(api.connections.post(id, 'x')).toBe('ok')
    clock.advance(9 * minute)
    expect(api.connectionCount).toBe(1)
    clock.advance(minute + second)
    expect(api.connectionCount).toBe(0)
  })

  it('a ping is answered, and does not', async () => {
    const { wsUrl, clock, api } = await gateway()
    const client = await Client.open(wsUrl)
    clock.advance(9 * minute)
    client.socket.ping('hello')
    const [payload] = (await once(client.socket, 'pong')) as [Buffer]
    expect(payload.toString()).toBe('hello')
    clock.advance(minute + second)
    expect(api.connectionCount).toBe(0)
  })

  it('a client that does not answer the close frame is cut after 5 s', async () => {
    const { wsUrl, clock, ended } = await gateway()
    const client = await RawClient.open(wsUrl)
    clock.advance(10 * minute + second)
    const { opcode: code, payload } = await client.next()
    expect([code, payload.readUInt16BE(0)]).toStrictEqual([opcode.close, 1001])
    // `$disconnect` has not waited for it.
    expect(await ended).toStrictEqual([1001, 'Going away'])
    const cut = once(client.socket, 'close')
    clock.advance(5 * second)
    await cut
  })
})

describe('lifetime', () => {
  it('2 hours, however busy: 1001', async () => {
    const { wsUrl, clock, ended, api } = await gateway()
    const client = await Client.open(wsUrl)
    for (let minutes = 0; minutes < 119; minutes += 7) {
      await client.ask('busy')
      clock.advance(7 * minute)
    }
    expect(clock.now() - FakeClock.start).toBe(119 * minute)
    await client.ask('busy')
    clock.advance(minute - 1)
    expect(api.connectionCount).toBe(1)
    clock.advance(second)
    expect(clock.now() - FakeClock.start).toBeLessThan(2 * hour + 2 * second)
    expect(await client.closed).toStrictEqual({ code: 1001, reason: 'Going away' })
    expect(await ended).toStrictEqual([1001, 'Going away'])
  })

  it('is looked after by one timer for all, and none for nobody', async () => {
    const { wsUrl, clock } = await gateway()
    expect(clock.pending).toBe(0)
    const clients = [await Client.open(wsUrl), await Client.open(wsUrl), await Client.open(wsUrl)]
    expect(clock.pending).toBe(1)
    const ended = clients.map(({ socket }) => once(socket, 'close'))
    clock.advance(10 * minute + second)
    await Promise.all(ended)
    // The gateway may hear of the last one's end a little later than this side.
    await expect.poll(() => clock.pending).toBe(0)
  })
})

describe('rates', () => {
  it('new connections: 429 above the burst, until time has passed', async () => {
    const { wsUrl, clock } = await gateway({ quotas: { connections: { perSecond: 2, burst: 1 } } })
    await Client.open(wsUrl)
    expect(await refusal(wsUrl)).toMatchObject({ status: 429, body: '{"message":"Too Many Requests"}' })
    clock.advance(499)
    expect((await refusal(wsUrl)).status).toBe(429)
    clock.advance(1)
    await Client.open(wsUrl)
    // What was not used is not saved up beyond the burst.
    clock.advance(minute)
    await Client.open(wsUrl)
    expect((await refusal(wsUrl)).status).toBe(429)
  })

  it('a client that sends too fast: 1008', async () => {
    const { wsUrl, clock, ended } = await gateway({ quotas: { clientMessages: { perSecond: 1, burst: 2 } } })
    const client = await Client.open(wsUrl)
    await client.ask('1')
    await client.ask('2')
    clock.advance(second)
    await client.ask('3')
    client.send('4')
    expect(await client.closed).toStrictEqual({ code: 1008, reason: '' })
    expect(await ended).toStrictEqual([1008, ''])
  })

  it('messages of all clients together: a frame says so, and the socket survives', async () => {
    const { wsUrl, clock } = await gateway({ quotas: { requests: { perSecond: 1, burst: 1 } } })
    const client = await Client.open(wsUrl)
    expect(await client.ask('1')).toBe('{"default":"1"}')
    expect(await client.ask('2')).toMatch(/^\{"message": "Too Many Requests", "connectionId":"/)
    clock.advance(second)
    expect(await client.ask('3')).toBe('{"default":"3"}')
  })

  it('Infinity lifts a limit', async () => {
    const unlimited = { perSecond: Infinity, burst: Infinity }
    const quotas = {
      connections: unlimited,
      requests: unlimited,
      clientMessages: unlimited,
      frameBytes: Infinity,
    }
    const { wsUrl } = await gateway({ quotas })
    const client = await Client.open(wsUrl)
    for (let i = 0; i < 6_000; i += 1) client.send({ action: 'oneWay' })
    client.send({ action: 'oneWay', text: 'x'.repeat(100_000) })
    expect(await client.ask('done')).toBe('{"default":"done"}')
  })

  it.each([{ idleMs: 0 }, { requests: { perSecond: 1, burst: Number.NaN } }])(
    'refuses the quota %j',
    (quotas) => {
      const [name] = Object.keys(quotas)
      expect(() => createWebSocketApi({ routes: {}, quotas: quotas })).toThrow(`quotas.${name!}: `)
    },
  )
})
