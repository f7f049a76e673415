/**
 * What a month costs on AWS, for docs/costs.md, from the units that the cost meter measures over the template
 * (test/template/cost.test.ts holds them to what is said here).
 *
 *     npm run costs
 */
import { parseArgs } from 'node:util'
import { monthly, monthlyMarkdown, unitsMarkdown } from '../src/template-runner/cost/monthly.ts'
import { optionsOrExit } from './options.ts'
import { receiptsMarkdown } from './receipt-costs.ts'
import type { BillableUnits } from '../src/template-runner/cost/prices.ts'

/** An event of 400 bytes to two recipients with one connection each, through the queue in batches of ten. */
export const EVENT_UNITS = {
  writeUnit: 4,
  readUnit: 3,
  webSocketMessage: 2,
  queueRequest: 0.3,
  functionRequest: 0.1,
} as const satisfies BillableUnits

/** An ack that names its device, as the project's own client's do, of a device that has acknowledged before. */
export const ACK_UNITS = {
  webSocketMessage: 1,
  readUnit: 1.5,
  writeUnit: 1,
  functionRequest: 1,
} as const satisfies BillableUnits

/** A ping: a message in, a pong out as the route response, and a consistent look at the end of the log. */
export const PING_UNITS = {
  webSocketMessage: 2,
  readUnit: 1,
  functionRequest: 1,
} as const satisfies BillableUnits

/** A connection that is opened: the authorizer, its row, and whether the user was disconnected since the token was issued. */
export const CONNECT_UNITS = {
  readUnit: 1,
  writeUnit: 1,
  functionRequest: 2,
} as const satisfies BillableUnits

/** A poll that brings nothing, of a device that says where it is: the log, the user's revocation, half a unit for the device. */
export const POLL_UNITS = {
  readUnit: 2.5,
  writeUnit: 0,
  functionRequest: 1,
  httpRequest: 1,
} as const satisfies BillableUnits

/** Whether the administrator was disconnected; the receipt, and of each of the two recipients the log's entry, the devices and the connections. */
export const RECEIPT_REQUEST_UNITS = {
  readUnit: 8,
  writeUnit: 0,
  functionRequest: 1,
  httpRequest: 1,
} as const satisfies BillableUnits

/** Whether the administrator was disconnected; the receipt, a refusal of the same id, and of one recipient the log's entry, the devices and the connections. */
export const WHY_REQUEST_UNITS = {
  readUnit: 6,
  writeUnit: 0,
  functionRequest: 1,
  httpRequest: 1,
} as const satisfies BillableUnits

/** Whether the administrator was disconnected; the end of the log, the devices, the connections and the revocation; each connection is looked at by one more request. */
export const STATUS_REQUEST_UNITS = {
  readUnit: 5,
  writeUnit: 0,
  functionRequest: 1,
  httpRequest: 1,
} as const satisfies BillableUnits

/** Milliseconds of functions, which cannot be measured here: these are assumptions. */
export const FUNCTION_MILLISECONDS = { event: 8, ack: 15, ping: 10 } as const

/** At 512 MB, and the clients' messages at 256 MB. */
const EVENT_GB_SECONDS = (FUNCTION_MILLISECONDS.event / 1000) * 0.5
const ACK_GB_SECONDS = (FUNCTION_MILLISECONDS.ack / 1000) * 0.25
const PING_GB_SECONDS = (FUNCTION_MILLISECONDS.ping / 1000) * 0.25

/**
 * What docs/protocol.md tells clients to do while they are in the foreground. The most that open connections cost, then:
 * those of an app in the background, as long as the system lets it keep them, do not ping.
 */
const PING_SECONDS = 60

/** What `monthly` is told, but for the open connections. */
export const ASSUMED = {
  recipients: 2,
  connections: 2,
  perEvent: { ...EVENT_UNITS, functionTime: EVENT_GB_SECONDS },
  perAck: { ...ACK_UNITS, functionTime: ACK_GB_SECONDS },
  acksPerEvent: 2,
  perPing: { ...PING_UNITS, functionTime: PING_GB_SECONDS },
  pingSeconds: PING_SECONDS,
  storedBytes: 600,
  // 30 days, and 7 of grace.
  retentionDays: 37,
  // With ids of 36 characters and a named device for each recipient; kept for twice the retention.
  receiptBytes: 375,
  receiptDays: 60,
  pointInTimeRecovery: true,
  logBytesPerEvent: 300,
  // The line that lib/access-logs.ts asks for, with values of usual lengths, and the 26 bytes that CloudWatch adds.
  logBytesPerMessage: 360,
  secrets: 1,
  // The pollers of an idle queue: some 5 long polls of 20 s at once.
  emptyReceives: 657_000,
}

/** Users who are connected on average grow with the events: here, one for each thousand events of a month. */
const MONTHS = [10_000, 1_000_000, 1_000_000_000].map((events) =>
  monthly(events, { ...ASSUMED, openConnections: events / 1000 }),
)

const EACH = { 'an event': EVENT_UNITS, 'an ack': ACK_UNITS, 'a ping': PING_UNITS }

const ASIDE = {
  'a connection': CONNECT_UNITS,
  'a poll': POLL_UNITS,
  'a receipt': RECEIPT_REQUEST_UNITS,
  'a “why”': WHY_REQUEST_UNITS,
  'a status': STATUS_REQUEST_UNITS,
}

if (process.argv[1] === import.meta.filename) {
  // It has no options, and says so.
  optionsOrExit('npm run costs', (args) => parseArgs({ args }))
  const tables = [unitsMarkdown(EACH), receiptsMarkdown(), unitsMarkdown(ASIDE), monthlyMarkdown(MONTHS)]
  console.log(tables.join('\n\n'))
}
