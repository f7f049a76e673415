import type { IncomingMessage, ServerResponse } from 'node:http'
import { createHttpApi } from '../../gateway/http/http-api.ts'
import type { LambdaHandler } from '../../gateway/lambda.ts'
import { TokenBucket } from '../../gateway/websocket/token-bucket.ts'
import { RequestTooLargeError } from '../functions/function-error.ts'
import type { ApiDefinition, RouteDefinition } from './api-definition.ts'
import { type Invoking, invokePermitted } from './invoke-permitted.ts'

export interface ServedHttpApi {
  readonly handleRequest: (request: IncomingMessage, response: ServerResponse) => void
  /** Resolves when no function runs. */
  idle(): Promise<void>
}

/** The template's HTTP API behind the gateway's stand-in, with the throttles of its stage. */
export function serveHttpApi(definition: ApiDefinition, invoking: Invoking): ServedHttpApi {
  const { cors, integrationTimeoutMs, stage } = definition
  const shared = stage.throttle && new TokenBucket(stage.throttle, Date.now())
  const handlers = definition.routes.map((route) => {
    const own = stage.routeThrottles.get(route.key)
    const bucket = own ? new TokenBucket(own, Date.now()) : shared
    return [route.key, toHandler(route, invoking, bucket)] as const
  })
  return createHttpApi({
    routes: Object.fromEntries(handlers),
    ...(cors && { cors }),
    ...(integrationTimeoutMs !== undefined && { timeoutMs: integrationTimeoutMs }),
    log: ({ level, event, ...fields }) => {
      invoking.log[level](fields, event)
    },
  })
}

function toHandler(
  route: RouteDefinition,
  invoking: Invoking,
  bucket: TokenBucket | undefined,
): LambdaHandler {
  const facts = { trigger: 'http', routeKey: route.key } as const
  return async (event: unknown) => {
    if (bucket?.take(Date.now()) === false) return answer(429, 'Too Many Requests')
    try {
      return await invokePermitted(invoking, route, event, facts)
    } catch (error) {
      // A body that API Gateway takes (10 MB), and that is no event for Lambda (6 MB).
      if (error instanceof RequestTooLargeError) return answer(413, 'Request Entity Too Large')
      throw error
    }
  }
}

function answer(statusCode: number, message: string): object {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message }) }
}
