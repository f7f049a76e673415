/** The WebSocket client of load generators: no event emitters, no masks, no copies, one buffer for all sockets. */
import { connect, type Socket } from 'node:net'

const CONTINUATION = 0
const TEXT = 1
const BINARY = 2
const CLOSE = 8
const PING = 9
const PONG = 10

const LAST_FRAME = 0x80
const MASKED = 0x80
const OPCODE = 0x0f
const HEAD_END = Buffer.from('\r\n\r\n')

interface Frame {
  readonly start: number
  /** While the head is not there as a whole, the end of the head. */
  readonly end: number
}

/** Messages out of a server's frames, however the network cut them. What it hands over is valid until the handler returns. */
export class FrameReader {
  readonly #onMessage: (payload: Buffer) => void
  readonly #onControl: (opcode: number, payload: Buffer) => void
  /** The beginning of a frame, and how long it has to be before it is worth another look. */
  #kept: Buffer[] = []
  #size = 0
  #wanted = 0
  /** Of a message in several frames. */
  #parts: Buffer[] = []

  constructor(
    onMessage: (payload: Buffer) => void,
    onControl: (opcode: number, payload: Buffer) => void = () => undefined,
  ) {
    this.#onMessage = onMessage
    this.#onControl = onControl
  }

  read(chunk: Buffer): void {
    const data = this.#joined(chunk)
    if (data === undefined) return
    for (let at = 0; at < data.length;) {
      const { start, end } = frameAt(data, at)
      if (end > data.length) {
        this.#keep(data.subarray(at), end - at)
        return
      }
      this.#take(data[at] ?? 0, data.subarray(start, end))
      at = end
    }
  }

  #joined(chunk: Buffer): Buffer | undefined {
    if (this.#kept.length === 0) return chunk
    this.#kept.push(Buffer.from(chunk))
    this.#size += chunk.length
    if (this.#size < this.#wanted) return undefined
    const data = Buffer.concat(this.#kept)
    this.#kept = []
    return data
  }

  #keep(rest: Buffer, wanted: number): void {
    this.#kept = [Buffer.from(rest)]
    this.#size = rest.length
    this.#wanted = wanted
  }

  #take(first: number, payload: Buffer): void {
    const opcode = first & OPCODE
    const isLast = (first & LAST_FRAME) !== 0
    if (opcode > BINARY) this.#onControl(opcode, payload)
    else if (isLast && opcode !== CONTINUATION) this.#onMessage(payload)
    else {
      this.#parts.push(Buffer.from(payload))
      if (!isLast) return
      const whole = Buffer.concat(this.#parts)
      this.#parts = []
      this.#onMessage(whole)
    }
  }
}

function frameAt(data: Buffer, at: number): Frame {
  const short = (data[at + 1] ?? 0) & 0x7f
  const start = at + (short === 127 ? 10 : short === 126 ? 4 : 2)
  if (data.length < start) return { start, end: start }
  if (short === 127) return { start, end: start + Number(data.readBigUInt64BE(at + 2)) }
  return { start, end: start + (short === 126 ? data.readUInt16BE(at + 2) : short) }
}

/** A client's frame has to be masked; with a mask of zeros the payload stays as it is. */
function frameOf(payload: Buffer, opcode: number): Buffer {
  const { length } = payload
  const head = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14)
  head[0] = LAST_FRAME | opcode
  head[1] = MASKED | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (head.length === 8) head.writeUInt16BE(length, 2)
  if (head.length === 14) head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, payload])
}

export interface SocketOptions {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Gets the socket as well, to answer on it: messages can come before `open` has resolved. */
  readonly onMessage: (payload: Buffer, socket: RawSocket) => void
}

/** What was read is handled before anything else is read: one buffer does for all. */
const SHARED = Buffer.alloc(65_536)

export class RawSocket {
  readonly #socket: Socket
  readonly #reader: FrameReader
  #head: Buffer | undefined = Buffer.alloc(0)
  #upgraded: (() => void) | undefined
  #refused: ((error: Error) => void) | undefined

  private constructor({ url, headers = {}, onMessage }: SocketOptions) {
    const { hostname, port } = new URL(url)
    this.#reader = new FrameReader(
      (payload) => {
        onMessage(payload, this)
      },
      (opcode, payload) => {
        this.#control(opcode, payload)
      },
    )
    const callback = (bytes: number): boolean => {
      this.#read(SHARED.subarray(0, bytes))
      return true
    }
    this.#socket = connect({
      port: Number(port),
      host: hostname,
      noDelay: true,
      onread: { buffer: SHARED, callback },
    })
    this.#socket.write(requestOf(url, headers))
    this.#socket
      .on('error', (error) => this.#refused?.(error))
      .on('close', () => this.#refused?.(new Error(`${url} closed the connection during the handshake`)))
  }

  /** @throws unless the server takes the handshake */
  static async open(options: SocketOptions): Promise<RawSocket> {
    const socket = new RawSocket(options)
    await new Promise<void>((resolve, reject) => {
      socket.#upgraded = resolve
      socket.#refused = reject
    })
    return socket
  }

  send(message: string | Buffer): void {
    const isText = typeof message === 'string'
    this.#socket.write(frameOf(isText ? Buffer.from(message) : message, isText ? TEXT : BINARY))
  }

  /** Takes nothing more from the kernel, whose buffers then fill up. */
  stopReading(): void {
    this.#socket.pause()
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    if (this.#head === undefined) this.#reader.read(chunk)
    else this.#handshake(Buffer.concat([this.#head, chunk]))
  }

  #handshake(answer: Buffer): void {
    const end = answer.indexOf(HEAD_END)
    this.#head = answer
    if (end < 0) return
    const status = answer.toString('latin1').split('\r\n', 1)[0] ?? ''
    if (!status.includes(' 101 ')) {
      this.#refused?.(new Error(`the handshake was answered ${status}`))
      this.close()
      return
    }
    this.#head = undefined
    this.#refused = undefined
    this.#upgraded?.()
    this.#reader.read(answer.subarray(end + HEAD_END.length))
  }

  #control(opcode: number, payload: Buffer): void {
    if (opcode === PING) this.#socket.write(frameOf(payload, PONG))
    if (opcode === CLOSE) this.close()
  }
}

function requestOf(url: string, headers: Readonly<Record<string, string>>): string {
  const { host, pathname, search } = new URL(url)
  const lines = [
    `GET ${pathname}${search} HTTP/1.1`,
    `host: ${host}`,
    ...['connection: Upgrade', 'upgrade: websocket', 'sec-websocket-version: 13'],
    'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}
