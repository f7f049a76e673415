/**
 * Every code that leaves this project, in one place. Codes are stable: clients may compare them; texts may change.
 */

/** Why a request failed: the `code` of a problem document (RFC 9457), with its status and title. */
export const PROBLEMS = {
  malformed_json: { status: 400, title: 'The body is not JSON' },
  invalid_query: { status: 400, title: 'The query is not valid' },
  unauthorized: { status: 401, title: 'A valid token is required' },
  forbidden: { status: 403, title: 'The token lacks the scope' },
  not_found: { status: 404, title: 'There is nothing here' },
  id_conflict: { status: 409, title: 'This id belongs to another event' },
  retry_too_late: { status: 409, title: 'The retry comes too late' },
  event_too_large: { status: 413, title: 'The event is too large' },
  batch_too_large: { status: 413, title: 'The batch is too large' },
  invalid_event: { status: 422, title: 'The event is not valid' },
  event_too_deep: { status: 422, title: 'The event is nested too deeply' },
  unsafe_number: { status: 422, title: 'A number cannot be told from its neighbours' },
  no_recipients: { status: 422, title: 'The event concerns nobody' },
  too_many_recipients: { status: 422, title: 'The event concerns too many' },
  empty_batch: { status: 422, title: 'The batch is empty' },
  unavailable: { status: 503, title: 'The service cannot take this now' },
} as const
export type ProblemCode = keyof typeof PROBLEMS

/** The `code` of an error frame (`{"type":"error"}`) over a socket. The last three come before the server closes. */
export const FRAME_ERRORS = {
  malformed_json: 'the message is not a JSON object',
  unknown_action: 'the message names no action that exists',
  invalid_message: 'a field of the message is missing or has the wrong type',
  unavailable: 'the server could not do this now; try again',
  evicted: 'the user opened more connections than allowed, and this was the oldest',
  disconnected: 'an administrator disconnected the user',
  expired: 'the token has expired',
} as const
export type FrameErrorCode = keyof typeof FRAME_ERRORS

/**
 * How a delivery (one try to push one event to one connection) went.
 *
 * - `sent`: handed to the socket or accepted by API Gateway; not a proof that the device has it (that is an ack)
 * - `gone`: there is no such connection any more
 * - `throttled`: the device takes too slowly, or a quota was hit
 * - `failed`: anything else
 * - `expired`: not tried, for the token that opened the connection has ended
 */
export const OUTCOMES = ['sent', 'gone', 'throttled', 'failed', 'expired'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Why a token was refused. For the server's log alone: an answer never tells. */
export const TOKEN_REFUSALS = [
  'missing',
  'too_long',
  'malformed',
  'bad_signature',
  'wrong_algorithm',
  'unsupported_critical_header',
  'expired',
  'not_yet_valid',
  'no_expiry',
  'bad_subject',
  'wrong_issuer',
  'wrong_audience',
  'bad_claim',
  'unknown_key',
] as const
export type TokenRefusal = (typeof TOKEN_REFUSALS)[number]

/** What a token may allow beyond reading one's own log. */
export const SCOPES = { publish: 'events:publish' } as const
