import { WebSocket } from 'ws'

interface Frame {
  readonly type: string
  readonly code?: string
  readonly offset?: number
  readonly event?: unknown
  readonly events?: readonly { readonly offset: number; readonly event: unknown }[]
  readonly head?: number
  readonly more?: boolean
  readonly truncated?: boolean
}

const PING_MS = 300
const RECONNECT_MS = 150

/** What a reader is never told, whose token lasts and whose user nobody disconnected. */
const DISMISSALS: readonly (string | undefined)[] = ['evicted', 'disconnected', 'expired']

export interface ReaderOptions {
  /** Told of each event that it is shown, as JSON; without it they are kept in `seen`. */
  readonly onSeen?: (offset: number, text: string) => void
  /** @default 300 */
  readonly pingMs?: number
  /** A socket that says nothing for so long is given up, and a new one opened. @default never */
  readonly silentMs?: number
}

/** One device of one user: on all the time, and after each loss of its connection going on from its cursor. */
export class Reader {
  readonly userId: string
  /** What it was shown, by offset. */
  readonly seen = new Map<number, string>()
  /** Things that the protocol rules out. */
  readonly faults: string[] = []
  readonly counts = { connects: 0, pages: 0, pushes: 0, repeated: 0 }
  readonly #url: string
  readonly #token: string
  readonly #options: ReaderOptions
  #socket: WebSocket | undefined
  #cursor = 0
  #highest = 0
  #asked = false
  #stopped = false
  #paused = false
  #heardAt = 0
  readonly #ping: NodeJS.Timeout

  constructor(userId: string, url: string, token: string, options: ReaderOptions = {}) {
    this.userId = userId
    this.#url = url
    this.#token = token
    this.#options = options
    this.#connect()
    // A push may be lost with nothing after it; only the head in a pong tells.
    this.#ping = setInterval(() => {
      this.#send({ action: 'ping' })
      this.#giveUpIfSilent()
    }, options.pingMs ?? PING_MS)
  }

  /** It has everything up to here. */
  get cursor(): number {
    return this.#cursor
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN
  }

  get isPaused(): boolean {
    return this.#paused
  }

  /** Takes nothing more from its socket. */
  pause(): void {
    this.#paused = true
    this.#socket?.pause()
  }

  /** Reads on. */
  resume(): void {
    this.#paused = false
    this.#heardAt = performance.now()
    this.#socket?.resume()
  }

  stop(): void {
    this.#stopped = true
    clearInterval(this.#ping)
    this.#socket?.terminate()
  }

  #connect(): void {
    if (this.#stopped) return
    const headers = { authorization: `Bearer ${this.#token}` }
    const socket = new WebSocket(this.#url, { headers, handshakeTimeout: 10_000 })
    this.#socket = socket
    // `close` follows, and is where a new try begins.
    socket.on('error', () => undefined)
    socket.on('open', () => {
      this.counts.connects++
      this.#heardAt = performance.now()
      this.#asked = false
      if (this.#paused) socket.pause()
      this.#resume()
    })
    socket.on('message', (data: Buffer) => {
      this.#receive(JSON.parse(data.toString()) as Frame)
    })
    socket.on('close', () => {
      setTimeout(() => {
        this.#connect()
      }, Math.random() * RECONNECT_MS)
    })
  }

  #giveUpIfSilent(): void {
    const { silentMs = Infinity } = this.#options
    if (!this.isOpen || this.#paused) return
    if (performance.now() - this.#heardAt > silentMs) this.#socket?.terminate()
  }

  #receive(frame: Frame): void {
    this.#heardAt = performance.now()
    if (frame.type === 'event') this.#push(frame.offset ?? NaN, frame.event)
    else if (frame.type === 'events') this.#page(frame)
    else if (frame.type === 'pong') this.#hear(frame.head ?? NaN)
    else if (frame.type === 'error' && !DISMISSALS.includes(frame.code)) this.#asked = false
    else this.faults.push(`unexpected frame ${JSON.stringify(frame)}`)
  }

  #push(offset: number, event: unknown): void {
    this.counts.pushes++
    this.#see(offset, event)
    if (offset === this.#cursor + 1) this.#cursor = offset
    this.#hear(offset)
  }

  #page({ events = [], head = NaN, more, truncated }: Frame): void {
    this.counts.pages++
    this.#asked = false
    if (truncated === true) this.faults.push(`truncated at cursor ${this.#cursor}, head ${head}`)
    for (const { offset, event } of events) {
      this.#see(offset, event)
      if (this.#cursor !== 0 && offset > this.#cursor + 1) {
        this.faults.push(`a page goes from ${this.#cursor} to ${offset}`)
      }
      this.#cursor = Math.max(this.#cursor, offset)
    }
    if (this.#cursor === 0) this.#cursor = head
    this.#hear(head)
    if (more === true) this.#resume()
  }

  #see(offset: number, event: unknown): void {
    const text = JSON.stringify(event)
    const { onSeen } = this.#options
    if (onSeen !== undefined) {
      if (offset <= this.#cursor) this.counts.repeated++
      onSeen(offset, text)
      return
    }
    const before = this.seen.get(offset)
    if (before !== undefined) this.counts.repeated++
    if (before !== undefined && before !== text) {
      this.faults.push(`offset ${offset} was ${before.slice(0, 200)} and is now ${text.slice(0, 200)}`)
    }
    this.seen.set(offset, text)
  }

  #hear(offset: number): void {
    this.#highest = Math.max(this.#highest, offset)
    if (this.#highest > this.#cursor) this.#resume()
  }

  #resume(): void {
    if (this.#asked) return
    this.#asked = true
    this.#send({ action: 'resume', after: this.#cursor, device: 'chaos' })
  }

  #send(message: object): void {
    if (this.isOpen) this.#socket?.send(JSON.stringify(message))
  }
}
