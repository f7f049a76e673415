import { WebSocket } from 'ws'
import type { Closing } from './codes.ts'
import type { ConnectionFacts } from './event-factory.ts'
import { type Rate, TokenBucket } from './token-bucket.ts'

export type SendOutcome = 'ok' | 'gone' | 'throttled' | 'too_large'

export interface SendLimits {
  readonly frameBytes: number
  readonly messageBytes: number
  readonly sendBufferBytes: number
}

const lastFrame = { binary: false }
const frame = { binary: false, fin: false }

/** One established WebSocket. There are thousands: state here is paid for by each. */
export class Connection {
  readonly facts: ConnectionFacts
  /** When data last went in either direction, milliseconds since the epoch. Control frames are not data. */
  lastActiveAt: number
  /** Once the gateway has sent a close frame: until when the client may answer it. */
  closeBy = Infinity
  readonly #socket: WebSocket
  #messages: TokenBucket | undefined

  constructor(facts: ConnectionFacts, socket: WebSocket, now: number) {
    this.facts = facts
    this.lastActiveAt = now
    this.#socket = socket
  }

  /** False as soon as either side has sent a close frame, even while the other's answer is awaited. */
  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  /** Whether the client may send one more message now. */
  takeMessage(rate: Rate, now: number): boolean {
    this.#messages ??= new TokenBucket(rate, now)
    return this.#messages.take(now)
  }

  /**
   * Hands a text message to the socket, in frames within the limit, without waiting for anything. Bytes are taken as
   * UTF-8 and sent as they are, so that one encoding can serve many connections.
   */
  send(data: string | Uint8Array, limits: SendLimits, now: number): SendOutcome {
    const bytes = typeof data === 'string' ? Buffer.byteLength(data) : data.length
    if (bytes > limits.messageBytes) return 'too_large'
    if (!this.isOpen) return 'gone'
    if (this.#socket.bufferedAmount > limits.sendBufferBytes) return 'throttled'
    this.lastActiveAt = now
    if (bytes <= limits.frameBytes) this.#socket.send(data, lastFrame)
    else this.#sendInFrames(typeof data === 'string' ? Buffer.from(data) : data, limits.frameBytes)
    return 'ok'
  }

  #sendInFrames(bytes: Uint8Array, frameBytes: number): void {
    for (let from = 0; from < bytes.length; from += frameBytes) {
      const to = from + frameBytes
      this.#socket.send(bytes.subarray(from, to), to < bytes.length ? frame : lastFrame)
    }
  }

  sendClose({ code, reason }: Closing, closeBy: number): void {
    this.closeBy = closeBy
    this.#socket.close(code, reason)
  }

  /** Ends the TCP connection without any more words. */
  terminate(): void {
    this.#socket.terminate()
  }
}
