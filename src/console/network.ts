import type { Fetch, WebSocketConstructor, WebSocketLike } from '../client/index.ts'

/** Told what goes over the wire. */
export interface Observer {
  /** A message of the server, as it came. */
  readonly onMessage: (text: string) => void
  /** A message of the client, as it went. */
  readonly onSent: (text: string) => void
  /** The answer to a poll. */
  readonly onPoll: (page: unknown) => void
  /** Something was refused or ended, in words. */
  readonly onTrouble: (text: string) => void
}

/**
 * One device's way to the server: the browser's own WebSocket and `fetch`, behind switches. A client that is given both cannot
 * tell them from the real ones, and needs to know nothing of the switches.
 */
export class Network {
  readonly WebSocket: WebSocketConstructor
  readonly fetch: Fetch
  readonly observer: Observer
  /** Nothing gets through. */
  isOffline = false
  /** HTTP gets through, sockets do not: a corporate proxy. */
  isCut = false
  /** What the server is given in the place of the client's token. */
  tokenInstead: string | undefined
  readonly sockets = new Set<SwitchedSocket>()
  #requests = new AbortController()

  constructor(observer: Observer) {
    this.observer = observer
    this.WebSocket = socketClassOf(this)
    this.fetch = async (url, init) => this.#fetch(url, init)
  }

  get refusesSockets(): boolean {
    return this.isOffline || this.isCut
  }

  /** Ends what is open, as the switches want it now. */
  drop(): void {
    for (const socket of [...this.sockets]) socket.drop()
    if (!this.isOffline) return
    this.#requests.abort(new TypeError('The network is switched off'))
    this.#requests = new AbortController()
  }

  /** @throws TypeError as the browser's `fetch` does */
  checkOnline(): void {
    if (this.isOffline) throw new TypeError('The network is switched off')
  }

  async #fetch(url: string, { headers, signal }: Parameters<Fetch>[1]): ReturnType<Fetch> {
    this.checkOnline()
    const response = await fetch(url, {
      headers: this.#withToken(headers),
      signal: AbortSignal.any([signal, this.#requests.signal]),
    })
    if (!response.ok) this.observer.onTrouble(`A poll was refused with ${response.status}`)
    return { status: response.status, json: async () => this.#observed(response) }
  }

  async #observed(response: Response): Promise<unknown> {
    const body: unknown = await response.json()
    if (response.ok) this.observer.onPoll(body)
    return body
  }

  #withToken(headers: Readonly<Record<string, string>>): Record<string, string> {
    if (this.tokenInstead === undefined) return headers
    const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization')
    return { ...Object.fromEntries(others), authorization: `Bearer ${this.tokenInstead}` }
  }
}

const BEARER = 'bearer.'

function socketClassOf(network: Network): WebSocketConstructor {
  return class extends SwitchedSocket {
    constructor(url: string, protocols: string[]) {
      super(network, url, protocols)
    }
  }
}

type Listener = ((event: never) => void) | null

/** A socket of the browser's, or none where the network refuses it. */
class SwitchedSocket implements WebSocketLike {
  onopen: Listener = null
  onmessage: Listener = null
  onerror: Listener = null
  onclose: Listener = null
  readonly #network: Network
  readonly #real: WebSocket | undefined

  constructor(network: Network, url: string, protocols: readonly string[]) {
    this.#network = network
    network.sockets.add(this)
    if (network.refusesSockets) {
      // Listeners are set after the constructor has returned.
      queueMicrotask(() => {
        this.drop()
      })
    } else {
      this.#real = this.#opened(url, protocols)
    }
  }

  send(data: string): void {
    if (!this.#real) return
    this.#real.send(data)
    this.#network.observer.onSent(data)
  }

  close(code?: number, reason?: string): void {
    this.#network.sockets.delete(this)
    this.#real?.close(code, reason)
  }

  /** Ends it as a broken network does: without a word to the other side that this side could know of. */
  drop(): void {
    if (!this.#network.sockets.delete(this)) return
    if (this.#real) {
      this.#real.onopen = this.#real.onmessage = this.#real.onerror = this.#real.onclose = null
      this.#real.close()
    }
    this.onerror?.(new Event('error') as never)
    this.onclose?.(new CloseEvent('close', { code: 1006 }) as never)
  }

  #opened(url: string, protocols: readonly string[]): WebSocket {
    const { observer, tokenInstead } = this.#network
    const offered = protocols.map((protocol) =>
      tokenInstead !== undefined && protocol.startsWith(BEARER) ? BEARER + tokenInstead : protocol,
    )
    const real = new WebSocket(url, offered)
    let wasOpen = false
    real.onopen = (event) => {
      wasOpen = true
      this.onopen?.(event as never)
    }
    real.onmessage = (event) => {
      observer.onMessage(String(event.data))
      this.onmessage?.(event as never)
    }
    real.onerror = (event) => this.onerror?.(event as never)
    real.onclose = (event) => {
      if (this.#network.sockets.delete(this)) {
        observer.onTrouble(wasOpen ? `The socket ended (${event.code})` : 'A socket could not be opened')
      }
      this.onclose?.(event as never)
    }
    return real
  }
}
