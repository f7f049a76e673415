/**
 * What the domain needs from the world. `src/embedded` implements these on LMDB and memory; one contract suite
 * (`test/contract`) says what every implementation must do.
 */
import type { Outcome, ProblemCode } from './codes.ts'
import type { FanoutError } from './errors.ts'
import type { AcceptedEvent } from './event.ts'

export interface Clock {
  /** Milliseconds since 1970, as `Date.now()`. */
  now(): number
}

/** A structured logger; pino's shape. A token never goes into it. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** One event's place in one user's log. */
export interface LogEntry {
  readonly offset: number
  /** When it was appended; never falls from one entry of a log to the next. */
  readonly loggedAt: number
  /** The event as JSON text. */
  readonly text: string
}

/** A page ends before either is exceeded, but carries at least one entry if there is one. */
export interface PageLimits {
  readonly events: number
  /** Of the rendered entries, see `entryBytes`. */
  readonly bytes: number
}

export interface LogPage {
  /** Ascending and without holes; expired ones are left out. */
  readonly entries: readonly LogEntry[]
  /** The highest offset of the log; of an empty log one below the offset that its first event will get. */
  readonly head: number
  /** There are entries above the last of `entries`. */
  readonly more: boolean
  /** Events above the cursor existed and are no longer kept, or the cursor is from before the log began. */
  readonly gap: boolean
}

export interface LogEnd {
  readonly head: number
  /** Absent where the log has no event, or none any more. */
  readonly loggedAt?: number
}

/** One try to push one event to one connection. */
export interface Delivery {
  readonly connectionId: string
  /** What the client called itself, if it did. */
  readonly device?: string
  readonly outcome: Outcome
  /** When the outcome was known, in milliseconds since 1970. */
  readonly at: number
}

export interface ReceiptRecipient {
  readonly userId: string
  /** The field of the event that made them a recipient, such as `trainerId`. */
  readonly field: string
  readonly offset: number
  /** Empty until the receipt is `logged`. */
  readonly deliveries: readonly Delivery[]
  /** How many more deliveries there were, by their outcome, where they are too many to tell of each. */
  readonly omitted?: Readonly<Partial<Record<Outcome, number>>>
}

/** The record of one event's way. `accepted`: in the logs; `logged`: pushed as well, nothing left to do. */
export interface Receipt {
  readonly eventId: string
  readonly type: string
  readonly digest: string
  readonly state: 'accepted' | 'logged'
  readonly acceptedAt: number
  readonly recipients: readonly ReceiptRecipient[]
}

/** What stands of a publish that was begun, and of which it is not known that it has reached all of the logs. */
export interface BegunReceipt extends Omit<Receipt, 'state' | 'recipients'> {
  readonly state: 'begun'
  readonly recipients: readonly (Pick<ReceiptRecipient, 'userId' | 'field'> & {
    /** Where the event stands in this log, if it does. */
    readonly offset?: number
  })[]
}

/**
 * What became of one event: `appended`, it is in every recipient's log and now has to be pushed (also when an
 * earlier try put it there and then died); `logged`, an earlier try did everything; `refused`, it will never be in the
 * logs; `failed`, it is not known to be in all of them: not to be acknowledged, and to be tried again.
 */
export type Appended =
  | { readonly status: 'appended'; readonly receipt: Receipt }
  | { readonly status: 'logged'; readonly receipt: Receipt }
  | { readonly status: 'refused'; readonly error: FanoutError }
  | { readonly status: 'failed'; readonly error: Error }

/** The logs and the receipts. Every read is consistent: it sees all that was acknowledged before it began. */
export interface EventLog {
  /**
   * Puts each event into the log of each of its recipients, once however often it is tried, in the order given, and
   * answers in that order when all of it is durable. Safe to crash at any point and to try again; safe to run
   * concurrently with itself. Within one call no id occurs twice. An event that shares a recipient with an earlier one
   * of the call that failed is not tried: it would overtake it.
   *
   * @throws if it is not known of any of the events whether it is durable; all of them count as failed
   */
  append(events: readonly AcceptedEvent[]): Promise<readonly Appended[]>

  /**
   * Writes receipts that `append` gave and that are now `logged`, with their deliveries. A later `append` of one of the
   * events then answers `logged`. No durability is promised: if it is lost, a retry pushes again what the client has,
   * and the client drops it by offset.
   */
  complete(receipts: readonly Receipt[]): Promise<void>

  receipt(eventId: string): Promise<Receipt | BegunReceipt | undefined>

  /** The highest offset. Asking for the head of a log that never was starts it, so that the answer stays true. */
  head(userId: string): Promise<number>

  /** The head, and when the event there was logged, if the log has one: both with the one read that `head` takes. */
  end(userId: string): Promise<LogEnd>

  /** What comes after a cursor. */
  after(userId: string, cursor: number, limits: PageLimits): Promise<LogPage>

  /** The newest entries. */
  newest(userId: string, limits: PageLimits): Promise<LogPage>

  /**
   * The cursor after which everything was logged at or after a time, found by walking back at most `walk` entries.
   * `complete: false`: the walk ended before it came to that time, or to the oldest entry kept.
   */
  cursorAt(userId: string, since: number, walk: number): Promise<{ cursor: number; complete: boolean }>
}

/** One open WebSocket of one user. */
export interface Connection {
  readonly id: string
  readonly userId: string
  /** When the token that opened it ends. Nothing is pushed from then on. */
  readonly expiresAt: number
  /** When the row was written. */
  readonly registeredAt: number
  readonly device?: string
}

export interface ConnectionRegistry {
  /** Writes the row, or replaces it. Answers all of the user's connections, this one among them, oldest first. */
  register(connection: Connection): Promise<readonly Connection[]>
  get(userId: string, connectionId: string): Promise<Connection | undefined>
  /** Oldest first. Sees every `register` that returned before it was called. One in memory knows at once. */
  ofUser(userId: string): readonly Connection[] | Promise<readonly Connection[]>
  /** Removing one that is not there is no error. */
  remove(userId: string, connectionId: string): Promise<void>
}

/** What is known of an open socket. */
export interface SocketState {
  readonly connectedAt: number
  /** When something last went over it, in either direction. */
  readonly lastActiveAt: number
}

/** Asks whether a connection of the registry is really there. */
export interface SocketProbe {
  /** Never rejects: `gone`, there is no such socket; `unknown`, it could not be found out. */
  stateOf(connectionId: string): Promise<SocketState | 'gone' | 'unknown'>
}

export type PostOutcome = Exclude<Outcome, 'expired'>

/** How the registry's connections are reached. */
export interface Pusher {
  /** Answers within its own deadline and never rejects: a dead or slow socket holds nobody up. Where nobody waits, at once. */
  post(connectionId: string, frame: string): PostOutcome | Promise<PostOutcome>
  /** Closes the connection, and tells whether it is closed now; one that is gone is. Never rejects. */
  close(connectionId: string): Promise<boolean>
}

/** The app of one device had applied all up to an offset; the server heard of it at a time. */
export interface Acknowledgement {
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** By a poll, which says how far the app has come, and nothing of handlers that failed. */
  readonly isPoll?: true
  /** The device began here, or began anew: what is between the one before and this offset it was never given. */
  readonly isStart?: true
}

/** How a device told how far it has come; over its socket unless said otherwise. */
export type AcknowledgedBy = 'socket' | 'poll'

/** The app's handler failed on the event at an offset. */
export interface HandlerReport {
  readonly offset: number
  readonly error: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** What one device of one user has told about itself. It outlasts its connections. */
export interface DeviceState {
  readonly device: string
  /** When it last told anything, to within `LIMITS.seenAccuracy`. Milliseconds since 1970. */
  readonly seenAt: number
  /**
   * The newest `LIMITS.acknowledgements`, ascending: how far it has come is in the last, and since when an older event is
   * applied lies between two of them. One in between may be missing. Empty: it never acknowledged.
   */
  readonly acknowledgements: readonly Acknowledgement[]
  /** The `LIMITS.reports` with the highest offsets, ascending, one for each offset. */
  readonly reports: readonly HandlerReport[]
}

export interface DeviceLedger {
  /**
   * The device is there: so that one which goes away before it has anything to acknowledge is known of.
   *
   * @param after where it begins, if nothing is known of it yet; 0 is the oldest event
   */
  seen(userId: string, device: string, after: number): Promise<void>
  /** The device goes on from an offset without what comes before, which its app was told to fetch in another way. */
  begins(userId: string, device: string, offset: number): Promise<void>
  /**
   * Moves the device's acknowledged offset up to `offset`; never down. If nothing is known of a device that polls, it begins there:
   * who acknowledges by asking for what comes next need not have been given what came before.
   */
  acknowledge(userId: string, device: string, offset: number, by?: AcknowledgedBy): Promise<void>
  report(userId: string, device: string, offset: number, error: string): Promise<void>
  /** The `LIMITS.devicesPerUser` that were seen last, at most: a client may invent names. */
  ofUser(userId: string): Promise<readonly DeviceState[]>
}

/** From when on the tokens of a user count again, after an administrator disconnected them. Kept for good. */
export interface Revocations {
  /** Tokens of the user that were issued before this time are refused. Never moves back. */
  revoke(userId: string, issuedBefore: number): Promise<void>
  /** Milliseconds since 1970; nothing if the user was never disconnected. Sees every `revoke` that returned before. */
  notBefore(userId: string): Promise<number | undefined>
}

/** An event that was refused, and will never be in the logs under what it said. */
export interface Refusal {
  readonly eventId: string
  readonly code: ProblemCode
  readonly message: string
  /** JSON Pointer to the offending field, where there is one. */
  readonly path?: string
  readonly at: number
}

/** The last refusal of each event id, for as long as events are kept. */
export interface RefusalLedger {
  note(refusal: Refusal): Promise<void>
  find(eventId: string): Promise<Refusal | undefined>
}

/** What a verified token says. */
export interface Identity {
  readonly userId: string
  readonly expiresAt: number
  /** When the token was issued, in milliseconds since 1970; 0 if it does not say. */
  readonly issuedAt: number
  readonly scopes: readonly string[]
}

export interface TokenVerifier {
  /** @throws TokenRefused with the reason */
  verify(token: string | undefined): Promise<Identity>
}

/** Where accepted events wait for a consumer that publishes them: for callers that do not want to wait themselves. */
export interface EventQueue {
  /**
   * Puts events into the queue in the order given.
   *
   * @returns for each event, in that order, nothing if the queue has it, else what kept it out
   */
  send(events: readonly AcceptedEvent[]): Promise<readonly (Error | undefined)[]>
}

/** Where messages end that can never be published, each with its reason, until somebody looks at them. */
export interface DeadLetters {
  /** @throws if it could not be put away: then it must not be forgotten */
  put(letter: DeadLetter, reason: DeadLetterReason): Promise<void>
}

export interface DeadLetter {
  /** The message as it came. */
  readonly text: string
  /** Letters of one group keep their order. */
  readonly group: string
  /** Of the message, if it has one: a letter of the same message and reason is there already, and put once. */
  readonly messageId?: string
}

export interface DeadLetterReason {
  readonly code: ProblemCode
  readonly message: string
  /** JSON Pointer to the offending field, where there is one. */
  readonly path?: string
}

/** When messages that failed come back from their queue. */
export interface Redelivery {
  /** Never rejects: a message whose time cannot be set comes back as well, when the queue's own timeout is over. */
  schedule(retries: readonly Retry[]): Promise<void>
}

export interface Retry {
  /** Under which the message was received. */
  readonly receiptHandle: string
  /** From now until it comes back, in whole seconds. */
  readonly seconds: number
}
