import type { IncomingMessage } from 'node:http'

/** As an HTTP API's CORS configuration: API Gateway developer guide, page http-api-cors. */
export interface CorsOptions {
  /** Origins, or `*` for all. */
  readonly allowOrigins: readonly string[]
  readonly allowMethods: readonly string[]
  readonly allowHeaders: readonly string[]
  readonly exposeHeaders?: readonly string[]
  /** How long a browser may remember a preflight answer, in seconds. */
  readonly maxAge?: number
}

type Headers = Record<string, string>

export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && 'access-control-request-method' in headers
}

export function preflightHeaders(cors: CorsOptions, request: IncomingMessage): Headers {
  if (allowedOrigin(cors, request) === undefined) return {}
  return {
    'access-control-allow-methods': cors.allowMethods.join(','),
    'access-control-allow-headers': cors.allowHeaders.join(','),
    ...(cors.maxAge !== undefined && { 'access-control-max-age': String(cors.maxAge) }),
  }
}

/** For every answer to a page of an allowed origin; for others none, and the browser keeps the answer from the page. */
export function corsHeaders(cors: CorsOptions, request: IncomingMessage): Headers {
  const origin = allowedOrigin(cors, request)
  if (origin === undefined) return {}
  return {
    'access-control-allow-origin': origin,
    ...(origin !== '*' && { vary: 'Origin' }),
    ...(cors.exposeHeaders && { 'access-control-expose-headers': cors.exposeHeaders.join(',') }),
  }
}

function allowedOrigin({ allowOrigins }: CorsOptions, { headers }: IncomingMessage): string | undefined {
  if (headers.origin === undefined) return undefined
  if (allowOrigins.includes('*')) return '*'
  return allowOrigins.includes(headers.origin) ? headers.origin : undefined
}
