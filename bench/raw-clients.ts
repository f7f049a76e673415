/** Clients that cost next to nothing: on the same machine, what a client burns is missing from the server. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

async function connectTo(url: string): Promise<{ socket: Socket; host: string }> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname).setNoDelay(true)
  await once(socket, 'connect')
  return { socket, host }
}

/** One HTTP connection that is kept, for one request at a time. Bodies are ASCII. */
export class HttpLane {
  readonly #socket: Socket
  readonly #head: string
  #received = ''
  #answer: ((body: string) => void) | undefined
  #fail: ((error: Error) => void) | undefined

  private constructor(socket: Socket, head: string) {
    this.#socket = socket
    this.#head = head
    socket.setEncoding('latin1').on('data', (part: string) => {
      this.#read(part)
    })
    socket.on('error', (error) => this.#fail?.(error)).on('close', () => this.#fail?.(new Error('closed')))
  }

  static async open(url: string, token: string): Promise<HttpLane> {
    const { socket, host } = await connectTo(url)
    const head =
      `POST /api/v1/events HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\n` +
      'content-type: application/json\r\ncontent-length: '
    return new HttpLane(socket, head)
  }

  /** @throws unless the answer is 200 */
  post(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#answer = resolve
      this.#fail = reject
      this.#socket.write(`${this.#head}${body.length}\r\n\r\n${body}`)
    })
  }

  close(): void {
    this.#fail = undefined
    this.#socket.destroy()
  }

  #read(part: string): void {
    this.#received += part
    const end = this.#received.indexOf('\r\n\r\n')
    if (end < 0) return
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1])
    if (this.#received.length < end + 4 + length) return
    const text = this.#received
    this.#received = ''
    if (text.startsWith('HTTP/1.1 200 ')) this.#answer?.(text.slice(end + 4))
    else this.#fail?.(new Error(text))
  }
}

/** A WebSocket that counts the messages it gets and looks at none. */
export class CountingSocket {
  messages = 0
  readonly #socket: Socket
  /** The beginning of a frame whose length is not known yet. */
  #head = Buffer.alloc(0)
  /** How much of a frame is still to come. */
  #rest = 0

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  static async open(url: string, token: string): Promise<CountingSocket> {
    const { socket, host } = await connectTo(url)
    socket.write(
      `GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
        `sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nauthorization: Bearer ${token}\r\n\r\n`,
    )
    const [answer] = (await once(socket, 'data')) as [Buffer]
    const status = answer.toString('latin1').split('\r\n')[0] ?? ''
    if (!status.includes(' 101 ')) throw new Error(`the handshake was answered ${status}`)
    const client = new CountingSocket(socket)
    socket
      .on('error', () => undefined)
      .on('data', (chunk: Buffer) => {
        client.#read(chunk)
      })
    return client
  }

  /** Takes nothing more from the kernel, whose buffers then fill up. */
  stopReading(): void {
    this.#socket.pause()
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    let at = Math.min(this.#rest, chunk.length)
    this.#rest -= at
    while (at < chunk.length) {
      const data =
        this.#head.length === 0 ? chunk.subarray(at) : Buffer.concat([this.#head, chunk.subarray(at)])
      const frame = frameLength(data)
      if (frame === undefined) {
        this.#head = Buffer.from(data)
        return
      }
      at += Math.min(frame - this.#head.length, chunk.length - at)
      this.#rest = Math.max(0, frame - data.length)
      this.#head = Buffer.alloc(0)
      this.messages++
    }
  }
}

/** Of an unmasked frame, its head included; undefined while the head is not there as a whole. */
function frameLength(data: Buffer): number | undefined {
  const short = (data[1] ?? 0) & 0x7f
  const head = short === 127 ? 10 : short === 126 ? 4 : 2
  if (data.length < head) return undefined
  if (short === 127) return head + Number(data.readBigUInt64BE(2))
  return head + (short === 126 ? data.readUInt16BE(2) : short)
}
