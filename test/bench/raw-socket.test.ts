/** The load generator's WebSocket client against `ws`, however the network cuts what it sends. */
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { FrameReader, RawSocket } from '../../bench/raw-socket.ts'

/** On both sides of where a frame's length takes more bytes. */
const MESSAGES = [
  '',
  'a',
  'b'.repeat(125),
  'c'.repeat(126),
  'd'.repeat(1024),
  'e'.repeat(65_535),
  'f'.repeat(65_536),
]

let server: WebSocketServer
let url: string
let onSocket: (socket: WebSocket) => void

beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket) => {
    onSocket(socket)
  })
  await once(server, 'listening')
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  for (const socket of server.clients) socket.terminate()
  server.close()
})

function send(socket: WebSocket): void {
  for (const message of MESSAGES) socket.send(message)
  socket.ping('are you there')
  // One message in three frames, with a control frame between them.
  socket.send('in ', { fin: false })
  socket.ping('still there')
  socket.send('three ', { fin: false })
  socket.send('frames', { fin: true })
  socket.close(1000, 'done')
}

const EXPECTED = [...MESSAGES, 'in three frames']

/** What `ws` sends after the handshake, byte for byte. */
async function recorded(): Promise<Buffer> {
  onSocket = send
  const { port } = server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  socket.write(
    'GET / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n' +
      'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  )
  const chunks: Buffer[] = []
  const isClosed = (): boolean => Buffer.concat(chunks).includes('done')
  while (!isClosed()) chunks.push(((await once(socket, 'data')) as [Buffer])[0])
  socket.destroy()
  const all = Buffer.concat(chunks)
  return all.subarray(all.indexOf('\r\n\r\n') + 4)
}

function readIn(pieces: readonly Buffer[]): { messages: string[]; controls: string[] } {
  const messages: string[] = []
  const controls: string[] = []
  const reader = new FrameReader(
    (payload) => messages.push(payload.toString()),
    (opcode, payload) => controls.push(`${opcode} ${payload.toString('latin1')}`),
  )
  for (const piece of pieces) {
    // As a socket does whose buffer is used again for the next piece.
    const shared = Buffer.from(piece)
    reader.read(shared)
    shared.fill(0xff)
  }
  return { messages, controls }
}

describe('frames', () => {
  it('are read in one piece', async () => {
    const { messages, controls } = readIn([await recorded()])
    expect(messages).toEqual(EXPECTED)
    expect(controls).toEqual(['9 are you there', '9 still there', '8 \x03\xe8done'])
  })

  it('are read when cut at any byte', async () => {
    const bytes = await recorded()
    // In the long messages every 997th will do; heads, tails and short messages are cut everywhere.
    const isNearEdge = (at: number): boolean => at < 1500 || at > bytes.length - 300 || at % 997 === 0
    const edges = Array.from({ length: bytes.length }, (_, at) => at).filter(isNearEdge)
    const whole = readIn([bytes])
    const wrong = edges.filter((at) => {
      const { messages, controls } = readIn([bytes.subarray(0, at), bytes.subarray(at)])
      return (
        messages.join('|') !== whole.messages.join('|') || controls.join('|') !== whole.controls.join('|')
      )
    })
    expect(wrong).toEqual([])
  })

  it.each([1, 2, 3, 7, 1000])('are read in pieces of %i', async (size) => {
    const bytes = await recorded()
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    )
    expect(readIn(pieces).messages).toEqual(EXPECTED)
  })
})

describe('a socket', () => {
  it('hands over messages, and answers pings', async () => {
    const pongs: string[] = []
    onSocket = (socket) => {
      socket.on('pong', (data) => pongs.push(data.toString()))
      send(socket)
    }
    const got: string[] = []
    const socket = await RawSocket.open({ url, onMessage: (payload) => got.push(payload.toString()) })
    await expect.poll(() => got).toEqual(EXPECTED)
    await expect.poll(() => pongs).toEqual(['are you there', 'still there'])
    socket.close()
  })

  it.each([0, 125, 126, 65_535, 65_536])('sends %i bytes', async (length) => {
    const arrived = new Promise<string>((resolve) => {
      onSocket = (socket) => {
        socket.on('message', (data: Buffer) => {
          resolve(data.toString())
        })
      }
    })
    const socket = await RawSocket.open({ url, onMessage: () => undefined })
    socket.send('x'.repeat(length))
    expect(await arrived).toBe('x'.repeat(length))
    socket.close()
  })

  it('is refused with the status', async () => {
    const refusing = new WebSocketServer({ port: 0, host: '127.0.0.1', verifyClient: () => false })
    await once(refusing, 'listening')
    const { port } = refusing.address() as AddressInfo
    await expect(
      RawSocket.open({ url: `ws://127.0.0.1:${port}`, onMessage: () => undefined }),
    ).rejects.toThrow('the handshake was answered HTTP/1.1 401 Unauthorized')
    refusing.close()
  })

  it('reads nothing more once it was told so', async () => {
    const opened = new Promise<WebSocket>((resolve) => {
      onSocket = resolve
    })
    let messages = 0
    const socket = await RawSocket.open({ url, onMessage: () => messages++ })
    socket.stopReading()
    const other = await opened
    // More than the kernel's buffers hold.
    for (let i = 0; i < 100; i++) other.send('x'.repeat(1 << 20))
    await expect.poll(() => other.bufferedAmount).toBeGreaterThan(1 << 20)
    expect(messages).toBe(0)
    socket.close()
  })
})
