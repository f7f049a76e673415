import { addUnits, dollarsOf, timesUnits, type BillableUnits } from './prices.ts'

/** Dollars for a million events, from the best case to the worst. */
export interface Range {
  readonly low: number
  readonly high: number
}

export interface Audience {
  /** Users that an event concerns. */
  readonly recipients: number
  /** Open connections of all of them together. */
  readonly connections: number
}

const MILLION = 1e6

/** A log entry of 1 KB payload is 1 or 2 units: names, keys and TTL count, and may pass the limit of a KB. */
const LOG_ENTRY_UNITS: Range = { low: 1, high: 2 }

/** AppSync Events, one channel for each recipient: an operation for each publish and each delivery. It has no log. */
export function appSyncUnits({ recipients, connections }: Audience): BillableUnits {
  return { appSyncOperation: recipients + connections }
}

/** A log beside it: for each recipient one entry, and one consistent read for its offset. */
function logUnits({ recipients }: Audience, entryUnits: number): BillableUnits {
  return timesUnits({ writeUnit: entryUnits, readUnit: 1 }, recipients)
}

/** Ably: one message for each delivery, and for publishing one in all or one for each recipient's channel. */
export function ablyUnits({ recipients, connections }: Audience): {
  readonly low: BillableUnits
  readonly high: BillableUnits
} {
  return { low: { ablyMessage: 1 + connections }, high: { ablyMessage: recipients + connections } }
}

/** What others ask for the same million events of 1 KB; connection minutes come on top. */
export function compare(audience: Audience): {
  readonly appSync: number
  readonly appSyncWithLog: Range
  readonly ably: Range
} {
  const appSync = appSyncUnits(audience)
  const withLog = (entryUnits: number) => millions(addUnits(appSync, logUnits(audience, entryUnits)))
  const ably = ablyUnits(audience)
  return {
    appSync: millions(appSync),
    appSyncWithLog: { low: withLog(LOG_ENTRY_UNITS.low), high: withLog(LOG_ENTRY_UNITS.high) },
    ably: { low: millions(ably.low), high: millions(ably.high) },
  }
}

export interface IdealCase extends Audience {
  /** Messages that one call of the queue and one invocation take. */
  readonly batchSize: number
  readonly logEntryUnits: number
  readonly memoryMb: number
  /** Of a function, for each event of the batch. */
  readonly functionMs: number
}

/**
 * Units of one event at the least: a post for each connection; for each recipient an entry, a consistent read of the log's
 * end and an eventually consistent one of the connections; send, receive and delete in full batches; no receipt.
 */
export function idealUnits(ideal: IdealCase): BillableUnits {
  const { recipients, connections, batchSize, logEntryUnits, memoryMb, functionMs } = ideal
  return {
    webSocketMessage: connections,
    writeUnit: recipients * logEntryUnits,
    readUnit: recipients * (1 + 0.5),
    queueRequest: 3 / batchSize,
    functionRequest: 1 / batchSize,
    functionTime: (functionMs / 1000) * (memoryMb / 1024),
  }
}

export function millions(units: BillableUnits): number {
  return dollarsOf(timesUnits(units, MILLION))
}
