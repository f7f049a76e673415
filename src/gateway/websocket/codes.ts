/** Every close code, refusal and error of the gateway, in one place. */

/** Why a connection was closed: what `$disconnect` and the close frame say. */
export interface Closing {
  readonly code: number
  readonly reason: string
}

/**
 * Closes by the gateway. Codes: API Gateway developer guide, page apigateway-websocket-api-overview; the two reasons
 * were seen on the real service. Where none was seen the reason is empty.
 */
export const closing = {
  /** DELETE on `@connections`; the caller cannot choose code or reason. */
  deleted: { code: 1000, reason: 'Connection Closed Normally' },
  /** Idle or lifetime limit, or the server goes away. */
  goingAway: { code: 1001, reason: 'Going away' },
  /** The client broke the WebSocket protocol. */
  protocolError: { code: 1002, reason: '' },
  /** A binary frame: only text is supported. */
  binary: { code: 1003, reason: '' },
  /** Text that is not UTF-8. */
  notUtf8: { code: 1007, reason: '' },
  /** The client sends too fast. */
  tooFast: { code: 1008, reason: '' },
  /** The TCP connection was lost without a close frame. */
  lost: { code: 1006, reason: '' },
  /** A frame or a message over its limit. */
  tooLarge: { code: 1009, reason: '' },
} as const satisfies Record<string, Closing>

/** What `$disconnect` says when a client closed without a code; the close frame itself cannot carry 1005. */
export const noStatusReason = 'Client-side close frame status not set'

/** The `message` of error frames and of refused handshakes. */
export const message = {
  badRequest: 'Bad Request',
  unauthorized: 'Unauthorized',
  forbidden: 'Forbidden',
  upgradeRequired: 'Upgrade Required',
  tooMany: 'Too Many Requests',
  internal: 'Internal server error',
  unavailable: 'Service Unavailable',
  timedOut: 'Endpoint request timed out',
} as const

/** Errors of `@connections`: the HTTP status and the value of `x-amzn-ErrorType`, from which the SDK makes its class. */
export const apiError = {
  malformed_id: { status: 400, type: 'BadRequestException' },
  forbidden: { status: 403, type: 'ForbiddenException' },
  gone: { status: 410, type: 'GoneException' },
  too_large: { status: 413, type: 'PayloadTooLargeException' },
  throttled: { status: 429, type: 'LimitExceededException' },
} as const

const byWsError: Record<string, Closing> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: closing.tooLarge,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: closing.tooLarge,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: closing.tooFast,
  WS_ERR_INVALID_UTF8: closing.notUtf8,
}

/** How `ws` closed the socket after this error; undefined when the error is the network's (that becomes 1006). */
export function closingForError(error: Error & { code?: string }): Closing | undefined {
  if (!error.code?.startsWith('WS_ERR_')) return undefined
  return byWsError[error.code] ?? closing.protocolError
}

/** The frame a client gets instead of a reply, with exactly the spacing that API Gateway uses. */
export function errorFrame(text: string, connectionId: string, requestId: string): string {
  return `{"message": "${text}", "connectionId":"${connectionId}", "requestId":"${requestId}"}`
}
