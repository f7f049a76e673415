import { ablyUnits, appSyncUnits, type Audience } from './comparison.ts'
import {
  addUnits,
  dollarsFor,
  dollarsOf,
  entriesOf,
  PRICES,
  timesUnits,
  type BillableUnits,
  type PriceName,
} from './prices.ts'
import { dollars, markdownTable, quantity } from './text-table.ts'

/** Everything that a monthly bill depends on. Nothing has a default: a table is to say what it assumes. */
export interface MonthlyAssumptions extends Audience {
  /** Units of one event without its acks: measured, or `idealUnits`. */
  readonly perEvent: BillableUnits
  readonly acksPerEvent: number
  readonly perAck: BillableUnits
  /** On average over the month. */
  readonly openConnections: number
  /** Each open connection pings once in so many seconds, all the time. */
  readonly pingSeconds: number
  readonly perPing: BillableUnits
  /** Of one entry of a log as stored, each recipient has its own; DynamoDB's 100 bytes of overhead come on top. */
  readonly storedBytes: number
  readonly retentionDays: number
  /** Of the receipt that each event has, without that overhead. */
  readonly receiptBytes: number
  readonly receiptDays: number
  readonly pointInTimeRecovery: boolean
  /** What the functions print for an event. */
  readonly logBytesPerEvent: number
  /** A line of API Gateway's access log, for each message of a client. */
  readonly logBytesPerMessage: number
  readonly secrets: number
  /** Receives of the queue's poller that bring nothing. */
  readonly emptyReceives: number
}

export interface Month {
  readonly events: number
  readonly assumptions: MonthlyAssumptions
  readonly lines: readonly { readonly price: PriceName; readonly units: number; readonly dollars: number }[]
  readonly total: number
  /** Parts of the total: what clients' messages take, and their connections' minutes. */
  readonly parts: { readonly acks: number; readonly pings: number; readonly minutes: number }
  readonly appSync: number
  readonly ably: { readonly low: number; readonly high: number }
}

const PRICE_NAMES = Object.keys(PRICES) as PriceName[]

/** 365.25 / 12 days. */
const DAYS = 30.4375
const MINUTES = DAYS * 24 * 60
/** AWS bills binary gigabytes. */
const GB = 1024 ** 3
/** Source: DynamoDB developer guide, "DynamoDB item sizes and formats", storage billing. */
const ITEM_OVERHEAD_BYTES = 100

/** The bill of one month with so many events. */
export function monthly(events: number, assumptions: MonthlyAssumptions): Month {
  const minutes = assumptions.openConnections * MINUTES
  const logged = { logIngestion: assumptions.logBytesPerMessage / GB }
  const pings = timesUnits(addUnits(assumptions.perPing, logged), (minutes * 60) / assumptions.pingSeconds)
  const acks = timesUnits(addUnits(assumptions.perAck, logged), events * assumptions.acksPerEvent)
  const units = addUnits(
    timesUnits(assumptions.perEvent, events),
    acks,
    standingUnits(events, assumptions),
    pings,
    { connectionMinute: minutes },
  )
  const ably = ablyUnits(assumptions)
  const withAbly = (perEvent: BillableUnits) =>
    dollarsOf(addUnits(timesUnits(perEvent, events), { ablyMinute: minutes }))
  return {
    events,
    assumptions,
    lines: entriesOf(units)
      .filter(([, count]) => count > 0)
      .map(([price, count]) => ({ price, units: count, dollars: dollarsFor(price, count) })),
    total: dollarsOf(units),
    parts: {
      acks: dollarsOf(acks),
      pings: dollarsOf(pings),
      minutes: dollarsFor('connectionMinute', minutes),
    },
    appSync: dollarsOf(addUnits(timesUnits(appSyncUnits(assumptions), events), { appSyncMinute: minutes })),
    ably: { low: withAbly(ably.low), high: withAbly(ably.high) },
  }
}

/** What is paid for being there: storage, logs, secrets, polling. */
function standingUnits(events: number, assumptions: MonthlyAssumptions): BillableUnits {
  const { logBytesPerEvent, secrets, emptyReceives } = assumptions
  const stored = events * storedGbMonths(assumptions)
  return {
    storage: stored,
    pointInTimeRecovery: assumptions.pointInTimeRecovery ? stored : 0,
    logIngestion: (events * logBytesPerEvent) / GB,
    secret: secrets,
    queueRequest: emptyReceives,
  }
}

/** GB-months that one event takes in the table, its entries and its receipt, until they expire. */
function storedGbMonths(assumptions: MonthlyAssumptions): number {
  const { recipients, storedBytes, retentionDays, receiptBytes, receiptDays } = assumptions
  const entries = recipients * (storedBytes + ITEM_OVERHEAD_BYTES) * retentionDays
  const receipt = (receiptBytes + ITEM_OVERHEAD_BYTES) * receiptDays
  return (entries + receipt) / DAYS / GB
}

/** What single things take, side by side, in dollars for a million of each: for the documentation. */
export function unitsMarkdown(things: Readonly<Record<string, BillableUnits>>): string {
  const all = Object.values(things)
  const rows = PRICE_NAMES.filter((name) => all.some((units) => units[name])).map((name) => [
    labelOf(name),
    ...all.map((units) =>
      units[name] ? `${quantity(units[name])}: ${dollars(millionOf(name, units))}` : '',
    ),
  ])
  const sum = all.map((units) => `**${dollars(dollarsOf(timesUnits(units, 1e6)))}**`)
  return markdownTable(
    ['Units of one; dollars for a million', ...Object.keys(things)],
    [...rows, ['**Sum**', ...sum]],
  )
}

function millionOf(name: PriceName, units: BillableUnits): number {
  return dollarsFor(name, (units[name] ?? 0) * 1e6)
}

/** Months side by side, with their assumptions below: for the documentation. */
export function monthlyMarkdown(months: readonly Month[]): string {
  const names = PRICE_NAMES.filter((name) =>
    months.some(({ lines }) => lines.some(({ price }) => price === name)),
  )
  const cell = ({ lines }: Month, name: PriceName) =>
    dollars(lines.find(({ price }) => price === name)?.dollars ?? 0)
  const rows = [
    ...names.map((name) => [labelOf(name), ...months.map((month) => cell(month, name))]),
    ['**Sum**', ...months.map(({ total }) => `**${dollars(total)}**`)],
    ['of it acks', ...months.map(({ parts }) => dollars(parts.acks))],
    ['of it pings', ...months.map(({ parts }) => dollars(parts.pings))],
    ['of it connection minutes', ...months.map(({ parts }) => dollars(parts.minutes))],
    ['Sum without pings', ...months.map(({ total, parts }) => dollars(total - parts.pings))],
    ['Sum for a million events', ...months.map(({ total, events }) => dollars((total / events) * 1e6))],
    ['AppSync Events (no log)', ...months.map(({ appSync }) => dollars(appSync))],
    ['Ably', ...months.map(({ ably }) => `${dollars(ably.low)} to ${dollars(ably.high)}`)],
  ]
  const header = ['Events a month', ...months.map(({ events }) => quantity(events))]
  return [markdownTable(header, rows), '', assumptionsMarkdown(months)].join('\n')
}

function labelOf(name: PriceName): string {
  const { service, unit, dollars: price, per } = PRICES[name]
  return `${service}: ${unit} ($${price}${per === 1 ? '' : ` for ${quantity(per)}`})`
}

const ASSUMPTIONS: readonly [string, (assumptions: MonthlyAssumptions) => string][] = [
  ['Recipients of an event', ({ recipients }) => quantity(recipients)],
  ['Connections it is pushed to', ({ connections }) => quantity(connections)],
  ['Acks of an event', ({ acksPerEvent }) => quantity(acksPerEvent)],
  ['Open connections on average', ({ openConnections }) => quantity(openConnections)],
  ['Seconds between pings of an open connection', ({ pingSeconds }) => quantity(pingSeconds)],
  ['Bytes of a stored entry', ({ storedBytes }) => quantity(storedBytes)],
  ['Days that it is kept', ({ retentionDays }) => quantity(retentionDays)],
  ['Bytes of a stored receipt', ({ receiptBytes }) => quantity(receiptBytes)],
  ['Days that it is kept', ({ receiptDays }) => quantity(receiptDays)],
  ['Point-in-time recovery', ({ pointInTimeRecovery }) => (pointInTimeRecovery ? 'yes' : 'no')],
  ['Bytes logged for an event', ({ logBytesPerEvent }) => quantity(logBytesPerEvent)],
  ['Bytes logged for a message of a client', ({ logBytesPerMessage }) => quantity(logBytesPerMessage)],
  ['Secrets', ({ secrets }) => quantity(secrets)],
  ['Empty receives', ({ emptyReceives }) => quantity(emptyReceives)],
]

function assumptionsMarkdown(months: readonly Month[]): string {
  const header = ['Assumed', ...months.map(({ events }) => quantity(events))]
  return markdownTable(
    header,
    ASSUMPTIONS.map(([name, value]) => [name, ...months.map(({ assumptions }) => value(assumptions))]),
  )
}
