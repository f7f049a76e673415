import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { type HasIdentity, compileIdentitySources, judge } from './authorizer.ts'
import { message } from './codes.ts'
import { readConnectResult } from './connect-result.ts'
import type { ConnectionFacts, EventFactory } from './event-factory.ts'
import { newId } from './ids.ts'
import type { Invoker, Outcome } from '../lambda.ts'
import { describeErrorDiscreetly } from '../log.ts'
import type { Settings } from './options.ts'
import { TokenBucket } from './token-bucket.ts'
import { type UpgradeRequest, readUpgradeRequest } from './upgrade-request.ts'
import { WaitingClient } from './waiting-client.ts'

interface Refusal {
  status: number
  message: string
}

interface Acceptance {
  facts: ConnectionFacts
  protocol: string | undefined
}

type Verdict = Refusal | Acceptance

export interface HandshakeParts {
  readonly settings: Settings
  readonly events: EventFactory
  readonly invoker: Invoker
  readonly opened: (facts: ConnectionFacts, socket: WebSocket, raw: Duplex) => void
  /** `$connect` accepted a client that had left by then, or that is refused all the same. */
  readonly missed: (facts: ConnectionFacts) => void
}

const unavailable: Refusal = { status: 503, message: message.unavailable }

/** From the upgrade request to the established connection, or to a plain HTTP refusal. */
export class Handshake {
  readonly #parts: HandshakeParts
  readonly #hasIdentity: HasIdentity
  readonly #rate: TokenBucket
  readonly #server: WebSocketServer
  readonly #selected = new WeakMap<IncomingMessage, string>()
  readonly #waiting = new Set<WaitingClient>()
  #isClosed = false
  #whenSettled: (() => void)[] = []

  constructor(parts: HandshakeParts) {
    const { quotas, clock, authorizer } = parts.settings
    this.#parts = parts
    this.#hasIdentity = compileIdentitySources(authorizer?.identitySources ?? [])
    this.#rate = new TokenBucket(quotas.connections, clock.now())
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: quotas.messageBytes,
      handleProtocols: (_offered, request) => this.#selected.get(request) ?? false,
    })
  }

  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const client = new WaitingClient(socket, head)
    this.#waiting.add(client)
    void this.#admit(request, client)
      .catch((error: unknown) => {
        const text = describeErrorDiscreetly(error)
        this.#parts.settings.log({ level: 'error', event: 'gateway.failed', error: text })
        client.refuse(500, message.internal)
      })
      .finally(() => {
        this.#waiting.delete(client)
        if (this.#waiting.size === 0) for (const resolve of this.#whenSettled.splice(0)) resolve()
      })
  }

  /** From now on everyone is refused, those included whose `$connect` is running. */
  close(): void {
    this.#isClosed = true
  }

  /** Resolves once no handshake is undecided. */
  settled(): Promise<void> {
    if (this.#waiting.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#whenSettled.push(resolve))
  }

  abandonAll(): void {
    for (const client of this.#waiting) client.abandon()
  }

  async #admit(request: IncomingMessage, client: WaitingClient): Promise<void> {
    const { log, clock, domainNameOf } = this.#parts.settings
    const connectedAt = clock.now()
    const parsed = readUpgradeRequest(request, connectedAt)
    const connectionId = newId()
    const facts = {
      id: connectionId,
      connectedAt,
      domainName: domainNameOf(request),
      identity: parsed.identity,
    }
    const verdict = this.#checkRequest(request, parsed) ?? (await this.#ask(parsed, facts, client))
    const missed = client.gone || this.#isClosed
    if (client.gone) {
      log({ level: 'info', event: 'connection.abandoned', connectionId })
    } else if ('status' in verdict || this.#isClosed) {
      const refusal = 'status' in verdict ? verdict : unavailable
      client.refuse(refusal.status, refusal.message)
      const level = refusal.status < 500 ? 'info' : 'warn'
      log({ level, event: 'connection.refused', connectionId, status: refusal.status })
    } else {
      this.#accept(request, client, verdict)
    }
    if ('facts' in verdict && missed) this.#parts.missed(verdict.facts)
  }

  /** What needs no function to be refused. */
  #checkRequest({ method, headers }: IncomingMessage, parsed: UpgradeRequest): Refusal | undefined {
    const { clock, anyPath, stage } = this.#parts.settings
    if (this.#isClosed) return unavailable
    if (headers.upgrade?.toLowerCase() !== 'websocket')
      return { status: 426, message: message.upgradeRequired }
    const hasKey = /^[+/\dA-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')
    if (method !== 'GET' || !hasKey || headers['sec-websocket-version'] !== '13' || !parsed.offered) {
      return { status: 400, message: message.badRequest }
    }
    if (!anyPath && parsed.path.replace(/\/$/, '') !== `/${stage}`)
      return { status: 403, message: message.forbidden }
    if (!this.#rate.take(clock.now())) return { status: 429, message: message.tooMany }
    return undefined
  }

  async #ask(request: UpgradeRequest, facts: ConnectionFacts, client: WaitingClient): Promise<Verdict> {
    const authorized = await this.#authorize(request, facts)
    if ('status' in authorized) return authorized
    // Nobody is left to be connected: what `$connect` would write down would never be cleared.
    if (client.gone || this.#isClosed) return unavailable
    return this.#connect(request, authorized)
  }

  async #authorize(request: UpgradeRequest, facts: ConnectionFacts): Promise<ConnectionFacts | Refusal> {
    const { settings, invoker, events } = this.#parts
    const { authorizer, quotas } = settings
    if (!authorizer) return facts
    if (!this.#hasIdentity(request)) return { status: 401, message: message.unauthorized }
    const outcome = await invoker.invoke('$authorizer', authorizer.handler, events.authorize(facts, request))
    const judged = judge(outcome, events.methodArn(), quotas.authorizerResultBytes)
    if (judged.status === 200) return { ...facts, authorizer: judged.context }
    if (judged.status === 500) this.#logFailure(facts, '$authorizer', outcome, judged.why)
    return { status: judged.status, message: authorizerMessage[judged.status] }
  }

  async #connect(request: UpgradeRequest, facts: ConnectionFacts): Promise<Verdict> {
    const { settings, invoker, events } = this.#parts
    const route = Object.hasOwn(settings.routes, '$connect') ? settings.routes['$connect'] : undefined
    if (!route) return { facts, protocol: undefined }
    const outcome = await invoker.invoke('$connect', route.handler, events.connect(facts, request))
    const result = readConnectResult(outcome, request.offered ?? [])
    if ('protocol' in result) return { facts, protocol: result.protocol }
    if (result.failed) this.#logFailure(facts, '$connect', outcome, result.message)
    return { status: result.status, message: result.message }
  }

  #accept(request: IncomingMessage, client: WaitingClient, { facts, protocol }: Acceptance): void {
    const { socket } = client
    if (protocol !== undefined) this.#selected.set(request, protocol)
    const early = client.release()
    const opened: WebSocket[] = []
    this.#server.handleUpgrade(request, socket, early, (webSocket) => {
      opened.push(webSocket)
      this.#parts.opened(facts, webSocket, socket)
      // It was read by hand during the handshake, so `ws` does not set it flowing.
      socket.resume()
    })
    // `ws` calls back at once, but not for a socket that was destroyed and has yet to say so.
    if (opened.length === 0) this.#parts.missed(facts)
  }

  #logFailure({ id }: ConnectionFacts, routeKey: string, outcome: Outcome, why: string): void {
    const error = outcome.kind === 'threw' ? describeErrorDiscreetly(outcome.error) : why
    this.#parts.settings.log({ level: 'error', event: 'function.failed', connectionId: id, routeKey, error })
  }
}

const authorizerMessage = {
  401: message.unauthorized,
  403: message.forbidden,
  500: message.internal,
} as const
