import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, systemClock } from './clock.ts'
import { corsHeaders, type CorsOptions, isPreflight, preflightHeaders } from './http-cors.ts'
import { type HttpApiEvent, httpEvent } from './http-event.ts'
import { type HttpAnswer, parseHttpResult, sendHttpAnswer } from './http-result.ts'
import { Invoker, type LambdaHandler } from './lambda.ts'
import { describeErrorDiscreetly } from './log.ts'

export interface HttpApiOptions {
  /** Functions by route key, as `POST /api/v1/events` or `GET /items/{id}`; `$default` takes what nothing else does. */
  readonly routes: Readonly<Record<string, LambdaHandler>>
  /** The API answers preflight requests itself where this is given, and overrides what functions say. */
  readonly cors?: CorsOptions
  /** API Gateway's limit for HTTP APIs is 10 MB. */
  readonly maxBodyBytes?: number
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

/**
 * A stand-in for API Gateway's HTTP APIs: routes requests to functions with Lambda's signature, payload format 2.0.
 * Source: API Gateway developer guide, pages http-api-develop-routes, http-api-develop-integrations-lambda, http-api-cors.
 */
export function createHttpApi(options: HttpApiOptions): HttpApi {
  const { clock = systemClock, timeoutMs = TIMEOUT_MS, cors, maxBodyBytes = MAX_BODY_BYTES } = options
  const routes = Object.entries(options.routes).map(([key, handler]) => compileRoute(key, handler))
  const invoker = new Invoker({ clock, timeoutMs, region: 'us-east-1', accountId: '123456789012' })

  const answer = async (request: IncomingMessage): Promise<HttpAnswer> => {
    const route = matchRoute(routes, request)
    if (route === undefined) return message(404, 'Not Found')
    const body = await readBody(request, maxBodyBytes)
    if (body === undefined) return { ...message(413, 'Request Entity Too Large'), close: true }
    const event = httpEvent(request, body, route, { now: clock.now(), requestId: randomUUID() })
    return call(route, event)
  }

  const call = async ({ key, handler }: Match, event: HttpApiEvent): Promise<HttpAnswer> => {
    const outcome = await invoker.invoke(key, handler, event)
    if (outcome.kind === 'returned') return parseHttpResult(outcome.value)
    if (outcome.kind === 'timedOut') {
      options.log?.({ level: 'error', event: 'function.timedOut', routeKey: key })
      return message(503, 'Service Unavailable')
    }
    const error = describeErrorDiscreetly(outcome.error)
    options.log?.({ level: 'error', event: 'function.failed', routeKey: key, error })
    return message(500, 'Internal Server Error')
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answered =
      cors && isPreflight(request)
        ? { status: 204, headers: preflightHeaders(cors, request) }
        : await answer(request)
    if (response.destroyed) return
    sendHttpAnswer(response, answered, cors ? corsHeaders(cors, request) : {})
  }

  return {
    handleRequest(request, response) {
      serve(request, response).catch(() => response.destroy())
    },
    idle: async () => invoker.idle(),
  }
}

interface Route {
  readonly key: string
  readonly handler: LambdaHandler
  readonly method: string
  readonly pattern: RegExp
}

export interface Match extends Route {
  readonly path: string
  readonly query: string
  readonly pathParameters: Readonly<Record<string, string>>
}

/** `{name}` takes one segment, `{name+}` all that is left. */
function compileRoute(key: string, handler: LambdaHandler): Route {
  if (key === '$default') return { key, handler, method: 'ANY', pattern: /^/ }
  const [method = '', path = ''] = key.split(' ')
  const pattern = path
    .replace(/[.*?^$|()[\]\\]/g, '\\$&')
    .replace(/\{(\w+)\+\}/g, '(?<$1>.+)')
    .replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')
  return { key, handler, method, pattern: new RegExp(`^${pattern}$`) }
}

/** The first route that fits, `$default` last whatever its place. */
function matchRoute(routes: readonly Route[], { method, url = '/' }: IncomingMessage): Match | undefined {
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const query = mark < 0 ? '' : url.slice(mark + 1)
  const fits = (route: Route): boolean =>
    route.key !== '$default' &&
    (route.method === 'ANY' || route.method === method) &&
    route.pattern.test(path)
  const route = routes.find(fits) ?? routes.find(({ key }) => key === '$default')
  if (route === undefined) return undefined
  return { ...route, path, query, pathParameters: { ...route.pattern.exec(path)?.groups } }
}

/** Undefined if it is too large. A body that ends too early rejects: there is nobody left to answer. */
async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined
  const chunks: Buffer[] = []
  let size = 0
  // Without `destroyOnReturn` the socket would be gone before the refusal could be sent.
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  for await (const chunk of body) {
    size += chunk.length
    if (size > limit) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function message(status: number, text: string): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message: text }) }
}
