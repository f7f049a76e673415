/**
 * What is done, and the units that it takes: those that bench/costs.ts states and the cost meter holds it to, and of two things
 * that are not there yet (test/template/scale.test.ts measures them, and all of it together).
 */
import { addUnits, timesUnits, type BillableUnits } from '../../src/template-runner/cost/prices.ts'
import { ACK_UNITS, CONNECT_UNITS, EVENT_UNITS, PING_UNITS, POLL_UNITS } from '../costs.ts'
import { receiptCost } from '../receipt-costs.ts'

/** How much of each was done: in a second, in a month, or in a test. */
export interface Work {
  readonly events: number
  /** Of the queue, when events are sent. */
  readonly sends: number
  /** Received, handed to the function and deleted. */
  readonly batches: number
  /** Posts to connections, of all events together. */
  readonly pushes: number
  readonly acks: number
  readonly pings: number
  readonly polls: number
  readonly connects: number
  readonly resumes: number
  readonly disconnects: number
}

/** The table of which a unit is. */
export type TableName = 'log' | 'connections'

/** Units of one, and how many of them are the log table's; the others are the connections table's. */
interface Operation {
  readonly units: BillableUnits
  readonly inLog: BillableUnits
}

/**
 * The first `resume` of a connection, of a device that names itself and was last seen over ten minutes ago: registered under its
 * name, noted as seen, and one page. The connection, the revocation, the page, and half a unit for the device.
 */
export const RESUME_UNITS = {
  webSocketMessage: 2,
  readUnit: 3.5,
  writeUnit: 2,
  functionRequest: 1,
} as const satisfies BillableUnits

export const DISCONNECT_UNITS = { writeUnit: 1, functionRequest: 1 } as const satisfies BillableUnits

const OPERATIONS = {
  acks: { units: ACK_UNITS, inLog: { readUnit: 1 } },
  pings: { units: PING_UNITS, inLog: { readUnit: 1 } },
  polls: { units: POLL_UNITS, inLog: { readUnit: 1 } },
  connects: { units: CONNECT_UNITS, inLog: {} },
  resumes: { units: RESUME_UNITS, inLog: { readUnit: 1 } },
  disconnects: { units: DISCONNECT_UNITS, inLog: {} },
} as const satisfies Partial<Record<keyof Work, Operation>>

/** The audience for which bench/costs.ts states the units of an event. */
const STATED_RECIPIENTS = 2

/** Without the queue, the function and the posts, which come by batches and pushes. */
export function eventUnits(recipients: number, pushesPerEvent: number): BillableUnits {
  const connections = Math.max(1, Math.ceil(pushesPerEvent / recipients))
  return {
    writeUnit: receiptCost({ recipients, connections }, 'deliveries').writeUnits,
    readUnit: (EVENT_UNITS.readUnit * recipients) / STATED_RECIPIENTS,
  }
}

/** The ends of the logs, eventually consistent; who is connected is asked of the other table. */
function eventReadsInLog(recipients: number): number {
  return recipients / 2
}

/** All units of some work; without function time, which nobody can measure here, and without minutes of connections. */
export function unitsOf(work: Work, recipients: number): BillableUnits {
  return addUnits(
    eventsPart(work, recipients),
    ...othersOf(work).map(({ count, units }) => timesUnits(units, count)),
  )
}

function eventsPart({ events, sends, batches, pushes }: Work, recipients: number): BillableUnits {
  return addUnits(timesUnits(eventUnits(recipients, events === 0 ? 0 : pushes / events), events), {
    webSocketMessage: pushes,
    queueRequest: sends + 2 * batches,
    functionRequest: batches,
  })
}

function othersOf(work: Work): (Operation & { readonly count: number })[] {
  return (Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[]).map((name) => ({
    ...(OPERATIONS[name] as Operation),
    count: work[name],
  }))
}

export interface TableUnits {
  readonly writes: number
  readonly reads: number
}

/** The same units of DynamoDB, by table. */
export function tableUnitsOf(work: Work, recipients: number): Readonly<Record<TableName, TableUnits>> {
  const { writeUnit: writes = 0, readUnit: reads = 0 } = unitsOf(work, recipients)
  const ofEvent = eventUnits(recipients, work.events === 0 ? 0 : work.pushes / work.events)
  const inLog = addUnits(
    {
      writeUnit: work.events * (ofEvent.writeUnit ?? 0),
      readUnit: work.events * eventReadsInLog(recipients),
    },
    ...othersOf(work).map(({ count, inLog: units }) => timesUnits(units, count)),
  )
  const log = { writes: inLog.writeUnit ?? 0, reads: inLog.readUnit ?? 0 }
  return { log, connections: { writes: writes - log.writes, reads: reads - log.reads } }
}
