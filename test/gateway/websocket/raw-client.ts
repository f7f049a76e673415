import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { onTestFinished } from 'vitest'

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

interface Frame {
  opcode: number
  isLast: boolean
  payload: Buffer
}

/** A client on a bare TCP socket, for what a well-behaved one cannot do. */
export class RawClient {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  #arrived: (() => void) | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#arrived?.()
    })
  }

  /** Sends an upgrade request, and does not wait for the answer. */
  static async request(url: string, headers: string[] = []): Promise<RawClient> {
    const { hostname, port, pathname, search } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    onTestFinished(() => {
      socket.destroy()
    })
    await once(socket, 'connect')
    const lines = [
      `GET ${pathname}${search} HTTP/1.1`,
      `hOsT: ${hostname}:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    return new RawClient(socket)
  }

  static async open(url: string, headers: string[] = []): Promise<RawClient> {
    const client = await RawClient.request(url, headers)
    const head = await client.head()
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(head)
    return client
  }

  /** The answer's status line and headers. */
  async head(): Promise<string> {
    const end = '\r\n\r\n'
    while (!this.#received.includes(end)) await this.#more()
    const at = this.#received.indexOf(end)
    return this.#take(at + end.length).toString()
  }

  send(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames))
  }

  async next(): Promise<Frame> {
    while (this.#received.length < 2) await this.#more()
    const length = this.#received[1]! & 0x7f
    const extended = length === 126 ? 2 : length === 127 ? 8 : 0
    while (this.#received.length < 2 + extended) await this.#more()
    const header = this.#take(2 + extended)
    const bytes =
      extended === 0 ? length : extended === 2 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2))
    while (this.#received.length < bytes) await this.#more()
    return { opcode: header[0]! & 0x0f, isLast: (header[0]! & 0x80) !== 0, payload: this.#take(bytes) }
  }

  #more(): Promise<void> {
    this.socket.resume()
    return new Promise((resolve) => {
      this.#arrived = resolve
    })
  }

  #take(bytes: number): Buffer {
    const taken = this.#received.subarray(0, bytes)
    this.#received = this.#received.subarray(bytes)
    return taken
  }
}

/** A masked client frame. The mask is zero, which leaves the payload as it is. */
export function frame(code: number, payload: string | Buffer, isLast = true): Buffer {
  const bytes = Buffer.from(payload)
  return Buffer.concat([frameHeader(code, bytes.length, isLast), bytes])
}

/** The header of a frame whose payload may never come. */
export function frameHeader(code: number, length: number, isLast = true): Buffer {
  const first = Buffer.from([(isLast ? 0x80 : 0) | code])
  const mask = Buffer.alloc(4)
  if (length < 126) return Buffer.concat([first, Buffer.from([0x80 | length]), mask])
  if (length < 65_536) {
    const extended = Buffer.alloc(2)
    extended.writeUInt16BE(length)
    return Buffer.concat([first, Buffer.from([0x80 | 126]), extended, mask])
  }
  const extended = Buffer.alloc(8)
  extended.writeBigUInt64BE(BigInt(length))
  return Buffer.concat([first, Buffer.from([0x80 | 127]), extended, mask])
}
