import { describe, expect, it } from 'vitest'
import type { DisconnectEvent, MessageEvent } from '../../../src/gateway/websocket/websocket-api.ts'
import { Client } from './client.ts'
import { conformanceApi } from './conformance-api.ts'
import { deferred } from '../../support/deferred.ts'
import { RawClient, frame, frameHeader, opcode } from './raw-client.ts'
import { start, target } from './target.ts'

type Pair = [code: number, reason: string]

/** What `$disconnect` was told about a connection, as often as it was told. */
async function disconnects(wsUrl: string, id: string): Promise<Pair[]> {
  const observer = await Client.open(wsUrl)
  const events = JSON.parse(await observer.ask({ action: 'disconnectsOf', id })) as DisconnectEvent[]
  return events.map(({ requestContext: { disconnectStatusCode: code, disconnectReason: reason } }) => [
    code,
    reason,
  ])
}

async function idOf(client: RawClient): Promise<string> {
  client.send(frame(opcode.text, '{"action":"reflect"}'))
  const { event } = JSON.parse((await client.next()).payload.toString()) as { event: MessageEvent }
  return event.requestContext.connectionId
}

async function closeFrame(client: RawClient): Promise<Pair> {
  const { opcode: code, payload } = await client.next()
  if (code !== opcode.close) throw new Error(`not a close frame: ${code} ${payload.toString()}`)
  return [payload.readUInt16BE(0), payload.subarray(2).toString()]
}

describe('closing by the client', () => {
  it.each<[string, number | undefined, string, Pair]>([
    ['without a code', undefined, '', [1005, 'Client-side close frame status not set']],
    ['with 1000', 1000, '', [1000, '']],
    ['a closed tab', 1001, '', [1001, '']],
    ['with a code and a reason of its own', 4001, 'bye', [4001, 'bye']],
  ])('%s', async (_what, code, reason, expected) => {
    const { wsUrl } = await target()
    const client = await Client.open(wsUrl)
    const id = await client.id()
    if (code === undefined) client.socket.close()
    else client.socket.close(code, reason)
    expect(await disconnects(wsUrl, id)).toStrictEqual([expected])
  })

  it.each(['reset', 'end'] as const)('the TCP connection is lost by %s: 1006', async (how) => {
    const { wsUrl } = await target()
    const client = await RawClient.open(wsUrl)
    const id = await idOf(client)
    if (how === 'reset') client.socket.resetAndDestroy()
    else client.socket.end()
    expect(await disconnects(wsUrl, id)).toStrictEqual([[1006, '']])
  })
})

it('a client that has sent its close frame is gone, though its TCP connection is not', async () => {
  const { wsUrl, api } = await start(conformanceApi())
  const client = await RawClient.open(wsUrl)
  const id = await idOf(client)
  client.send(frame(opcode.close, ''))
  expect((await client.next()).opcode).toBe(opcode.close)
  expect(api.connectionCount).toBe(1)
  expect([api.connections.post(id, 'x'), api.connections.get(id), api.connections.delete(id)]).toStrictEqual([
    'gone',
    'gone',
    'gone',
  ])
})

describe('closing by the gateway', () => {
  it.each<[string, Buffer[], Pair]>([
    ['a binary frame', [frame(opcode.binary, 'x')], [1003, '']],
    ['a frame over 32 KB', [frame(opcode.text, 'x'.repeat(32_769))], [1009, '']],
    ['the mere header of a frame over 32 KB', [frameHeader(opcode.text, 32_769)], [1009, '']],
    ['a frame over 64 KB', [frameHeader(opcode.text, 65_536)], [1009, '']],
    [
      'an oversized continuation',
      [frame(opcode.text, 'x', false), frameHeader(opcode.continuation, 32_769)],
      [1009, ''],
    ],
    [
      'a message over 128 KB in small frames',
      [
        frame(opcode.text, 'x'.repeat(32_768), false),
        frame(opcode.continuation, 'x'.repeat(32_768), false),
        frame(opcode.continuation, 'x'.repeat(32_768), false),
        frame(opcode.continuation, 'x'.repeat(32_768), false),
        frame(opcode.continuation, 'x'),
      ],
      [1009, ''],
    ],
    [
      'a frame of a length that no computer has',
      [Buffer.from([0x81, 0xff, ...Array<number>(12).fill(0xff)])],
      [1009, ''],
    ],
    ['text that is not UTF-8', [frame(opcode.text, Buffer.from([0xff]))], [1007, '']],
    ['a frame without mask', [Buffer.from([0x81, 0x01, 0x78])], [1002, '']],
  ])('%s', async (_what, frames, expected) => {
    const { wsUrl } = await target()
    const client = await RawClient.open(wsUrl)
    const id = await idOf(client)
    client.send(...frames)
    expect(await closeFrame(client)).toStrictEqual(expected)
    expect(await disconnects(wsUrl, id)).toStrictEqual([expected])
  })

  it('a frame of 32 KB and a message of 128 KB are fine, with control frames in between', async () => {
    const client = await RawClient.open((await target()).wsUrl)
    const whole = Buffer.from('{"action":"status"}'.padEnd(131_072))
    const part = (at: number) => whole.subarray(at * 32_768, (at + 1) * 32_768)
    client.send(
      frame(opcode.text, part(0), false),
      frame(opcode.ping, 'ping'),
      frame(opcode.continuation, part(1), false),
      frame(opcode.continuation, '', false),
      frame(opcode.continuation, part(2), false),
      frame(opcode.continuation, part(3)),
    )
    expect(await client.next()).toMatchObject({ opcode: opcode.pong, payload: Buffer.from('ping') })
    expect((await client.next()).payload.toString()).toBe('sent all the same')
  })

  it('a header that comes byte by byte is understood', async () => {
    const client = await RawClient.open((await target()).wsUrl)
    client.socket.setNoDelay(true)
    const drip = async (bytes: Buffer) => {
      for (const byte of bytes) {
        await new Promise((resolve) => client.socket.write(Buffer.from([byte]), resolve))
      }
    }
    for (const text of ['x'.repeat(200), 'y']) {
      await drip(frame(opcode.text, text))
      expect((await client.next()).payload.toString()).toBe(`{"default":"${text}"}`)
    }
    await drip(frameHeader(opcode.text, 40_000))
    expect(await closeFrame(client)).toStrictEqual([1009, ''])
  })

  it('messages before an oversized frame still count; it and what comes after it do not', async () => {
    const bodies: string[] = []
    const ended = deferred<DisconnectEvent>()
    const { wsUrl } = await start({
      routes: {
        $default: { handler: ({ body }: MessageEvent) => bodies.push(body) },
        $disconnect: { handler: ended.resolve },
      },
    })
    const client = await RawClient.open(wsUrl)
    client.send(
      frame(opcode.ping, ''),
      frame(opcode.text, 'first'),
      frame(opcode.text, 'x'.repeat(40_000)),
      frame(opcode.text, 'third'),
    )
    expect((await client.next()).opcode).toBe(opcode.pong)
    expect(await closeFrame(client)).toStrictEqual([1009, ''])
    expect((await ended.promise).requestContext.disconnectStatusCode).toBe(1009)
    expect(bodies).toStrictEqual(['first'])
  })
})
