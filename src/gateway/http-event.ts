import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { Match } from './http-api.ts'

/** Payload format 2.0. Source: API Gateway developer guide, page http-api-develop-integrations-lambda. */
export interface HttpApiEvent {
  readonly version: '2.0'
  readonly routeKey: string
  readonly rawPath: string
  readonly rawQueryString: string
  readonly cookies?: readonly string[]
  /** Lower-case names; repeated headers joined by commas. */
  readonly headers: Readonly<Record<string, string>>
  /** Repeated parameters joined by commas. Left out without a query. */
  readonly queryStringParameters?: Readonly<Record<string, string>>
  readonly requestContext: object
  readonly body?: string
  readonly pathParameters?: Readonly<Record<string, string>>
  readonly isBase64Encoded: boolean
}

export function httpEvent(
  request: IncomingMessage,
  body: Buffer,
  { key, path, query, pathParameters }: Match,
  { now, requestId }: { now: number; requestId: string },
): HttpApiEvent {
  const { cookie, ...headers } = request.headers
  return {
    version: '2.0',
    routeKey: key,
    rawPath: path,
    rawQueryString: query,
    ...(cookie !== undefined && { cookies: cookie.split('; ') }),
    headers: joined(headers),
    ...(query !== '' && { queryStringParameters: joinedQuery(query) }),
    requestContext: requestContext(request, key, path, now, requestId),
    ...bodyFields(body),
    ...(Object.keys(pathParameters).length > 0 && { pathParameters: decoded(pathParameters) }),
  }
}

function requestContext(
  { method = '', httpVersion, socket, headers }: IncomingMessage,
  key: string,
  path: string,
  now: number,
  requestId: string,
): object {
  return {
    accountId: 'anonymous',
    apiId: 'local',
    domainName: headers.host ?? '',
    domainPrefix: 'local',
    http: {
      method,
      path,
      protocol: `HTTP/${httpVersion}`,
      sourceIp: socket.remoteAddress ?? '',
      userAgent: headers['user-agent'] ?? '',
    },
    requestId,
    routeKey: key,
    stage: '$default',
    time: new Date(now).toUTCString(),
    timeEpoch: now,
  }
}

/** A body that is not text travels as Base64, as from API Gateway. */
function bodyFields(body: Buffer): { body?: string; isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false }
  const text = isUtf8(body)
  return { body: body.toString(text ? 'utf8' : 'base64'), isBase64Encoded: !text }
}

function joined(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  )
}

function joinedQuery(query: string): Record<string, string> {
  const parameters = new URLSearchParams(query)
  return Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name).join(',')]),
  )
}

function decoded(parameters: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, decodeSafely(value)]))
}

/** A `%` that starts no valid escape stays as it is. */
function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
