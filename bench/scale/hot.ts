/** Where the load of one key ends, however large the tables are. Computed from the algorithm and the assumed times of calls. */
import { nameOf, valueOf } from '../../src/aws/connection-item.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { itemBytes } from '../../src/template-runner/cost/item-size.ts'
import { receiptCost } from '../receipt-costs.ts'
import { CALL_MILLISECONDS } from './assumptions.ts'
import { eventUnits } from './work.ts'

/** Of one partition, and so of one key. Source: DynamoDB developer guide, page bp-partition-key-design. */
export const PARTITION = { writes: 1000, reads: 3000 } as const
/** Source: DynamoDB developer guide, page ServiceQuotas. */
export const ITEM_BYTES = 400 * 1024
/** As the DynamoDB log store has it: calls under way at once. */
const STORE_CONCURRENCY = 40

const { table, post, queue } = CALL_MILLISECONDS

export interface HotLog {
  /** Events a second to one user that come through the queue, all of one message group. */
  readonly throughQueue: number
  /** By HTTP, or by several groups: rivals for one offset, of which one wins in each round. */
  readonly byRivals: number
  /** What its partition would take: one write unit an event. */
  readonly ofPartition: number
}

/**
 * The queue hands out a group's next batch when the last one is deleted, and in a batch events of one log take turns: the receipt,
 * then the entry. Reading the end, looking up and pushing, and completing the receipts is done once for the batch.
 *
 * Rivals read what the winner put, then put: two calls for each event at the best.
 */
export function hotLog(eventsPerBatch: number): HotLog {
  const turns = eventsPerBatch * 2 * table
  const once = table + table + post + table + queue
  return {
    throughQueue: (eventsPerBatch * 1000) / (turns + once),
    byRivals: 1000 / (2 * table),
    ofPartition: PARTITION.writes,
  }
}

export interface Fanout {
  readonly recipients: number
  readonly writes: number
  readonly reads: number
  readonly receiptBytes: number
  /** For one event alone. */
  readonly milliseconds: number
}

/** One event to so many people, each with so many connections. */
export function fanout(recipients: number, connections: number): Fanout {
  const { writes, reads } = unitsFor(recipients, connections)
  const rounds = (calls: number, atOnce: number) => Math.ceil(calls / atOnce)
  const appends = 2 * rounds(recipients, STORE_CONCURRENCY) * table + table
  const pushes = table + rounds(recipients * connections, LIMITS.pushConcurrency) * post
  return {
    recipients,
    writes,
    reads,
    receiptBytes: receiptCost({ recipients, connections }, 'deliveries').bytes,
    milliseconds: queue + appends + pushes + table,
  }
}

function unitsFor(recipients: number, connections: number): { writes: number; reads: number } {
  const { writeUnit = 0, readUnit = 0 } = eventUnits(recipients, recipients * connections)
  return { writes: writeUnit, reads: readUnit }
}

/** The largest receipt that there can be: deliveries are cut at `LIMITS.deliveryBytes`. */
export function largestReceiptBytes(connectionsPerUser: number): number {
  return receiptCost({ recipients: LIMITS.recipients, connections: connectionsPerUser }, 'deliveries').bytes
}

/** A user's open connections, as one item. */
export function connectionsItemBytes(connections: number): number {
  const value = valueOf({ ...CONNECTION, id: '', userId: '' }).map((part) =>
    typeof part === 'number' ? { N: String(part) } : { S: part },
  )
  const each = itemBytes({ [nameOf(CONNECTION.id)]: { L: value } })
  const key = { pk: { S: USER_ID }, sk: { S: 'connections' }, ttl: { N: '1795526377' } }
  return itemBytes(key) + connections * each
}

const USER_ID = '0a6f3b1e-5f0c-4c55-9a53-0f8f3c2f7a10'
const CONNECTION = {
  id: 'PJqB0fHsqRcCHlw=',
  userId: USER_ID,
  registeredAt: 1_795_518_577_091,
  expiresAt: 1_795_522_177_000,
  device: 'k3v9x0q2mzf',
} as const

/** How many connections an item holds of so many bytes. */
export function connectionsWithin(bytes: number): number {
  const none = connectionsItemBytes(0)
  return Math.floor((bytes - none) / (connectionsItemBytes(1) - none))
}
