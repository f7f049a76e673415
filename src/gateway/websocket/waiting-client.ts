import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** A client may not send frames before its handshake is answered; more than this is an attack. */
const earlyBytes = 64 * 1024

/**
 * The socket of a client whose handshake is not decided yet. It is read meanwhile: a paused socket would not notice that
 * the client has left.
 */
export class WaitingClient {
  readonly socket: Duplex
  #gone = false
  #early: Buffer[]
  #bytes = 0

  constructor(socket: Duplex, head: Buffer) {
    this.socket = socket
    this.#early = [head]
    socket.on('error', this.#leave).on('end', this.#leave).on('close', this.#leave).on('data', this.#keep)
  }

  /** Whether the client has left: nobody is there to be answered. */
  get gone(): boolean {
    return this.#gone
  }

  /** Lets go of the socket, paused; returns what the client has sent already. */
  release(): Buffer {
    this.socket.pause()
    this.socket
      .off('error', this.#leave)
      .off('end', this.#leave)
      .off('close', this.#leave)
      .off('data', this.#keep)
    return Buffer.concat(this.#early)
  }

  /** Answers with plain HTTP, `{"message":"…"}`, and ends the connection. */
  refuse(status: number, message: string): void {
    if (this.#gone) return
    this.#early = []
    const body = JSON.stringify({ message })
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      `Connection: ${status === 426 ? 'Upgrade, ' : ''}close`,
      ...(status === 426 ? ['Upgrade: websocket'] : []),
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ]
    this.socket.once('finish', () => this.socket.destroy())
    this.socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  }

  abandon(): void {
    this.socket.destroy()
  }

  readonly #leave = (): void => {
    this.#gone = true
    this.#early = []
    this.abandon()
  }

  readonly #keep = (chunk: Buffer): void => {
    this.#bytes += chunk.length
    if (this.#bytes > earlyBytes) this.abandon()
    else this.#early.push(chunk)
  }
}
