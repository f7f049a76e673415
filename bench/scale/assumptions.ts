import { FUNCTIONS, type FunctionName } from '../../lib/function-settings.ts'
import { FUNCTION_MILLISECONDS, ASSUMED as OF_COSTS } from '../costs.ts'

/** Everything that the model is told and does not compute. None of it is measured: an app of yours differs. */
export interface Assumptions {
  /** Of all users, who have a connection open in the busiest minute. */
  readonly connectedAtPeak: number
  /** So many times the average are connected at the peak. */
  readonly connectedPeakToMean: number
  /** Open connections of a user who has any. */
  readonly devices: number
  /** For how long a connection lasts: as long as somebody looks at the app. API Gateway ends it after 120. */
  readonly sessionMinutes: number
  /** Published for each user of the app. Each recipient gets it. */
  readonly eventsPerUserAndDay: number
  /** The busiest minute's events, and polls, as a multiple of the average's. */
  readonly peakToMean: number
  readonly recipients: number
  /** Of the recipients, who are connected when an event concerns them. */
  readonly recipientsConnected: number
  /** Messages that the queue's poller hands over at once. */
  readonly eventsPerBatch: number
  /** An app that gets several events within a second acknowledges them with one. */
  readonly acksPerPush: number
  readonly pingSeconds: number
  /** Of apps in the background; without a connection the client polls as well, see `storm.ts`. */
  readonly pollsPerUserAndDay: number
}

export const ASSUMED: Assumptions = {
  connectedAtPeak: 0.1,
  connectedPeakToMean: 3,
  devices: 1.3,
  sessionMinutes: 15,
  eventsPerUserAndDay: 3,
  peakToMean: 6,
  recipients: 2,
  recipientsConnected: 0.5,
  eventsPerBatch: 10,
  acksPerPush: 1,
  pingSeconds: OF_COSTS.pingSeconds,
  pollsPerUserAndDay: 1,
}

/** How each is called in the tables. */
export const ASSUMPTION_NAMES: Readonly<Record<keyof Assumptions, string>> = {
  connectedAtPeak: 'Share of the users who are connected at the peak',
  connectedPeakToMean: 'So many times the average are connected then',
  devices: 'Open connections of a connected user',
  sessionMinutes: 'Minutes that a connection lasts',
  eventsPerUserAndDay: 'Events published, for each user and day',
  peakToMean: 'Events and polls of the busiest minute, times the average',
  recipients: 'Recipients of an event',
  recipientsConnected: 'Share of the recipients who are connected then',
  eventsPerBatch: 'Events that are taken from the queue at once',
  acksPerPush: 'Acks of a push',
  pingSeconds: 'Seconds between pings of an open connection',
  pollsPerUserAndDay: 'Polls of a user and day, without a connection',
}

/**
 * For how long a function runs, in milliseconds; on AWS nobody has measured it. Those of an event, an ack and a ping are the ones
 * of docs/costs.md.
 */
export const MILLISECONDS = {
  authorize: 10,
  connect: 20,
  resume: 25,
  disconnect: 10,
  ...FUNCTION_MILLISECONDS,
  poll: 15,
} as const

/** Of one call, as a function in the same region sees it. */
export const CALL_MILLISECONDS = {
  /** DynamoDB says "single-digit milliseconds". */
  table: 5,
  /** A post to `@connections`. */
  post: 20,
  /** To receive a batch, invoke the function and delete the batch. */
  queue: 20,
} as const

/** GB-seconds that a function takes for so long. */
export function functionTime(name: FunctionName, milliseconds: number): number {
  return (milliseconds / 1000) * (FUNCTIONS[name].memoryMiB / 1024)
}

/** What a month’s bill needs beside them, as docs/costs.md assumes it: what is kept, written and always there. */
export const STANDING = OF_COSTS
