import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../clock.ts'
import { type Closing, closing } from './codes.ts'
import type { Connection } from './connection.ts'
import { ConnectionsApi } from './connections-api.ts'
import { Connections, type ConnectionsPort } from './connections.ts'
import { EventFactory } from './event-factory.ts'
import { Handshake } from './handshake.ts'
import { Invoker } from '../lambda.ts'
import { describeError } from '../log.ts'
import { Messages } from './messages.ts'
import { type Settings, type WebSocketApiOptions, settle } from './options.ts'
import { TokenBucket } from './token-bucket.ts'

export type { Clock } from '../clock.ts'
export type {
  ConnectionInfo,
  ConnectionsPort,
  DeleteOutcome,
  GetOutcome,
  PostOutcome,
} from './connections.ts'
export type * from './events.ts'
export type { LambdaContext, LambdaHandler } from '../lambda.ts'
export type { Log, LogRecord } from '../log.ts'
export type { Quotas, Route, WebSocketApiOptions } from './options.ts'

export interface CloseOptions {
  /** What the clients' close frames say. @default 1001 */
  code?: number
  /** @default Going away */
  reason?: string
  /** How long to wait for clients and functions, in milliseconds; then sockets are cut. @default 10 s */
  timeoutMs?: number
}

/** Where a listening API is reached. */
export interface Address {
  host: string
  port: number
  /** For clients: `ws://host:port/stage`. */
  wsUrl: string
  /** For the SDK's `endpoint`: `http://host:port/stage`. */
  httpUrl: string
}

export interface WebSocketApi {
  /** A listener for the `upgrade` event of an `http.Server`. */
  readonly handleUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** A listener for the `request` event of an `http.Server`: `@connections`, and 426 for a plain GET. */
  readonly handleRequest: (request: IncomingMessage, response: ServerResponse) => void
  /** Serves on a port of its own; 0 picks a free one. Rejects when the port cannot be had. @default host 127.0.0.1 */
  readonly listen: (port: number, host?: string) => Promise<Address>
  readonly connections: ConnectionsPort
  /** Established connections; refused, pending and closing ones do not count. */
  readonly connectionCount: number
  /**
   * Refuses whoever comes, tells everyone goodbye, waits for clients and running functions, `$disconnect` included, but
   * not longer than `timeoutMs`; then cuts what is left. Resolves when all is over; a second call waits for the first.
   */
  readonly close: (options?: CloseOptions) => Promise<void>
}

/**
 * A stand-in for one API Gateway WebSocket API with Lambda proxy integrations.
 *
 * @throws TypeError for an expression or identity source that is not understood, RangeError for a quota not above 0
 */
export function createWebSocketApi(options: WebSocketApiOptions): WebSocketApi {
  return new Api(settle(options))
}

class Api implements WebSocketApi {
  readonly connections: Connections
  readonly #settings: Settings
  readonly #events: EventFactory
  readonly #invoker: Invoker
  readonly #handshake: Handshake
  readonly #connectionsApi: ConnectionsApi
  readonly #servers: Server[] = []
  #closed: Promise<void> | undefined

  constructor(settings: Settings) {
    const { clock, quotas, region, accountId } = settings
    const requests = new TokenBucket(quotas.requests, clock.now())
    const takeRequest = () => requests.take(clock.now())
    this.#settings = settings
    this.#events = new EventFactory(settings, clock)
    this.#invoker = new Invoker({ clock, timeoutMs: quotas.integrationTimeoutMs, region, accountId })
    const parts = { settings, events: this.#events, invoker: this.#invoker }
    const messages = new Messages({ ...parts, takeRequest, connections: () => this.connections })
    this.connections = new Connections(quotas, clock, {
      takeRequest,
      message: (connection, data, isBinary) => {
        messages.receive(connection, data, isBinary)
      },
      closed: (connection, why) => {
        void this.#disconnected(connection, why)
      },
    })
    this.#connectionsApi = new ConnectionsApi(settings, this.connections)
    this.#handshake = new Handshake({
      ...parts,
      opened: (facts, socket, raw) => {
        this.connections.open(facts, socket, raw)
        settings.log({ level: 'info', event: 'connection.opened', connectionId: facts.id })
      },
      // The function has written the connection down; without this it would never hear that it is gone.
      missed: (facts) => {
        void this.#disconnected({ facts }, closing.lost)
      },
    })
  }

  get connectionCount(): number {
    return this.connections.size
  }

  readonly handleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#handshake.handle(request, socket, head)
  }

  readonly handleRequest = (request: IncomingMessage, response: ServerResponse): void => {
    this.#connectionsApi.handle(request, response)
  }

  readonly listen = async (port: number, host = '127.0.0.1'): Promise<Address> => {
    const server = createServer(this.handleRequest).on('upgrade', this.handleUpgrade)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, host, resolve)
    })
    this.#servers.push(server)
    const { address, family, port: bound } = server.address() as AddressInfo
    const origin = `${family === 'IPv6' ? `[${address}]` : address}:${bound}`
    const { stage } = this.#settings
    return {
      host: address,
      port: bound,
      wsUrl: `ws://${origin}/${stage}`,
      httpUrl: `http://${origin}/${stage}`,
    }
  }

  readonly close = (options: CloseOptions = {}): Promise<void> => (this.#closed ??= this.#drain(options))

  async #drain({ code, reason, timeoutMs = 10_000 }: CloseOptions): Promise<void> {
    this.#handshake.close()
    const closedServers = this.#servers.map(closeServer)
    this.connections.closeAll({
      code: code ?? closing.goingAway.code,
      reason: reason ?? closing.goingAway.reason,
    })
    await within(this.#settings.clock, timeoutMs, this.#allOver())
    this.connections.terminateAll()
    this.#handshake.abandonAll()
    for (const server of this.#servers) server.closeAllConnections()
    await Promise.all(closedServers)
  }

  async #allOver(): Promise<void> {
    await Promise.all([this.connections.empty(), this.#handshake.settled()])
    await this.#invoker.idle()
  }

  /** `$disconnect` is best effort: there is nobody left to be told that it failed. */
  async #disconnected({ facts }: Pick<Connection, 'facts'>, why: Closing): Promise<void> {
    const { log, routes } = this.#settings
    log({ level: 'info', event: 'connection.closed', connectionId: facts.id, ...why })
    const route = Object.hasOwn(routes, '$disconnect') ? routes['$disconnect'] : undefined
    if (!route) return
    const outcome = await this.#invoker.invoke(
      '$disconnect',
      route.handler,
      this.#events.disconnect(facts, why),
    )
    if (outcome.kind === 'returned') return
    const error = outcome.kind === 'threw' ? describeError(outcome.error) : 'timed out'
    log({ level: 'error', event: 'function.failed', connectionId: facts.id, routeKey: '$disconnect', error })
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve()
    })
  })
}

/** Resolves when `work` is done or `ms` have passed. */
function within(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve)
    void work.then(() => {
      cancel()
      resolve()
    })
  })
}
