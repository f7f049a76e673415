import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { DisconnectEvent, LogRecord, Route } from '../../../src/gateway/websocket/websocket-api.ts'
import { Client, refusal } from './client.ts'
import { conformanceApi } from './conformance-api.ts'
import { deferred } from '../../support/deferred.ts'
import { FakeClock } from './fake-clock.ts'
import { RawClient } from './raw-client.ts'
import { start } from './target.ts'

/** A function that says when it was called, and ends when it is told. */
function held<Event>(): { route: Route; called: Promise<Event>; release: (result: unknown) => void } {
  const called = deferred<Event>()
  const result = deferred<unknown>()
  const handler = (event: Event) => {
    called.resolve(event)
    return result.promise
  }
  return { route: { handler }, called: called.promise, release: result.resolve }
}

/** Whether a promise has been settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  return (
    (await Promise.race([promise.then(() => true), new Promise((resolve) => setImmediate(resolve))])) === true
  )
}

describe('close', () => {
  it('tells everyone 1001, and waits for $disconnect', async () => {
    const $disconnect = held<DisconnectEvent>()
    const { wsUrl, api } = await start({ routes: { $disconnect: $disconnect.route } })
    const client = await Client.open(wsUrl)
    const closed = api.close()
    expect(await client.closed).toStrictEqual({ code: 1001, reason: 'Going away' })
    const { requestContext } = await $disconnect.called
    expect([requestContext.disconnectStatusCode, requestContext.disconnectReason]).toStrictEqual([
      1001,
      'Going away',
    ])
    expect(await isSettled(closed)).toBe(false)
    $disconnect.release(undefined)
    await closed
    expect(api.connectionCount).toBe(0)
  })

  it('takes another code and reason', async () => {
    const { wsUrl, api } = await start({ routes: {} })
    const client = await Client.open(wsUrl)
    await api.close({ code: 1012, reason: 'restart' })
    expect(await client.closed).toStrictEqual({ code: 1012, reason: 'restart' })
  })

  it('waits for a message’s function, whose answer has nowhere to go', async () => {
    const slow = held()
    const { wsUrl, api } = await start({ routes: { slow: { ...slow.route, returnResponse: true } } })
    const client = await Client.open(wsUrl)
    client.send({ action: 'slow' })
    await slow.called
    const closed = api.close()
    await client.closed
    expect(await isSettled(closed)).toBe(false)
    slow.release({ body: 'too late' })
    await closed
  })

  it('refuses a handshake whose $connect is running, and takes back what it accepted', async () => {
    const [$connect, $disconnect] = [held(), held<DisconnectEvent>()]
    const records: LogRecord[] = []
    const { wsUrl, api } = await start({
      routes: { $connect: $connect.route, $disconnect: $disconnect.route },
      log: (record) => records.push(record),
    })
    const refused = refusal(wsUrl)
    await $connect.called
    const closed = api.close()
    expect(await isSettled(closed)).toBe(false)
    $connect.release({ statusCode: 200 })
    expect(await refused).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' })
    expect((await $disconnect.called).requestContext.disconnectStatusCode).toBe(1006)
    expect(await isSettled(closed)).toBe(false)
    $disconnect.release(undefined)
    await closed
    expect(records.map(({ event, status }) => [event, status])).toStrictEqual([
      ['connection.refused', 503],
      ['connection.closed', undefined],
    ])
  })

  it('does not run $connect after an authorizer that was running', async () => {
    const [authorizer, $connect] = [held(), held()]
    const { wsUrl, api } = await start({
      authorizer: authorizer.route,
      routes: { $connect: $connect.route },
    })
    const refused = refusal(wsUrl)
    await authorizer.called
    const closed = api.close()
    const policyDocument = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
    authorizer.release({ principalId: 'ann', policyDocument })
    expect((await refused).status).toBe(503)
    await closed
    expect(await isSettled($connect.called)).toBe(false)
  })

  it('is bounded: what does not end in time is cut', async () => {
    const clock = new FakeClock()
    const [$connect, $disconnect] = [held(), held()]
    const connecting: Promise<unknown>[] = []
    const { wsUrl, api } = await start({
      clock,
      routes: {
        $connect: {
          handler: (event: never) =>
            connecting.length === 0 ? { statusCode: 200 } : $connect.route.handler(event, event),
        },
        $disconnect: $disconnect.route,
      },
    })
    const deaf = await RawClient.open(wsUrl)
    connecting.push(RawClient.request(wsUrl))
    const pending = (await connecting[0]) as RawClient
    await $connect.called
    const closed = api.close({ timeoutMs: 3_000 })
    await $disconnect.called
    clock.advance(2_999)
    expect(await isSettled(closed)).toBe(false)
    const ends = [once(deaf.socket, 'close'), once(pending.socket, 'close')]
    clock.advance(1)
    await closed
    await Promise.all(ends)
    // The two functions that were never answered; nothing else is left.
    await expect.poll(() => clock.pending).toBe(2)
  })

  it('every connection has one $disconnect, whatever ended it', async () => {
    const api = conformanceApi()
    const ended = new Map<string, number[]>()
    const { api: gateway, wsUrl } = await start({
      routes: {
        ...api.routes,
        $disconnect: {
          handler: ({
            requestContext: { connectionId: id, disconnectStatusCode: code },
          }: DisconnectEvent) => {
            ended.set(id, [...(ended.get(id) ?? []), code])
          },
        },
      },
    })
    const [left, deleted, lost, twice, last] = await Promise.all(
      Array.from({ length: 5 }, () => Client.open(wsUrl)),
    )
    const clients = [left!, deleted!, lost!, twice!, last!]
    const ids = await Promise.all(clients.map((client) => client.id()))
    left!.socket.close(1000)
    gateway.connections.delete(ids[1]!)
    gateway.connections.delete(ids[1]!)
    lost!.socket.terminate()
    twice!.socket.close(1000)
    gateway.connections.delete(ids[3]!)
    await Promise.all([left, deleted, lost, twice].map((client) => client!.closed))
    await expect.poll(() => ended.size).toBe(4)
    await gateway.close()
    expect(ids.map((id) => ended.get(id))).toStrictEqual([[1000], [1000], [1006], [1000], [1001]])
  })

  it('can be called twice, and by a gateway that never listened', async () => {
    const { api } = await start({ routes: {} })
    expect(api.close()).toBe(api.close())
    await api.close()
  })

  it('leaves a server that is not its own alone, but refuses its handshakes', async () => {
    const { createServer } = await import('node:http')
    const { api } = await start(conformanceApi())
    const server = createServer(api.handleRequest).on('upgrade', api.handleUpgrade).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as import('node:net').AddressInfo
    const client = await Client.open(`ws://127.0.0.1:${port}/prod`)
    await api.close()
    expect((await client.closed).code).toBe(1001)
    expect((await refusal(`ws://127.0.0.1:${port}/prod`)).status).toBe(503)
    server.close()
    await once(server, 'close')
  })
})

describe('listen', () => {
  it('rejects when the port cannot be had', async () => {
    const { port } = await start({ routes: {} })
    const { api } = await start({ routes: {} })
    await expect(api.listen(port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
