import { closing, errorFrame, message } from './codes.ts'
import type { Connection } from './connection.ts'
import type { Connections } from './connections.ts'
import type { EventFactory } from './event-factory.ts'
import type { MessageEvent } from './events.ts'
import { newId } from './ids.ts'
import type { Invoker, Outcome } from '../lambda.ts'
import { describeError } from '../log.ts'
import type { Route, Settings } from './options.ts'
import { type RouteKeyOf, compileRouteSelection } from './route-selection.ts'

export interface MessageParts {
  readonly settings: Settings
  readonly events: EventFactory
  readonly invoker: Invoker
  readonly takeRequest: () => boolean
  readonly connections: () => Connections
}

/** Brings each message of a client to its route's function, and the answer back where the route has a response. */
export class Messages {
  readonly #parts: MessageParts
  readonly #routes: ReadonlyMap<string, Route>
  readonly #routeKeyOf: RouteKeyOf

  constructor(parts: MessageParts) {
    this.#parts = parts
    const entries = Object.entries(parts.settings.routes)
    // A client must not be able to name the two routes that are the gateway's own to call.
    this.#routes = new Map(entries.filter(([key]) => key !== '$connect' && key !== '$disconnect'))
    this.#routeKeyOf = compileRouteSelection(parts.settings.routeSelectionExpression)
  }

  receive(connection: Connection, data: Buffer, isBinary: boolean): void {
    const { settings, takeRequest } = this.#parts
    const now = settings.clock.now()
    connection.lastActiveAt = now
    if (isBinary) {
      this.#parts.connections().close(connection, closing.binary)
    } else if (!connection.takeMessage(settings.quotas.clientMessages, now)) {
      this.#parts.connections().close(connection, closing.tooFast)
    } else if (!takeRequest()) {
      this.#answerError(connection, message.tooMany, newId())
    } else {
      this.#route(connection, data.toString())
    }
  }

  #route(connection: Connection, body: string): void {
    const selected = this.#routeKeyOf(body)
    const routeKey = selected !== undefined && this.#routes.has(selected) ? selected : '$default'
    const route = this.#routes.get(routeKey)
    if (route) void this.#run(connection, route, this.#parts.events.message(connection.facts, routeKey, body))
    else this.#answerError(connection, message.forbidden, newId())
  }

  async #run(connection: Connection, route: Route, event: MessageEvent): Promise<void> {
    // The function may change its event; the error frame must not follow.
    const { routeKey, requestId } = event.requestContext
    const outcome = await this.#parts.invoker.invoke(routeKey, route.handler, event)
    if (outcome.kind !== 'returned') {
      this.#failed(connection, routeKey, outcome)
      this.#answerError(connection, outcome.kind === 'threw' ? message.internal : message.timedOut, requestId)
      return
    }
    if (!route.returnResponse) return
    const reply = replyOf(outcome.value)
    if (reply === undefined) return
    const sent = this.#parts.connections().send(connection, reply)
    if (sent === 'too_large') this.#answerError(connection, message.internal, requestId)
    if (sent === 'too_large' || sent === 'throttled') this.#notSent(connection, routeKey, sent)
  }

  #answerError(connection: Connection, text: string, requestId: string): void {
    this.#parts.connections().send(connection, errorFrame(text, connection.facts.id, requestId))
  }

  #failed(connection: Connection, routeKey: string, outcome: Exclude<Outcome, { kind: 'returned' }>): void {
    const error = outcome.kind === 'threw' ? describeError(outcome.error) : message.timedOut
    const connectionId = connection.facts.id
    this.#parts.settings.log({ level: 'error', event: 'function.failed', connectionId, routeKey, error })
  }

  #notSent(connection: Connection, routeKey: string, sent: 'too_large' | 'throttled'): void {
    const connectionId = connection.facts.id
    const error = `the reply was not sent: ${sent}`
    this.#parts.settings.log({ level: 'warn', event: 'message.refused', connectionId, routeKey, error })
  }
}

/** The `body` of a function's result; undefined when there is none to send. */
function replyOf(result: unknown): string | Buffer | undefined {
  if (typeof result !== 'object' || result === null || !('body' in result)) return undefined
  if (typeof result.body !== 'string') return undefined
  const isBase64 = 'isBase64Encoded' in result && result.isBase64Encoded === true
  return isBase64 ? Buffer.from(result.body, 'base64') : result.body
}
