import { compare, type Audience } from './comparison.ts'
import type { MeterLine } from './meter.ts'
import { PRICE_LIST, PRICES } from './prices.ts'
import { dollars, quantity, textTable } from './text-table.ts'

export interface CostReportOptions extends Audience {
  /** How many events were published during the recording. */
  readonly events: number
  /** Groups that publishing an event takes: the route it comes by, `queue`, … */
  readonly eventGroups: readonly string[]
  /** Groups of what clients say about it afterwards: acks and reports. */
  readonly ackGroups: readonly string[]
}

export interface CostPart {
  readonly dollarsPerMillionEvents: number
  readonly sdkCallsPerEvent: number
  /** Each divided by the number of events. */
  readonly perEvent: readonly MeterLine[]
}

export interface CostReport {
  readonly prices: typeof PRICE_LIST
  readonly events: number
  readonly audience: Audience
  readonly withoutAcks: CostPart
  /** What the acks add. */
  readonly acks: CostPart
  readonly withAcks: { readonly dollarsPerMillionEvents: number; readonly sdkCallsPerEvent: number }
  /** What is no event's cost: connecting, pings, idle polling, cold starts. Totals of the recording. */
  readonly apart: readonly MeterLine[]
  readonly comparison: ReturnType<typeof compare>
  /** Calls whose units are a lower bound. */
  readonly estimatedCalls: number
}

export function costReport(lines: readonly MeterLine[], options: CostReportOptions): CostReport {
  const { events, recipients, connections, eventGroups, ackGroups } = options
  if (!(events > 0)) throw new Error(`events must be the number of published events, not ${events}`)
  const inGroups = (groups: readonly string[]) => lines.filter(({ group }) => groups.includes(group))
  const withoutAcks = partOf(inGroups(eventGroups), events)
  const acks = partOf(inGroups(ackGroups), events)
  return {
    ...{ prices: PRICE_LIST, events, audience: { recipients, connections }, withoutAcks, acks },
    withAcks: {
      dollarsPerMillionEvents: withoutAcks.dollarsPerMillionEvents + acks.dollarsPerMillionEvents,
      sdkCallsPerEvent: withoutAcks.sdkCallsPerEvent + acks.sdkCallsPerEvent,
    },
    apart: lines.filter(({ group }) => !eventGroups.includes(group) && !ackGroups.includes(group)),
    comparison: compare({ recipients, connections }),
    estimatedCalls: lines.reduce((sum, { estimated }) => sum + estimated, 0),
  }
}

function partOf(lines: readonly MeterLine[], events: number): CostPart {
  const perEvent = lines.map((line) => ({
    ...line,
    calls: line.calls / events,
    sdkCalls: line.sdkCalls / events,
    units: line.units / events,
    dollars: line.dollars / events,
    estimated: line.estimated / events,
  }))
  return {
    dollarsPerMillionEvents: perEvent.reduce((sum, line) => sum + line.dollars, 0) * 1e6,
    sdkCallsPerEvent: perEvent.reduce((sum, line) => sum + line.sdkCalls, 0),
    perEvent,
  }
}

/** The report for people; for machines the report itself is JSON. */
export function costText(report: CostReport): string {
  const { events, audience, withoutAcks, acks, withAcks, apart, prices } = report
  return [
    `Cost of ${quantity(events)} events to ${quantity(audience.recipients)} recipients with ${quantity(audience.connections)} connections; prices of ${prices.region}, ${prices.date}, without free tiers.`,
    section('An event', withoutAcks, 'without acks'),
    ...(acks.perEvent.length > 0 ? [section('Acks of an event', acks, 'acks')] : []),
    `With acks: ${dollars(withAcks.dollarsPerMillionEvents)} per million events, ${quantity(withAcks.sdkCallsPerEvent)} SDK calls per event.`,
    ...(apart.length > 0
      ? [
          [
            'Apart from events, in all',
            ...linesTable(apart, (line) => dollars(line.dollars), 'dollars'),
          ].join('\n'),
        ]
      : []),
    comparisonText(report),
    ...(report.estimatedCalls > 0
      ? [`Of ${quantity(report.estimatedCalls)} calls only a lower bound of the units is known.`]
      : []),
    'Function time is as measured on this machine, not on AWS.',
  ].join('\n\n')
}

function section(title: string, part: CostPart, name: string): string {
  const table = linesTable(part.perEvent, (line) => dollars(line.dollars * 1e6), 'dollars per million')
  const sum = `Sum ${name}: ${dollars(part.dollarsPerMillionEvents)} per million events, ${quantity(part.sdkCallsPerEvent)} SDK calls per event.`
  return [title, ...table, sum].join('\n')
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
    ['as measured, with a log', dollars(withoutAcks.dollarsPerMillionEvents)],
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
