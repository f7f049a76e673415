/** Between API Gateway's WebSocket API and the core. The shapes are as seen on AWS; `@types/aws-lambda` lacks half of them. */
import type { Sender } from '../../src/core/handle-message.ts'

type Values = Readonly<Record<string, string | undefined>>

interface SocketContext {
  readonly connectionId: string
  readonly connectedAt: number
  readonly identity: { readonly sourceIp: string; readonly userAgent?: string }
  /** The authorizer's context: flat, and strings throughout. */
  readonly authorizer?: Values
}

/** What the REQUEST authorizer gets. */
export interface AuthorizerEvent {
  readonly methodArn: string
  readonly headers?: Values | null
  readonly queryStringParameters?: Values | null
  readonly requestContext: SocketContext
}

export interface ConnectEvent {
  readonly headers?: Values | null
  readonly requestContext: SocketContext
}

export interface DisconnectEvent {
  readonly requestContext: SocketContext & {
    readonly disconnectStatusCode?: number
    readonly disconnectReason?: string
  }
}

export interface MessageEvent {
  readonly body?: string | null
  readonly requestContext: SocketContext
}

/** What a socket route answers. The status counts at `$connect` alone; the body goes out through the route response. */
export interface SocketResult {
  readonly statusCode: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What the authorizer hands on to every route of a connection: a context may hold strings only. */
export interface AuthorizerContext {
  readonly userId: string
  /** Milliseconds since 1970. */
  readonly expiresAt: string
  /** Milliseconds since 1970; `0` if the token does not say. */
  readonly issuedAt: string
}

/** @throws if the authorizer's context is not there: the API is wired up without its authorizer */
export function senderOf({ connectionId, connectedAt, authorizer }: SocketContext): Sender {
  // A connection that was opened before a deployment that tells it has none.
  const { userId, expiresAt, issuedAt = '0' } = authorizer ?? {}
  const expires = Number(expiresAt)
  // `NaN` would never expire.
  if (userId === undefined || Number.isNaN(expires)) {
    throw new Error(
      `connection ${connectionId} came without userId and expiresAt: is the authorizer attached to $connect?`,
    )
  }
  return { id: connectionId, userId, expiresAt: expires, issuedAt: Number(issuedAt), connectedAt }
}
