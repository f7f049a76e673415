import { headerOf, presentedToken } from '../src/auth/presented-token.ts'
import { TokenRefused } from '../src/core/errors.ts'
import { type Metrics, NO_METRICS } from '../src/core/metrics.ts'
import type { Identity, Logger, TokenVerifier } from '../src/core/ports.ts'
import type { AuthorizerContext, AuthorizerEvent } from './shared/socket.ts'

export interface Dependencies {
  readonly verifier: TokenVerifier
  readonly logger: Logger
  readonly metrics?: Metrics
  /** Origins whose pages may connect; every origin if left out. Clients that are not browsers send none. */
  readonly allowedOrigins?: readonly string[]
}

export interface AuthorizerResult {
  readonly principalId: string
  readonly policyDocument: {
    readonly Version: '2012-10-17'
    readonly Statement: readonly [
      { readonly Action: 'execute-api:Invoke'; readonly Effect: 'Allow' | 'Deny'; readonly Resource: string },
    ]
  }
  readonly context?: AuthorizerContext
}

/** The REQUEST authorizer of the WebSocket API: a verified token in, the user's id on every route out. */
export function createHandler(dependencies: Dependencies) {
  const { logger, allowedOrigins } = dependencies
  return async (event: AuthorizerEvent): Promise<AuthorizerResult> => {
    const identity = await identify(dependencies, event)
    // One decision serves every route of the connection, so the policy names the whole stage.
    const resource = event.methodArn.replace(/\/[^/]*$/, '/*')
    const origin = headerOf(event.headers, 'origin')
    if (origin !== undefined && allowedOrigins !== undefined && !allowedOrigins.includes(origin)) {
      logger.warn({ userId: identity.userId, origin }, 'origin refused')
      return decision('Deny', identity, resource)
    }
    return decision('Allow', identity, resource)
  }
}

async function identify(
  { verifier, logger, metrics = NO_METRICS }: Dependencies,
  event: AuthorizerEvent,
): Promise<Identity> {
  const { headers, queryStringParameters: query } = event
  try {
    return await verifier.verify(presentedToken({ ...(headers && { headers }), ...(query && { query }) }))
  } catch (error) {
    const { sourceIp } = event.requestContext.identity
    if (!(error instanceof TokenRefused)) {
      logger.error({ err: error, sourceIp }, 'token could not be checked')
      throw error
    }
    metrics.add('tokensRefused', 1, error.reason)
    logger.warn({ reason: error.reason, sourceIp, path: '$connect' }, 'token refused')
    // The one text that API Gateway turns into 401; with any other it answers 500.
    throw new Error('Unauthorized')
  }
}

function decision(Effect: 'Allow' | 'Deny', identity: Identity, Resource: string): AuthorizerResult {
  const { userId, expiresAt, issuedAt } = identity
  return {
    principalId: userId,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect, Resource }],
    },
    ...(Effect === 'Allow' && {
      context: { userId, expiresAt: String(expiresAt), issuedAt: String(issuedAt) },
    }),
  }
}
