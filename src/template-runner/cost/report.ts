import { compare, type Audience } from './comparison.ts'
import { MESSAGE_IN, type MeterLine } from './meter.ts'
import { PRICE_LIST, PRICES } from './prices.ts'
import { dollars, quantity, textTable } from './text-table.ts'

export interface CostReportOptions extends Audience {
  /** How many events were published during the recording. */
  readonly events: number
  /** Groups that publishing an event takes: the route it comes by, `queue`, … */
  readonly eventGroups: readonly string[]
  /** Groups of what clients say about it afterwards: acks and reports. */
  readonly ackGroups: readonly string[]
  /** Groups of what keeps connections open. */
  readonly pingGroups: readonly string[]
}

/** A part of the recording, divided by how many there were of what it is the cost of. */
export interface CostPart {
  readonly dollarsPerMillion: number
  readonly sdkCalls: number
  readonly lines: readonly MeterLine[]
}

export interface CostReport {
  readonly prices: typeof PRICE_LIST
  readonly events: number
  readonly audience: Audience
  /** Of one event. */
  readonly withoutAcks: CostPart
  /** What the acks of one event add. */
  readonly acks: CostPart
  readonly withAcks: Pick<CostPart, 'dollarsPerMillion' | 'sdkCalls'>
  /** How many pings clients sent, and what one takes. */
  readonly pings: CostPart & { readonly count: number }
  /** What is no event's cost and no ping's: connecting, open connections, idle polling, cold starts. Totals. */
  readonly apart: readonly MeterLine[]
  readonly comparison: ReturnType<typeof compare>
  /** Calls whose units are a lower bound. */
  readonly estimatedCalls: number
}

export function costReport(lines: readonly MeterLine[], options: CostReportOptions): CostReport {
  const { events, recipients, connections, eventGroups, ackGroups, pingGroups } = options
  if (!(events > 0)) throw new Error(`events must be the number of published events, not ${events}`)
  const inGroups = (groups: readonly string[]) => lines.filter(({ group }) => groups.includes(group))
  const withoutAcks = partOf(inGroups(eventGroups), events)
  const acks = partOf(inGroups(ackGroups), events)
  const [pingLines, notApart] = [inGroups(pingGroups), [...eventGroups, ...ackGroups, ...pingGroups]]
  const pings = messagesIn(pingLines)
  return {
    ...{ prices: PRICE_LIST, events, audience: { recipients, connections }, withoutAcks, acks },
    withAcks: {
      dollarsPerMillion: withoutAcks.dollarsPerMillion + acks.dollarsPerMillion,
      sdkCalls: withoutAcks.sdkCalls + acks.sdkCalls,
    },
    pings: { count: pings, ...partOf(pings > 0 ? pingLines : [], pings) },
    apart: lines.filter(({ group }) => !notApart.includes(group)),
    comparison: compare({ recipients, connections }),
    estimatedCalls: lines.reduce((sum, { estimated }) => sum + estimated, 0),
  }
}

function messagesIn(lines: readonly MeterLine[]): number {
  return lines
    .filter(({ operation }) => operation === MESSAGE_IN)
    .reduce((count, { calls }) => count + calls, 0)
}

function partOf(all: readonly MeterLine[], count: number): CostPart {
  const lines = all.map((line) => ({
    ...line,
    calls: line.calls / count,
    sdkCalls: line.sdkCalls / count,
    units: line.units / count,
    dollars: line.dollars / count,
    estimated: line.estimated / count,
  }))
  return {
    dollarsPerMillion: lines.reduce((sum, line) => sum + line.dollars, 0) * 1e6,
    sdkCalls: lines.reduce((sum, line) => sum + line.sdkCalls, 0),
    lines,
  }
}

/** The report for people; for machines the report itself is JSON. */
export function costText(report: CostReport): string {
  const { events, audience, withoutAcks, acks, withAcks, pings, apart, prices } = report
  return [
    `Cost of ${quantity(events)} events to ${quantity(audience.recipients)} recipients with ${quantity(audience.connections)} connections; prices of ${prices.region}, ${prices.date}, without free tiers.`,
    section('An event', withoutAcks, ['without acks', 'event']),
    ...(acks.lines.length > 0 ? [section('Acks of an event', acks, ['acks', 'event'])] : []),
    `With acks: ${dollars(withAcks.dollarsPerMillion)} per million events, ${quantity(withAcks.sdkCalls)} SDK calls per event.`,
    ...(pings.count > 0 ? [section(`A ping (of ${quantity(pings.count)})`, pings, ['pings', 'ping'])] : []),
    ...(apart.length > 0 ? [apartText(apart)] : []),
    comparisonText(report),
    ...(report.estimatedCalls > 0
      ? [`Of ${quantity(report.estimatedCalls)} calls only a lower bound of the units is known.`]
      : []),
    'Function time is as measured on this machine, not on AWS.',
  ].join('\n\n')
}

function section(title: string, part: CostPart, [name, one]: readonly [string, string]): string {
  const table = linesTable(part.lines, (line) => dollars(line.dollars * 1e6), 'dollars per million')
  const sum = `Sum ${name}: ${dollars(part.dollarsPerMillion)} per million ${one}s, ${quantity(part.sdkCalls)} SDK calls per ${one}.`
  return [title, ...table, sum].join('\n')
}

function apartText(apart: readonly MeterLine[]): string {
  const table = linesTable(apart, (line) => dollars(line.dollars), 'dollars')
  return ['Apart from events and pings, in all', ...table].join('\n')
}

function linesTable(
  lines: readonly MeterLine[],
  amount: (line: MeterLine) => string,
  title: string,
): string[] {
  const rows = lines.map((line) => [
    ...[line.service, line.operation, line.group],
    ...[quantity(line.calls), quantity(line.units), PRICES[line.price].unit, amount(line)],
  ])
  return textTable(['service', 'operation', 'for', 'calls', 'units', 'of', title], rows, 3)
}

function comparisonText({ comparison: { appSync, appSyncWithLog, ably }, withoutAcks }: CostReport): string {
  const rows = [
    ['as measured, with a log', dollars(withoutAcks.dollarsPerMillion)],
    ['AppSync Events, without a log', dollars(appSync)],
    [
      'AppSync Events, with the same log',
      `${dollars(appSyncWithLog.low)} to ${dollars(appSyncWithLog.high)}`,
    ],
    ['Ably', `${dollars(ably.low)} to ${dollars(ably.high)}`],
  ]
  return [
    'Per million events of 1 KB, without connection minutes',
    ...textTable(['', 'dollars'], rows, 1),
  ].join('\n')
}
