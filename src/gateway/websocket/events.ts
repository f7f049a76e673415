/**
 * What the gateway hands to functions, as the API Gateway sends it.
 *
 * More precise than `@types/aws-lambda`, which lacks identity, authorizer, headers and the disconnect fields. A key
 * marked optional is left out entirely when it has no value; it is never undefined or null.
 */

/** `principalId` and the authorizer's context, flat. */
export type AuthorizerContext = Record<string, string>

export interface Identity {
  sourceIp: string
  /** Absent when the client sent none. */
  userAgent?: string
}

export interface RequestContext {
  routeKey: string
  /** Absent without an authorizer. */
  authorizer?: AuthorizerContext
  eventType: 'CONNECT' | 'MESSAGE' | 'DISCONNECT'
  /** Equals `requestId`. */
  extendedRequestId: string
  /** As in `24/Nov/2026:10:00:00 +0000`. */
  requestTime: string
  messageDirection: 'IN'
  stage: string
  /** Milliseconds since the epoch. */
  connectedAt: number
  /** Milliseconds since the epoch. */
  requestTimeEpoch: number
  identity: Identity
  requestId: string
  domainName: string
  connectionId: string
  apiId: string
}

/** Header names keep the client's spelling; of a repeated one the last value counts, the twin has all. */
interface Headers {
  headers: Record<string, string>
  multiValueHeaders: Record<string, string[]>
}

/** Both left out entirely when there is no query. */
interface Query {
  queryStringParameters?: Record<string, string>
  multiValueQueryStringParameters?: Record<string, string[]>
}

export interface ConnectEvent extends Headers, Query {
  requestContext: RequestContext & { eventType: 'CONNECT' }
  isBase64Encoded: false
}

/** No headers and no query: a message has none. */
export interface MessageEvent {
  requestContext: RequestContext & { eventType: 'MESSAGE'; messageId: string }
  body: string
  isBase64Encoded: false
}

export interface DisconnectEvent extends Headers {
  requestContext: RequestContext & {
    eventType: 'DISCONNECT'
    disconnectStatusCode: number
    disconnectReason: string
  }
  isBase64Encoded: false
}

/** API Gateway developer guide, page apigateway-websocket-api-lambda-auth. */
export interface AuthorizerEvent extends Headers, Query {
  type: 'REQUEST'
  /** `arn:aws:execute-api:{region}:{account}:{apiId}/{stage}/$connect` */
  methodArn: string
  stageVariables: Record<string, string>
  requestContext: RequestContext & { eventType: 'CONNECT' }
}

export type GatewayEvent = ConnectEvent | MessageEvent | DisconnectEvent | AuthorizerEvent
