/** Events as API Gateway hands them over, and what the handlers' tests need to judge the answers. */
import { expect } from 'vitest'
import { TokenRefused } from '../../src/core/errors.ts'
import type { Identity, TokenVerifier } from '../../src/core/ports.ts'
import type { HttpEvent, HttpResult } from '../../lambdas/shared/http.ts'
import type { TokenRefusal } from '../../src/core/codes.ts'

interface Request {
  readonly token?: string
  readonly body?: string
  readonly isBase64Encoded?: boolean
  readonly query?: string
  readonly prefer?: string
  /** API Gateway's name of the route. */
  readonly routeKey?: string
  /** The id in the address, with escapes undone, as API Gateway gives it. */
  readonly id?: string
}

export function httpEvent(request: Request = {}): HttpEvent {
  const { token, query = '', prefer, routeKey = '$default', id, ...rest } = request
  const path = '/api/v1/events'
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: query,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(prefer !== undefined && { prefer }),
    },
    requestContext: {
      accountId: 'a',
      apiId: 'a',
      domainName: 'd',
      domainPrefix: 'd',
      http: { method: 'GET', path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      requestId: 'r',
      routeKey,
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
    isBase64Encoded: false,
    ...(id !== undefined && { pathParameters: { id } }),
    ...rest,
  }
}

export function bodyOf({ body }: HttpResult): unknown {
  return JSON.parse(body ?? '')
}

/** Of every token that says nothing else. */
export const ISSUED_AT = 1_700_000_000_000

/** What a token says is decided by the test; whatever is not listed is refused. */
export class ScriptedVerifier implements TokenVerifier {
  readonly #tokens: Readonly<Record<string, Partial<Identity> | TokenRefusal | Error>>

  constructor(tokens: Readonly<Record<string, Partial<Identity> | TokenRefusal | Error>>) {
    this.#tokens = tokens
  }

  async verify(token: string | undefined): Promise<Identity> {
    if (token === undefined || token === '') throw new TokenRefused('missing')
    const said = this.#tokens[token] ?? 'bad_signature'
    if (said instanceof Error) throw said
    if (typeof said === 'string') throw new TokenRefused(said)
    return { userId: 'ann', expiresAt: 9_000_000_000_000, issuedAt: ISSUED_AT, scopes: [], ...said }
  }
}

export function socketContext(authorizer?: Record<string, string | undefined>) {
  return {
    connectionId: 'c-1',
    connectedAt: 0,
    identity: { sourceIp: '192.0.2.1' },
    ...(authorizer !== undefined && { authorizer }),
  }
}

export const JSON_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' }
export const PROBLEM_HEADERS = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }

/** A problem document, whatever its texts. */
export const problem = (code: string, status: number, more: object) => ({
  type: `urn:event-fanout:problem:${code}`,
  title: expect.any(String) as string,
  status,
  detail: expect.any(String) as string,
  code,
  ...more,
})
