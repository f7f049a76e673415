import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, systemClock } from '../clock.ts'
import { endOfTurn } from '../end-of-turn.ts'
import { corsHeaders, type CorsOptions, isPreflight, preflightHeaders } from './cors.ts'
import { type HttpApiEvent, httpEvent } from './event.ts'
import { BodyReader } from './body-reader.ts'
import { inTurn } from './in-turn.ts'
import { compileRoute, type Match, Router } from './route.ts'
import { type HttpAnswer, parseHttpResult, sendHttpAnswer } from './result.ts'
import { Invoker, type LambdaHandler } from '../lambda.ts'
import { describeErrorDiscreetly } from '../log.ts'

export interface HttpApiOptions {
  /** Functions by route key, as `POST /api/v1/events` or `GET /items/{id}`; `$default` takes what nothing else does. */
  readonly routes: Readonly<Record<string, LambdaHandler>>
  /** The API answers preflight requests itself where this is given, and overrides what functions say. */
  readonly cors?: CorsOptions
  /** API Gateway's limit for HTTP APIs is 10 MB. */
  readonly maxBodyBytes?: number
  /** Of all bodies that are being received, together; what is more gets 503. @default 64 MiB: a choice of this gateway */
  readonly maxBufferedBytes?: number
  /** API Gateway's limit for HTTP APIs is 30 s. */
  readonly timeoutMs?: number
  readonly clock?: Clock
  readonly log?: (record: HttpLogRecord) => void
}

/** A request that failed here. Neither header nor query goes in: they may hold a token. */
export interface HttpLogRecord {
  readonly level: 'error'
  readonly event: 'function.failed' | 'function.timedOut'
  readonly routeKey: string
  readonly error?: string
}

export interface HttpApi {
  /** For `http.createServer`. */
  readonly handleRequest: (request: IncomingMessage, response: ServerResponse) => void
  /** Resolves when no function runs. */
  idle(): Promise<void>
}

const MAX_BODY_BYTES = 10 * 1024 * 1024
const TIMEOUT_MS = 30_000
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024
const LINGER_MS = 5_000

/**
 * A stand-in for API Gateway's HTTP APIs: routes requests to functions with Lambda's signature, payload format 2.0.
 * Source: API Gateway developer guide, pages http-api-develop-routes, http-api-develop-integrations-lambda, http-api-cors.
 */
export function createHttpApi(options: HttpApiOptions): HttpApi {
  const { clock = systemClock, timeoutMs = TIMEOUT_MS, cors } = options
  const bodies = new BodyReader(
    options.maxBodyBytes ?? MAX_BODY_BYTES,
    options.maxBufferedBytes ?? MAX_BUFFERED_BYTES,
  )
  const router = new Router(
    Object.entries(options.routes).map(([key, handler]) => compileRoute(key, handler)),
  )
  const invoker = new Invoker({ clock, timeoutMs, region: 'us-east-1', accountId: '123456789012' })

  const answer = async (request: IncomingMessage): Promise<HttpAnswer> => {
    const route = router.match(request)
    if (route === undefined) return message(404, 'Not Found')
    const body = await bodies.read(request)
    if (body === 'too large') return { ...message(413, 'Request Entity Too Large'), close: true }
    if (body === 'no room') return { ...message(503, 'Service Unavailable'), close: true }
    const event = httpEvent(request, body, route, { now: clock.now(), requestId: randomUUID() })
    return call(route, event)
  }

  const call = async ({ key, handler }: Match, event: HttpApiEvent): Promise<HttpAnswer> => {
    const outcome = await invoker.invoke(key, handler, event)
    if (outcome.kind === 'returned') return parse(key, outcome.value)
    if (outcome.kind === 'timedOut') {
      options.log?.({ level: 'error', event: 'function.timedOut', routeKey: key })
      return message(503, 'Service Unavailable')
    }
    return failed(key, outcome.error)
  }

  const parse = (key: string, value: unknown): HttpAnswer => {
    try {
      return parseHttpResult(value)
    } catch (error) {
      return failed(key, error)
    }
  }

  const failed = (routeKey: string, thrown: unknown): HttpAnswer => {
    const error = describeErrorDiscreetly(thrown)
    options.log?.({ level: 'error', event: 'function.failed', routeKey, error })
    return message(500, 'Internal Server Error')
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answered =
      cors && isPreflight(request)
        ? { status: 204, headers: preflightHeaders(cors, request) }
        : await answer(request)
    const headers = cors ? corsHeaders(cors, request) : {}
    await endOfTurn()
    if (response.destroyed) return
    sendHttpAnswer(response, answered, headers)
    if (answered.close) endOnceSent(request, response, clock)
  }

  return {
    handleRequest: inTurn(async (request, response) => {
      await serve(request, response).catch(() => response.destroy())
    }),
    idle: async () => invoker.idle(),
  }
}

/**
 * Ends an answer that went out before its request was there. Were the connection cut while the client still sends, it
 * would never see the answer; so the rest is read and dropped, for a while.
 */
function endOnceSent(request: IncomingMessage, response: ServerResponse, clock: Clock): void {
  const end = (): void => {
    cancel()
    response.end()
  }
  const cancel = clock.after(LINGER_MS, end)
  request.once('end', end).once('close', end).resume()
}

function message(status: number, text: string): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message: text }) }
}
