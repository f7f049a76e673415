import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { requestTime } from '../request-time.ts'
import type { Match } from './route.ts'
import { addressOf } from '../websocket/upgrade-request.ts'

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
  const { headers, cookies } = headersOf(request.rawHeaders)
  return {
    version: '2.0',
    routeKey: key,
    rawPath: path,
    rawQueryString: query,
    ...(cookies.length > 0 && { cookies }),
    headers,
    ...(query !== '' && { queryStringParameters: joinedQuery(query) }),
    requestContext: requestContext(request, key, path, now, requestId),
    ...bodyFields(body),
    ...(pathParameters !== undefined && { pathParameters: decoded(pathParameters) }),
  }
}

function requestContext(
  request: IncomingMessage,
  key: string,
  path: string,
  now: number,
  requestId: string,
): object {
  const { method = '', httpVersion, headers } = request
  return {
    accountId: 'anonymous',
    apiId: 'local',
    domainName: headers.host ?? '',
    domainPrefix: 'local',
    http: {
      method,
      path,
      protocol: `HTTP/${httpVersion}`,
      sourceIp: addressOf(request),
      userAgent: headers['user-agent'] ?? '',
    },
    requestId,
    routeKey: key,
    stage: '$default',
    time: requestTime(now),
    timeEpoch: now,
  }
}

/** A body that is not text travels as Base64, as from API Gateway. */
function bodyFields(body: Buffer): { body?: string; isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false }
  const text = isUtf8(body)
  return { body: body.toString(text ? 'utf8' : 'base64'), isBase64Encoded: !text }
}

/** In one pass: of all that is done for a request, this is what there is most of. */
function headersOf(raw: readonly string[]): {
  readonly headers: Record<string, string>
  readonly cookies: string[]
} {
  const headers: Record<string, string> = {}
  const cookies: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]?.toLowerCase() ?? ''
    const value = raw[i + 1] ?? ''
    if (name === 'cookie') cookies.push(...value.split('; '))
    else if (name === '__proto__') harmless(headers, value)
    else headers[name] = Object.hasOwn(headers, name) ? `${headers[name] ?? ''},${value}` : value
  }
  return { headers, cookies }
}

/** A header of this name is a header, whatever it means to JavaScript. */
function harmless(headers: Record<string, string>, value: string): void {
  const before = Object.hasOwn(headers, '__proto__') ? `${headers['__proto__'] ?? ''},` : ''
  const property = { value: `${before}${value}`, enumerable: true, configurable: true, writable: true }
  Object.defineProperty(headers, '__proto__', property)
}

/** `fromEntries` makes a parameter called `__proto__` harmless. */
function joinedQuery(query: string): Record<string, string> {
  const joined = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(query)) {
    const before = joined.get(name)
    joined.set(name, before === undefined ? value : `${before},${value}`)
  }
  return Object.fromEntries(joined)
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
