import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { Ledger } from './ledger.ts'

export interface StormOptions {
  readonly url: string
  readonly sockets: number
  /** By user: sockets are dealt out among them. */
  readonly tokens: ReadonlyMap<string, string>
  readonly ledger: Ledger
  readonly report: (fault: string) => void
}

export interface StormCounts {
  readonly served: number
  readonly refused: number
  readonly pushes: number
}

interface Frame {
  readonly type: string
  readonly offset?: number
  readonly event?: unknown
  readonly events?: readonly { readonly offset: number; readonly event: unknown }[]
}

/** All of them, however often some have to knock. */
const SERVED_WITHIN_MS = 90_000
/** What a device that comes back typically missed. */
const MISSED = 20

/** So many devices that come at the same moment, as after a restart, and resume where each of them was. */
export class Storm {
  readonly #options: StormOptions
  readonly #sockets = new Set<WebSocket>()
  #refused = 0
  #pushes = 0

  constructor(options: StormOptions) {
    this.#options = options
  }

  get open(): number {
    return [...this.#sockets].filter(({ readyState }) => readyState === WebSocket.OPEN).length
  }

  /** Until each has been served what it asked for. */
  async blow(): Promise<StormCounts> {
    const { sockets, tokens, report } = this.#options
    const users = [...tokens]
    const until = performance.now() + SERVED_WITHIN_MS
    const served = await Promise.all(
      Array.from({ length: sockets }, async (_, i) => {
        const [userId, token] = users[i % users.length]!
        return this.#serve(userId, token, until)
      }),
    )
    const count = served.filter(Boolean).length
    if (count < sockets) report(`of ${sockets} sockets that came at once, ${count} were served`)
    return { served: count, refused: this.#refused, pushes: this.#pushes }
  }

  end(): void {
    for (const socket of this.#sockets) socket.terminate()
    this.#sockets.clear()
  }

  async #serve(userId: string, token: string, until: number): Promise<boolean> {
    while (performance.now() < until) {
      if (await this.#try(userId, token)) return true
      this.#refused++
      await pause(50 + Math.random() * 500)
    }
    return false
  }

  /** @returns whether the page that it asked for came */
  #try(userId: string, token: string): Promise<boolean> {
    const socket = new WebSocket(this.#options.url, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: 20_000,
    })
    this.#sockets.add(socket)
    // Not from the beginning: what it lacks is what a device lacks that was away for a moment.
    const after = Math.max(0, this.#options.ledger.headOf(userId) - MISSED)
    return new Promise((resolve) => {
      socket.on('error', () => undefined)
      socket.on('open', () => {
        socket.send(JSON.stringify({ action: 'resume', after, device: 'storm' }))
      })
      socket.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString()) as Frame
        this.#heed(userId, after, frame)
        if (frame.type === 'events') resolve(true)
      })
      socket.on('close', () => {
        this.#sockets.delete(socket)
        resolve(false)
      })
    })
  }

  #heed(userId: string, after: number, { type, offset = NaN, event, events = [] }: Frame): void {
    const { ledger, report } = this.#options
    if (type === 'event') {
      this.#pushes++
      ledger.seen('a socket of the storm', userId, offset, JSON.stringify(event))
    }
    if (type !== 'events') return
    for (const [i, entry] of events.entries()) {
      if (after !== 0 && entry.offset !== after + 1 + i) {
        report(`${userId}: a resume after ${after} brought ${entry.offset} as its ${i + 1}. event`)
      }
      ledger.seen('a socket of the storm', userId, entry.offset, JSON.stringify(entry.event))
    }
  }
}
