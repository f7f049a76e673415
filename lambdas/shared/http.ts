/** Between API Gateway's HTTP API (payload format 2.0) and the core. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { bearerToken } from '../../src/auth/presented-token.ts'
import { FanoutError, problemOf, TokenRefused } from '../../src/core/errors.ts'
import { type Metrics, NO_METRICS } from '../../src/core/metrics.ts'
import type { Identity, Logger, TokenVerifier } from '../../src/core/ports.ts'

export type HttpEvent = APIGatewayProxyEventV2
export type HttpResult = APIGatewayProxyStructuredResultV2
export type HttpHandler = (event: HttpEvent) => Promise<HttpResult>

export function json(statusCode: number, body: string): HttpResult {
  return { statusCode, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body }
}

/** An error as RFC 9457 asks for it. */
export function problem(error: FanoutError): HttpResult {
  const document = problemOf(error)
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  const extra =
    document.status === 401
      ? { 'www-authenticate': 'Bearer' }
      : document.status === 503
        ? { 'retry-after': '1' }
        : undefined
  return { statusCode: document.status, headers: { ...headers, ...extra }, body: JSON.stringify(document) }
}

/** Turns what a handler throws into an answer: the caller's mistakes as they are, everything else without details. */
export function answering(logger: Logger, handle: HttpHandler): HttpHandler {
  return async (event) => {
    try {
      return await handle(event)
    } catch (error) {
      return problem(publicError(logger, error))
    }
  }
}

/** What may be told of an error: the caller's mistakes as they are; everything else goes to the log. */
export function publicError(logger: Logger, error: unknown): FanoutError {
  if (error instanceof FanoutError && error.code !== 'unavailable') return error
  logger.error({ err: error }, 'request failed')
  return new FanoutError(
    'unavailable',
    'the request could not be carried out; nothing was acknowledged, so try again',
  )
}

/** One text for every reason, a missing token included: the difference would help an attacker. */
const UNAUTHORIZED = 'send a valid token as "Authorization: Bearer …"'

export interface IdentifyDependencies {
  readonly verifier: TokenVerifier
  readonly logger: Logger
  readonly metrics?: Metrics
}

/** @throws FanoutError `unauthorized`, the reason in the log alone */
export async function identify(
  { verifier, logger, metrics = NO_METRICS }: IdentifyDependencies,
  event: HttpEvent,
): Promise<Identity> {
  try {
    return await verifier.verify(bearerToken(event.headers['authorization']))
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error
    const { sourceIp, path } = event.requestContext.http
    metrics.add('tokensRefused', 1, error.reason)
    logger.warn({ reason: error.reason, sourceIp, path }, 'token refused')
    throw unauthorized()
  }
}

/** The same for every reason. */
export function unauthorized(): FanoutError {
  return new FanoutError('unauthorized', UNAUTHORIZED)
}

/** The body as text. @throws FanoutError `malformed_json` if it is not UTF-8, as JSON must be (RFC 8259, section 8.1) */
export function bodyText(event: HttpEvent): string {
  if (!event.isBase64Encoded) return event.body ?? ''
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(event.body ?? '', 'base64'))
  } catch {
    throw new FanoutError('malformed_json', 'the body is not JSON: it is not UTF-8')
  }
}
