/** Clients that cost next to nothing: on the same machine, what a client burns is missing from the server. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { RawSocket } from './raw-socket.ts'

const EVENTS_PATH = '/api/v1/events'

/** One HTTP connection that is kept, for one request at a time. Bodies are ASCII. */
export class HttpLane {
  readonly #socket: Socket
  readonly #headers: string
  #received = ''
  #answer: ((body: string) => void) | undefined
  #fail: ((error: Error) => void) | undefined

  private constructor(socket: Socket, headers: string) {
    this.#socket = socket
    this.#headers = headers
    socket.setEncoding('latin1').on('data', (part: string) => {
      this.#read(part)
    })
    socket.on('error', (error) => this.#fail?.(error)).on('close', () => this.#fail?.(new Error('closed')))
  }

  /** @param token of a publisher; a server that wants none is given none */
  static async open(url: string, token?: string): Promise<HttpLane> {
    const { hostname, port, host } = new URL(url)
    const socket = connect(Number(port), hostname).setNoDelay(true)
    await once(socket, 'connect')
    const authorization = token === undefined ? '' : `authorization: Bearer ${token}\r\n`
    const headers = `host: ${host}\r\n${authorization}content-type: application/json\r\ncontent-length: `
    return new HttpLane(socket, headers)
  }

  /** @throws unless the answer is a success */
  post(body: string, path = EVENTS_PATH): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) throw new Error('the server closed this connection, which was idle')
      this.#answer = resolve
      this.#fail = reject
      this.#socket.write(`POST ${path} HTTP/1.1\r\n${this.#headers}${body.length}\r\n\r\n${body}`)
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
    if (text.startsWith('HTTP/1.1 2')) this.#answer?.(text.slice(end + 4))
    else this.#fail?.(new Error(text))
  }
}

/** A WebSocket that counts the messages it gets and looks at none. */
export class CountingSocket {
  messages = 0
  #socket: RawSocket | undefined

  static async open(url: string, token: string): Promise<CountingSocket> {
    const client = new CountingSocket()
    const onMessage = (): void => {
      client.messages++
    }
    client.#socket = await RawSocket.open({ url, headers: { authorization: `Bearer ${token}` }, onMessage })
    return client
  }

  /** Takes nothing more from the kernel, whose buffers then fill up. */
  stopReading(): void {
    this.#socket?.stopReading()
  }

  close(): void {
    this.#socket?.close()
  }
}
