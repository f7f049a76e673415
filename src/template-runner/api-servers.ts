import { type RequestListener, type Server, createServer } from 'node:http'
import { closeGently } from '../gateway/http/close-server.ts'
import type { WebSocketApi } from '../gateway/websocket/websocket-api.ts'
import type { ServedHttpApi } from './apis/http.ts'
import { closeAtOnce, keepIdleConnections, listen } from './local-server.ts'

/** A client that sends or reads nothing for so long is gone, in milliseconds. */
const STALLED_MS = 60_000

/**
 * The ports of the APIs. They are bound before the APIs are there, for these need functions, and the functions' environment
 * holds the ports; until then clients wait.
 */
export class ApiServers {
  httpApi: ServedHttpApi | undefined
  webSocketApi: WebSocketApi | undefined
  /** `127.0.0.1:3000` */
  httpHost: string | undefined
  wsHost: string | undefined
  /** `@connections` for the recorder alone: clients' idle connections end, the recorder's do not. */
  connectionsUrl = ''
  readonly #ready: Promise<void>
  #setReady: () => void = () => undefined
  readonly #http: Server
  readonly #ws: Server
  readonly #connections: Server

  constructor() {
    this.#ready = new Promise((resolve) => {
      this.#setReady = resolve
    })
    const toWebSocketApi: RequestListener = (request, response) => {
      void this.#ready.then(() => this.webSocketApi?.handleRequest(request, response))
    }
    this.#http = createServer((request, response) => {
      void this.#ready.then(() => this.httpApi?.handleRequest(request, response))
    })
    this.#http.setTimeout(STALLED_MS)
    this.#ws = createServer(toWebSocketApi).on('upgrade', (request, socket, head) => {
      void this.#ready.then(() => this.webSocketApi?.handleUpgrade(request, socket, head))
    })
    this.#connections = createServer(toWebSocketApi)
    keepIdleConnections(this.#connections)
  }

  async listen(wanted: { http: number | undefined; ws: number | undefined; host: string }): Promise<void> {
    if (wanted.http !== undefined) this.httpHost = await listen(this.#http, wanted.http, wanted.host)
    if (wanted.ws === undefined) return
    this.wsHost = await listen(this.#ws, wanted.ws, wanted.host)
    this.connectionsUrl = `http://${await listen(this.#connections)}`
  }

  serve(apis: { http: ServedHttpApi | undefined; ws: WebSocketApi | undefined }): void {
    this.httpApi = apis.http
    this.webSocketApi = apis.ws
    this.#setReady()
  }

  /** Requests under way are answered; sockets are told goodbye; `$disconnect` runs. */
  async stop(): Promise<void> {
    await Promise.all([closeGently(this.#http), this.httpApi?.idle()])
    await this.webSocketApi?.close()
    await Promise.all([closeGently(this.#ws), closeAtOnce(this.#connections)])
  }
}
