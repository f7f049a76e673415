import type { WebSocketLike } from '../../src/client/options.ts'
import type { ManualTime } from './manual-time.ts'

/** The server's side of a socket. */
export interface Listener {
  /** The way between device and server, one way, in milliseconds. */
  readonly latency: number
  dialed(socket: FakeSocket): void
  received(socket: FakeSocket, text: string): void
  left(socket: FakeSocket): void
}

type ReadyState = 'connecting' | 'open' | 'closing' | 'closed'

/** Both ends of one WebSocket and the wire between them. What is sent over it arrives in order, or not at all. */
export class FakeSocket implements WebSocketLike {
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  readonly url: string
  readonly token: string
  /** As its device sees it. */
  readyState: ReadyState = 'connecting'
  /** Nothing gets through any more, and neither end is told. */
  isCut = false
  readonly #time: ManualTime
  readonly #server: Listener
  #arrival = 0

  constructor(time: ManualTime, server: Listener, url: string, protocols: readonly string[]) {
    this.#time = time
    this.#server = server
    this.url = url
    if (protocols[0] !== 'fanout.v1') throw new SyntaxError(`offered ${protocols.join()}, not fanout.v1`)
    // As Chrome words it.
    if (/[^\x21-\x7e]/.test(protocols.join(''))) throw new SyntaxError(`'${protocols.join()}' is invalid`)
    this.token = (protocols[1] ?? '').replace('bearer.', '')
    this.#up(() => {
      if (this.readyState === 'connecting') server.dialed(this)
    })
  }

  send(text: string): void {
    if (this.readyState === 'connecting') throw new Error('InvalidStateError: still in CONNECTING state')
    if (this.readyState !== 'open') return
    this.#up(() => {
      this.#server.received(this, text)
    })
  }

  close(code = 1000): void {
    if (code !== 1000 && (code < 3000 || code > 4999)) throw new Error(`InvalidAccessError: code ${code}`)
    const before = this.readyState
    if (before === 'closing' || before === 'closed') return
    this.readyState = 'closing'
    this.#up(() => {
      this.#server.left(this)
    })
    if (before === 'open') this.#down(this.#close.bind(this, code), 2 * this.#server.latency)
    else this.#time.after('device', 0, this.#fail.bind(this, 'closed before the connection was established'))
  }

  /** For the server: 101. */
  accept(): void {
    this.#down(() => {
      if (this.readyState !== 'connecting') return
      this.readyState = 'open'
      this.onopen?.({} as never)
    })
  }

  /** For the server: no WebSocket. Node's `ws` says why in `message`, browsers do not. */
  refuse(message: string | undefined): void {
    this.#down(() => {
      this.#fail(message)
    })
  }

  /** For the server: sends a frame. */
  deliver(frame: object): void {
    this.#down(() => {
      // A browser delivers what was on its way when it began to close.
      if (this.readyState !== 'closed') this.onmessage?.({ data: JSON.stringify(frame) } as never)
    })
  }

  /** For the server: closes it; 1006 for a connection that breaks. */
  end(code: number, reason = ''): void {
    this.#down(() => {
      this.#close(code, reason)
    })
  }

  #up(run: () => void): void {
    this.#time.after('world', this.#server.latency, () => {
      if (!this.isCut) run()
    })
  }

  #down(run: () => void, latency = this.#server.latency): void {
    const now = this.#time.now()
    this.#arrival = Math.max(this.#arrival, now + latency)
    this.#time.after('device', this.#arrival - now, () => {
      if (!this.isCut) run()
    })
  }

  #fail(message: string | undefined): void {
    if (this.readyState === 'closed') return
    this.onerror?.((message === undefined ? {} : { message }) as never)
    this.#close(1006)
  }

  #close(code: number, reason = ''): void {
    if (this.readyState === 'closed') return
    this.readyState = 'closed'
    this.onclose?.({ code, reason } as never)
  }
}
