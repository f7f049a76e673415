import { WebSocket } from 'ws'

interface Frame {
  readonly type: string
  readonly offset?: number
  readonly event?: unknown
  readonly events?: readonly { readonly offset: number; readonly event: unknown }[]
  readonly head?: number
  readonly more?: boolean
  readonly truncated?: boolean
}

const PING_MS = 300
const RECONNECT_MS = 150

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
  #socket: WebSocket | undefined
  #cursor = 0
  #highest = 0
  #asked = false
  #stopped = false
  readonly #ping: NodeJS.Timeout

  constructor(userId: string, url: string, token: string) {
    this.userId = userId
    this.#url = url
    this.#token = token
    this.#connect()
    // A push may be lost with nothing after it; only the head in a pong tells.
    this.#ping = setInterval(() => {
      this.#send({ action: 'ping' })
    }, PING_MS)
  }

  /** It has everything up to here. */
  get cursor(): number {
    return this.#cursor
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
      this.#asked = false
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

  #receive(frame: Frame): void {
    if (frame.type === 'event') this.#push(frame.offset ?? NaN, frame.event)
    else if (frame.type === 'events') this.#page(frame)
    else if (frame.type === 'pong') this.#hear(frame.head ?? NaN)
    else if (frame.type === 'error') this.#asked = false
    else this.faults.push(`unknown frame ${JSON.stringify(frame)}`)
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
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }
}
