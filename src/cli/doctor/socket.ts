import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { SUBPROTOCOL } from '../../auth/presented-token.ts'
import { LIMITS } from '../../core/limits.ts'
import { abortedAfter } from './patience.ts'
import { readUpTo } from './reading.ts'

/** The ways in which a handshake can bring a token. */
export const WAYS = ['header', 'subprotocol', 'query'] as const
export type Way = (typeof WAYS)[number]

export type Frame = Readonly<Record<string, unknown>>

/** Why there is no socket: an answer with a status, or nothing that is HTTP. */
export interface NoSocket {
  readonly status?: number
  readonly text: string
}

export interface Handshake {
  readonly url: URL
  readonly way: Way
  readonly token: string
  readonly origin?: string
  /** Until it is open, or refused to the end of what is read of the refusal; in milliseconds. */
  readonly timeout: number
}

/** Of one frame, in bytes: more than any of the server's. */
const FRAME_BYTES = 2 * LIMITS.socketPageBytes

/** Of all that comes on one socket, in bytes. */
const KEPT_BYTES = 32 * 1024 * 1024

/** Of a refusal, in bytes: what a proxy says may be a page, and its beginning tells enough. */
const REFUSAL_BYTES = 4096

/** A socket that keeps what comes until somebody asks for it. */
export class DoctorSocket {
  readonly way: Way
  readonly #socket: WebSocket
  readonly #frames: { readonly frame: Frame; readonly at: number }[] = []
  #bytes = 0
  #watchers: (() => void)[] = []
  #isOver = false

  private constructor(way: Way, socket: WebSocket) {
    this.way = way
    this.#socket = socket
    socket.on('message', (data: Buffer) => {
      this.#bytes += data.length
      if (this.#bytes > KEPT_BYTES) socket.terminate()
      this.#frames.push({ frame: frameOf(data.toString()), at: Date.now() })
      this.#wake()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#isOver = true
      this.#wake()
    })
  }

  /** Never rejects. */
  static async open(handshake: Handshake): Promise<DoctorSocket | NoSocket> {
    const socket = socketFor(handshake)
    // Made before it opens: the first frame may come with the answer to the handshake.
    const opened = new DoctorSocket(handshake.way, socket)
    // Whoever sends a byte now and then is never idle, which is all that a socket's own limit knows.
    const patience = abortedAfter(handshake.timeout)
    return new Promise((resolve) => {
      const giveUp = (): void => {
        resolve({ text: `no answer within ${handshake.timeout} ms` })
        if (socket.readyState === WebSocket.CONNECTING) socket.terminate()
      }
      patience.addEventListener('abort', giveUp)
      socket.once('open', () => {
        resolve(opened)
      })
      const fail = (error: NodeJS.ErrnoException): void => {
        resolve({ text: error.message === '' ? (error.code ?? error.name) : error.message })
      }
      socket.once('error', fail)
      socket.once('unexpected-response', (request, response) => {
        // From here on the answer counts, however it ends.
        patience.removeEventListener('abort', giveUp)
        socket.off('error', fail)
        void refusalOf(response, patience).then((refusal) => {
          request.destroy()
          resolve(refusal)
        })
      })
    })
  }

  get isOpen(): boolean {
    return !this.#isOver
  }

  /** Whether the server has closed it because the user has a newer one, and may have no more. */
  get isEvicted(): boolean {
    return this.#frames.some(({ frame }) => frame['code'] === 'evicted')
  }

  /** How often an event was pushed so far. */
  pushes(eventId: string): number {
    return this.#frames.filter(({ frame }) => isPushOf(frame, eventId)).length
  }

  /** @returns when the event was pushed; nothing if the signal or the socket's end came first */
  async pushed(eventId: string, signal: AbortSignal): Promise<number | undefined> {
    return (await this.#find((frame) => isPushOf(frame, eventId), 0, signal))?.at
  }

  /** Sends a message. @returns the first frame of a type that comes after it, if one comes before the signal */
  async ask(message: object, type: string, signal: AbortSignal): Promise<Frame | undefined> {
    const from = this.#frames.length
    this.send(message)
    return (await this.#find((frame) => frame['type'] === type, from, signal))?.frame
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message), () => undefined)
  }

  close(): void {
    this.#socket.terminate()
  }

  async #find(isIt: (frame: Frame) => boolean, from: number, signal: AbortSignal) {
    const wake = (): void => {
      this.#wake()
    }
    signal.addEventListener('abort', wake)
    try {
      for (;;) {
        const found = this.#frames.slice(from).find(({ frame }) => isIt(frame))
        if (found !== undefined || signal.aborted || this.#isOver) return found
        await new Promise<void>((resolve) => this.#watchers.push(resolve))
      }
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }

  #wake(): void {
    for (const wake of this.#watchers.splice(0)) wake()
  }
}

function socketFor({ url, way, token, origin }: Handshake): WebSocket {
  const options = { maxPayload: FRAME_BYTES, ...(origin !== undefined && { origin }) }
  if (way === 'header') {
    return new WebSocket(url, { ...options, headers: { authorization: `Bearer ${token}` } })
  }
  if (way === 'subprotocol') return new WebSocket(url, [SUBPROTOCOL, `bearer.${token}`], options)
  const withToken = new URL(url)
  withToken.searchParams.set('token', token)
  return new WebSocket(withToken, options)
}

/** Its end may never come. */
async function refusalOf(response: IncomingMessage, patience: AbortSignal): Promise<NoSocket> {
  const status = response.statusCode ?? 0
  patience.addEventListener('abort', () => response.destroy())
  const { text: body } = await readUpTo(REFUSAL_BYTES, response)
  const { location } = response.headers
  return { status, text: location === undefined ? body : `to ${location}` }
}

function frameOf(data: string): Frame {
  try {
    const value: unknown = JSON.parse(data)
    if (typeof value === 'object' && value !== null) return value as Frame
  } catch {
    // What is no JSON is no frame of ours either.
  }
  return {}
}

function isPushOf(frame: Frame, eventId: string): boolean {
  if (frame['type'] !== 'event') return false
  return (frame['event'] as Frame | undefined)?.['id'] === eventId
}
