import type { IncomingMessage, ServerResponse } from 'node:http'
import { corsHeaders } from '../../gateway/http/cors.ts'
import { createHttpApi } from '../../gateway/http/http-api.ts'
import type { LambdaHandler } from '../../gateway/lambda.ts'
import { TokenBucket } from '../../gateway/websocket/token-bucket.ts'
import type { ApiDefinition, RouteDefinition } from './api-definition.ts'
import { type Invoking, invokePermitted } from './invoke-permitted.ts'

export interface ServedHttpApi {
  readonly handleRequest: (request: IncomingMessage, response: ServerResponse) => void
  /** Resolves when no function runs. */
  idle(): Promise<void>
}

/** The template's HTTP API behind the gateway's stand-in, and the stage's throttle in front of it. */
export function serveHttpApi(definition: ApiDefinition, invoking: Invoking): ServedHttpApi {
  const { cors, integrationTimeoutMs, stage } = definition
  const api = createHttpApi({
    routes: Object.fromEntries(definition.routes.map((route) => [route.key, toHandler(route, invoking)])),
    ...(cors && { cors }),
    ...(integrationTimeoutMs !== undefined && { timeoutMs: integrationTimeoutMs }),
    log: ({ level, event, ...fields }) => {
      invoking.log[level](fields, event)
    },
  })
  if (!stage.throttle) return api
  const bucket = new TokenBucket(stage.throttle, Date.now())
  return {
    idle: async () => api.idle(),
    handleRequest: (request, response) => {
      if (bucket.take(Date.now())) api.handleRequest(request, response)
      else refuse(request, response, cors ? corsHeaders(cors, request) : {})
    },
  }
}

function toHandler(route: RouteDefinition, invoking: Invoking): LambdaHandler {
  const facts = { trigger: 'http', routeKey: route.key } as const
  return async (event: unknown) => invokePermitted(invoking, route, event, facts)
}

function refuse(request: IncomingMessage, response: ServerResponse, headers: Record<string, string>): void {
  request.resume()
  response
    .writeHead(429, { ...headers, 'content-type': 'application/json' })
    .end(JSON.stringify({ message: 'Too Many Requests' }))
}
