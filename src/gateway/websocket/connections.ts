import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Clock } from '../clock.ts'
import { type Closing, closing, closingForError, noStatusReason } from './codes.ts'
import { Connection, type Outgoing, type SendOutcome } from './connection.ts'
import type { ConnectionFacts } from './event-factory.ts'
import type { Identity } from './events.ts'
import { FrameLimit } from './frame-limit.ts'
import { isWellFormedId } from './ids.ts'
import type { Quotas } from './options.ts'
import { textFrames } from './text-frames.ts'

/** `malformed_id`: no connection could have this id. `throttled`: the rate, or the client's buffer is full. Never "gone". */
export type PostOutcome = SendOutcome | 'malformed_id'
export type DeleteOutcome = 'ok' | 'gone' | 'throttled' | 'malformed_id'
export type GetOutcome = ConnectionInfo | 'gone' | 'throttled' | 'malformed_id'

/** What GET on `@connections` tells; as JSON its dates are RFC 3339. */
export interface ConnectionInfo {
  connectedAt: Date
  identity: Identity
  /** When data last went in either direction. */
  lastActiveAt: Date
}

/** What `@connections` does, in process: the same rules and the same outcomes as over HTTP. */
export interface ConnectionsPort {
  /** Hands one text message to the socket and returns; `ok` does not say that it arrived, as 200 does not. */
  post(id: string, data: string | Uint8Array): PostOutcome
  get(id: string): GetOutcome
  /** Closes with 1000 "Connection Closed Normally"; `$disconnect` runs. */
  delete(id: string): DeleteOutcome
}

export interface ConnectionsHooks {
  takeRequest(): boolean
  message(connection: Connection, data: Buffer, isBinary: boolean): void
  /** Once for each connection that was opened. */
  closed(connection: Connection, why: Closing): void
}

const NOTHING = Buffer.alloc(0)

/** How often time limits are looked at: one timer for all connections. */
const sweepMs = 1_000

/** All established connections: their limits in time, and their end. */
export class Connections implements ConnectionsPort {
  readonly #quotas: Quotas
  readonly #clock: Clock
  readonly #hooks: ConnectionsHooks
  readonly #open = new Map<string, Connection>()
  /** Ended for everyone but the client, whose answer to the close frame is awaited. */
  readonly #closing = new Set<Connection>()
  #last: (Outgoing & { readonly data: string }) | undefined
  #cancelSweep: (() => void) | undefined
  #whenEmpty: (() => void)[] = []

  constructor(quotas: Quotas, clock: Clock, hooks: ConnectionsHooks) {
    this.#quotas = quotas
    this.#clock = clock
    this.#hooks = hooks
  }

  get size(): number {
    return this.#open.size
  }

  isOpen(connection: Connection): boolean {
    return this.#open.get(connection.facts.id) === connection
  }

  open(facts: ConnectionFacts, socket: WebSocket, raw: Duplex): Connection {
    const connection = new Connection(facts, socket, raw, this.#clock.now())
    this.#open.set(facts.id, connection)
    this.#wire(connection, socket, raw)
    this.#cancelSweep ??= this.#clock.after(sweepMs, this.#sweep)
    return connection
  }

  post(id: string, data: string | Uint8Array): PostOutcome {
    const connection = this.#find(id)
    return typeof connection === 'string' ? connection : this.send(connection, data)
  }

  get(id: string): GetOutcome {
    const connection = this.#find(id)
    if (typeof connection === 'string') return connection
    return {
      connectedAt: new Date(connection.facts.connectedAt),
      identity: { ...connection.facts.identity },
      lastActiveAt: new Date(connection.lastActiveAt),
    }
  }

  delete(id: string): DeleteOutcome {
    const connection = this.#find(id)
    if (typeof connection === 'string') return connection
    this.close(connection, closing.deleted)
    return 'ok'
  }

  send(connection: Connection, data: string | Uint8Array): SendOutcome {
    if (!this.isOpen(connection)) return 'gone'
    return connection.send(this.#framed(data), this.#quotas, this.#clock.now())
  }

  /** Closes a connection from this side. It is gone at once, whatever its client does. */
  close(connection: Connection, why: Closing): void {
    if (!this.isOpen(connection)) return
    this.#closing.add(connection)
    connection.sendClose(why, this.#clock.now() + this.#quotas.closeTimeoutMs)
    this.#end(connection, why)
  }

  closeAll(why: Closing): void {
    for (const connection of this.#open.values()) this.close(connection, why)
  }

  /** Resolves once no socket is left, those included whose client has not answered the close frame yet. */
  empty(): Promise<void> {
    if (this.#isEmpty()) return Promise.resolve()
    return new Promise((resolve) => this.#whenEmpty.push(resolve))
  }

  terminateAll(): void {
    for (const connection of [...this.#open.values(), ...this.#closing]) connection.terminate()
  }

  /** What goes to all sockets of a user comes here once for each of them, one after the other. */
  #framed(data: string | Uint8Array): Outgoing {
    if (this.#last?.data === data) return this.#last
    const { messageBytes, frameBytes } = this.#quotas
    const bytes = typeof data === 'string' ? Buffer.byteLength(data) : data.length
    const frames = bytes > messageBytes ? NOTHING : textFrames(data, bytes, frameBytes)
    // Bytes may be other ones when they come again.
    if (typeof data === 'string') this.#last = { data, bytes, frames }
    return { bytes, frames }
  }

  #find(id: string): Connection | 'gone' | 'throttled' | 'malformed_id' {
    const connection = this.#open.get(id)
    if (!connection && !isWellFormedId(id)) return 'malformed_id'
    if (!this.#hooks.takeRequest()) return 'throttled'
    return connection?.isOpen ? connection : 'gone'
  }

  /** Its own function, so that these closures keep nothing alive but what they name. */
  #wire(connection: Connection, socket: WebSocket, raw: Duplex): void {
    const limit = new FrameLimit(this.#quotas.frameBytes)
    let received = 0
    // Before `ws` reads the same bytes: it would hand out the message that an oversized frame completes.
    raw.prependListener('data', (chunk: Buffer) => {
      if (limit.exceeded || !limit.read(chunk)) return
      // After `ws` has read them too: what came before the oversized frame still counts.
      process.nextTick(() => {
        this.close(connection, closing.tooLarge)
      })
    })
    socket.on('message', (data: Buffer, isBinary) => {
      received += 1
      if (limit.exceeded && received > limit.messages) return
      if (this.isOpen(connection)) this.#hooks.message(connection, data, isBinary)
    })
    socket.on('error', (error) => {
      const why = closingForError(error)
      if (why) this.close(connection, why)
    })
    socket.on('close', (code, reason) => {
      this.#closing.delete(connection)
      this.#end(connection, { code, reason: code === 1005 ? noStatusReason : reason.toString() })
      this.#checkEmpty()
    })
  }

  #end(connection: Connection, why: Closing): void {
    if (!this.isOpen(connection)) return
    this.#open.delete(connection.facts.id)
    this.#hooks.closed(connection, why)
  }

  readonly #sweep = (): void => {
    const now = this.#clock.now()
    const { lifetimeMs, idleMs } = this.#quotas
    for (const connection of this.#open.values()) {
      const isOld = now - connection.facts.connectedAt >= lifetimeMs
      if (isOld || now - connection.lastActiveAt >= idleMs) this.close(connection, closing.goingAway)
    }
    for (const connection of this.#closing) if (now >= connection.closeBy) connection.terminate()
    this.#cancelSweep = this.#isEmpty() ? undefined : this.#clock.after(sweepMs, this.#sweep)
  }

  #isEmpty(): boolean {
    return this.#open.size + this.#closing.size === 0
  }

  #checkEmpty(): void {
    if (!this.#isEmpty()) return
    this.#cancelSweep?.()
    this.#cancelSweep = undefined
    for (const resolve of this.#whenEmpty.splice(0)) resolve()
  }
}
