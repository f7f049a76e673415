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
export const SCOPES = { publish: 'events:publish', admin: 'events:admin' } as const
export type Scope = (typeof SCOPES)[keyof typeof SCOPES]

/** How much a receipt tells of the pushes: each of them, or how many had which outcome. */
export const RECEIPT_DETAILS = ['deliveries', 'counts'] as const
export type ReceiptDetail = (typeof RECEIPT_DETAILS)[number]

/**
 * Why a user's screen did or did not show an event: `fanout why` answers with exactly one. In the order in which they are
 * ruled out; of a user with several devices the first counts that holds for one of them. But where one has applied the event,
 * one that was away counts for nothing, and neither does a connection without a name.
 */
export const REASONS = {
  refused: {
    meaning: 'the event was refused, and is in nobody’s log',
    remedy: 'correct what the refusal names, and publish the event again',
  },
  never_published: {
    meaning: 'no event of this id was ever accepted here, or too long ago to be remembered',
    remedy:
      'look whether the publisher got an answer of 2xx (202 says that it waits in the queue, from where it may not have come yet); `fanout doctor` tries every way in; of what comes through Redis, `fanout bridge dead` shows what could not be published, and the bridge’s log what was lost. An event without an id, and a CloudEvent, are asked for by their JSON, from which the id follows',
  },
  publish_under_way: {
    meaning: 'the event is being published right now',
    remedy: 'ask again in a moment',
  },
  publish_interrupted: {
    meaning: 'a publish was begun, and no try so far has finished it: it is not known to have been pushed',
    remedy:
      'publish the same event again, which finishes it and duplicates nothing; let the publisher retry until it has an answer of 2xx, or publish through the queue, which tries by itself for half an hour',
  },
  not_a_recipient: {
    meaning: 'the event does not name this user',
    remedy:
      'name the user in trainerId, studentId, trainerIds, studentIds or recipientIds; `role` selects nobody, and `userId` counts only where none of the others is given',
  },
  handler_threw: {
    meaning: 'the event was delivered, and the app’s handler failed on it',
    remedy: 'correct the handler; the event is not given to it again by itself',
  },
  dead_socket: {
    meaning: 'the event was pushed to a connection that was no longer there',
    remedy:
      'nothing, if the device comes back: it resumes where it was; if it seems connected and is not, look whether it pings, and whether a proxy in between closes idle connections',
  },
  throttled: {
    meaning: 'the push was throttled: the device takes too slowly, or a quota was hit',
    remedy:
      'nothing at once: the device asks for what it lacks with its next ping or event; if it happens often, look at the runbook page on throttled deliveries',
  },
  push_failed: {
    meaning: 'the push failed on the server’s side',
    remedy:
      'nothing at once: the device asks for what it lacks with its next ping or event; the server’s log names the failure',
  },
  token_expired: {
    meaning: 'the connection’s token had ended, so nothing was pushed to it',
    remedy:
      'give the client a `getToken` that gets a fresh token each time, and look at why it got none; it was told `expired` and resumes with the next token',
  },
  not_acknowledged: {
    meaning:
      'the event was handed to the device’s connection, and the app has not said that it has applied it',
    remedy:
      'look whether the app runs in the foreground and its handlers return; a half-open socket swallows pushes until the next ping finds out; a client without the SDK has to send `ack`',
  },
  expired: {
    meaning: 'the event is no longer kept, and the device did not come for it while it was',
    remedy:
      'nothing brings it back: a device that was away for longer is told to fetch its state anew; raise the retention if that happens often',
  },
  started_later: {
    meaning:
      'the device began, or began anew, after the event: it was told to fetch its state, and was not given the event',
    remedy:
      'let the app fetch its state when it is told to (`onRefetch`); to go on where it was after a reload, give the client a `storage` that lasts',
  },
  unknown_device: {
    meaning: 'the user has no device of the name that was asked about',
    remedy: 'compare the name with those that are known',
  },
  never_seen: {
    meaning: 'the event is in the log of this id, and no device of such a user was ever seen',
    remedy:
      'compare the id with `sub` in the user’s token, character for character; if it is right, the app was never online',
  },
  no_device_connected: {
    meaning: 'the event is in the log, and the device was not connected; it gets it when it comes back',
    remedy:
      'open the app: it resumes where it was; if it is open, look at its status and its network, and run `fanout doctor` from there',
  },
  applied: {
    meaning: 'the app has applied the event: its handlers have returned',
    remedy:
      'nothing on the way failed; look whether the app has a handler for this `type`, and at what it does with the event',
  },
} as const
export type Reason = keyof typeof REASONS
