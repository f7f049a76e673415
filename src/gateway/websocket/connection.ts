import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { atEndOfTurn } from '../end-of-turn.ts'
import type { Closing } from './codes.ts'
import type { ConnectionFacts } from './event-factory.ts'
import { type Rate, TokenBucket } from './token-bucket.ts'

export type SendOutcome = 'ok' | 'gone' | 'throttled' | 'too_large'

export interface SendLimits {
  readonly messageBytes: number
  readonly sendBufferBytes: number
}

/** A text message, and its bytes on the wire. */
export interface Outgoing {
  readonly bytes: number
  readonly frames: Buffer
}

const NOTHING: Buffer[] = []

/** What waits for the end of a turn, at most. */
const AT_ONCE_BYTES = 64 * 1024

/** One established WebSocket. There are thousands: state here is paid for by each. */
export class Connection {
  readonly facts: ConnectionFacts
  /** When data last went in either direction, milliseconds since the epoch. Control frames are not data. */
  lastActiveAt: number
  /** Once the gateway has sent a close frame: until when the client may answer it. */
  closeBy = Infinity
  readonly #socket: WebSocket
  readonly #raw: Duplex
  /** What is written at the end of this turn. */
  #pending: Buffer[] = NOTHING
  #pendingBytes = 0
  #messages: TokenBucket | undefined

  constructor(facts: ConnectionFacts, socket: WebSocket, raw: Duplex, now: number) {
    this.facts = facts
    this.lastActiveAt = now
    this.#socket = socket
    this.#raw = raw
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

  /** Hands a text message to the socket without waiting for anything. */
  send({ bytes, frames }: Outgoing, limits: SendLimits, now: number): SendOutcome {
    if (bytes > limits.messageBytes) return 'too_large'
    if (!this.isOpen) return 'gone'
    if (this.#socket.bufferedAmount + this.#pendingBytes > limits.sendBufferBytes) return 'throttled'
    this.lastActiveAt = now
    this.#add(frames)
    return 'ok'
  }

  #add(frames: Buffer): void {
    this.#pendingBytes += frames.length
    if (this.#pending.length > 0) {
      this.#pending.push(frames)
    } else {
      this.#pending = [frames]
      atEndOfTurn(() => {
        this.#flush()
      })
    }
    // What the kernel would take must not count as unread.
    if (this.#pendingBytes >= AT_ONCE_BYTES) this.#flush()
  }

  /** `ws` writes whole frames at once, and nothing is compressed, so what is written beside it lies between two of its frames. */
  #flush(): void {
    const frames = this.#pending
    this.#pending = NOTHING
    this.#pendingBytes = 0
    // Nothing may follow a close frame (RFC 6455, section 5.5.1).
    if (!this.isOpen) return
    if (frames.length > 1) this.#raw.cork()
    for (const frame of frames) this.#raw.write(frame)
    if (frames.length > 1) this.#raw.uncork()
  }

  sendClose({ code, reason }: Closing, closeBy: number): void {
    this.closeBy = closeBy
    this.#flush()
    this.#socket.close(code, reason)
  }

  /** Ends the TCP connection without any more words. */
  terminate(): void {
    this.#socket.terminate()
  }
}
