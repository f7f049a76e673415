/** What was measured, as tables in Markdown and as a chart. */
import { type Bar, type Chart, chartSvg } from '../chart.ts'
import { BARE_WS } from './bare-ws.ts'
import { EVENT_FANOUT } from './event-fanout.ts'
import type { CatchUp } from './catch-up.ts'
import type { Measured } from './measured.ts'
import type { BenchOptions } from './options.ts'
import { OUTSTANDING } from './settings.ts'
import { medianOf, percent, ratio, shown } from './statistics.ts'
import { warningsOf } from './warnings.ts'

export interface System {
  readonly name: string
  readonly log: string
  readonly acknowledged: string
  readonly durable: boolean
  /** "missing", or "failed", and why: of a system that has no runs. */
  readonly absent?: string
  readonly runs: readonly Measured[]
}

export interface Report {
  readonly at: string
  readonly machine: Readonly<Record<string, string | number>>
  readonly options: BenchOptions
  readonly systems: readonly System[]
}

interface Row {
  readonly system: System
  readonly median: Measured
}

type Columns = Readonly<Record<string, (row: Row) => string>>

export function markdown(report: Report): string {
  const { systems, options } = report
  const rows = rowsOf(systems)
  const of = (name: string): Measured | undefined => rows.find(({ system }) => system.name === name)?.median
  const [ours, floor] = [of(EVENT_FANOUT), of(BARE_WS)]
  const { users, rate, seconds, runs } = options
  return [
    `${users} users, events of 1 KiB to two of them at random, each phase ${seconds} s, median of ${runs} runs. “×” is to event-fanout, “× floor” to the bare \`ws\` server.`,
    machineLine(report),
    '### What they promise',
    table(systems, rows, { ...PROMISES, version: ({ median }) => median.version }),
    `### At ${rate} events a second`,
    table(systems, rows, fixedColumns(ours)),
    `### As fast as they go, ${OUTSTANDING} outstanding`,
    table(systems, rows, closedColumns(ours, floor)),
    '### Start, memory, return',
    table(systems, rows, restColumns(options)),
    warningsOf(systems)
      .map((line) => `- ${line}\n`)
      .join(''),
  ].join('\n\n')
}

const PROMISES: Columns = {
  log: ({ system }) => system.log,
  'a publish is acknowledged when it is': ({ system }) => system.acknowledged,
  'survives a loss of power': ({ system }) => (system.durable ? 'yes' : 'no'),
}

function fixedColumns(ours: Measured | undefined): Columns {
  return {
    'p50 ms': ({ median }) => shown(median.fixed.p50),
    'p95 ms': ({ median }) => shown(median.fixed.p95),
    'p99 ms': ({ median }) => shown(median.fixed.p99),
    'max ms': ({ median }) => shown(median.fixed.max),
    'p99 ×': ({ median }) => ratio(median.fixed.p99, ours?.fixed.p99),
    'server CPU µs/event': ({ median }) => shown(median.fixed.serverCpuPerEvent),
    'CPU ×': ({ median }) => ratio(median.fixed.serverCpuPerEvent, ours?.fixed.serverCpuPerEvent),
    lost: ({ system }) => String(total(system, 'fixed', 'lost')),
    'sent late, p99 ms': ({ median }) => shown(median.fixed.lateP99),
    'a flush alone, p99 ms': ({ median }) => shown(median.disk.p99),
    'its max ms': ({ median }) => shown(median.disk.max),
    ...generatorColumns('fixed'),
  }
}

function closedColumns(ours: Measured | undefined, floor: Measured | undefined): Columns {
  return {
    'events/s': ({ median }) => shown(median.closed.eventsPerSecond),
    '×': ({ median }) => ratio(median.closed.eventsPerSecond, ours?.closed.eventsPerSecond),
    '× floor': ({ median }) => ratio(median.closed.eventsPerSecond, floor?.closed.eventsPerSecond),
    'p50 ms': ({ median }) => shown(median.closed.p50),
    'p95 ms': ({ median }) => shown(median.closed.p95),
    'p99 ms': ({ median }) => shown(median.closed.p99),
    'max ms': ({ median }) => shown(median.closed.max),
    'server CPU µs/event': ({ median }) => shown(median.closed.serverCpuPerEvent),
    'CPU × floor': ({ median }) => ratio(median.closed.serverCpuPerEvent, floor?.closed.serverCpuPerEvent),
    lost: ({ system }) => String(total(system, 'closed', 'lost')),
    ...generatorColumns('closed'),
  }
}

function generatorColumns(phase: 'fixed' | 'closed'): Columns {
  return {
    'load generator µs/event': ({ median }) => shown(median[phase].ownCpuPerEvent),
    'of a core': ({ median }) => percent(median[phase].ownShare),
    'others on the machine': ({ median }) => percent(median[phase].othersShare),
  }
}

function restColumns({ users, returning }: BenchOptions): Columns {
  const caughtUp = (name: keyof CatchUp): ((row: Row) => string) => {
    return ({ median: { catchUp } }) =>
      typeof catchUp === 'string' ? `— (${catchUp})` : shown(catchUp[name])
  }
  return {
    'start-up ms': ({ median }) => shown(median.startUpMs),
    'memory idle MiB': ({ median }) => shown(median.memory.idle),
    [`with ${users} users`]: ({ median }) => shown(median.memory.connected),
    'after the load': ({ median }) => shown(median.memory.loaded),
    '20 missed events, p50 ms': caughtUp('p50'),
    'p99 ms': caughtUp('p99'),
    [`${2 * returning} users at once, ms`]: caughtUp('together'),
  }
}

/** A system that is missing is said to be, in every table. */
function table(systems: readonly System[], rows: readonly Row[], columns: Columns): string {
  const names = Object.keys(columns)
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const lines = systems.map((system) => {
    const row = rows.find((one) => one.system === system)
    if (row === undefined) return line([system.name, system.absent ?? '', ...names.slice(1).map(() => '')])
    return line([system.name, ...names.map((name) => columns[name]?.(row) ?? '')])
  })
  return [line(['', ...names]), line(['---', ...names.map(() => '---')]), ...lines].join('\n')
}

const rowsOf = (systems: readonly System[]): Row[] =>
  systems.flatMap((system) => (system.runs.length === 0 ? [] : [{ system, median: medianOf(system.runs) }]))

const total = ({ runs }: System, phase: 'fixed' | 'closed', name: 'lost'): number =>
  runs.reduce((sum, run) => sum + run[phase][name], 0)

const machineLine = ({ at, machine }: Report): string =>
  `Measured ${at.slice(0, 10)}: ${Object.entries(machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')}.`

export function chart({ systems, options, machine, at }: Report): string {
  const measure = (title: string, valueOf: (median: Measured) => number): Chart['measures'][number] => ({
    title,
    bars: systems.map((system): Bar => {
      const isOurs = system.name === EVENT_FANOUT
      if (system.runs.length === 0)
        return { name: system.name, value: NaN, label: system.absent?.split(':')[0] ?? '', isOurs }
      const value = valueOf(medianOf(system.runs))
      return { name: system.name, value, label: shown(value), isOurs }
    }),
  })
  return chartSvg({
    title: `Events of 1 KiB to two of ${options.users} connected users`,
    note:
      'event-fanout alone has flushed an event to disk before it answers and pushes.\n' +
      'What the others have done by then is in docs/benchmarks.md.\n' +
      `Median of ${options.runs} runs, ${at.slice(0, 10)}, ${machine['cores'] ?? '?'} cores shared by server and load generator.`,
    measures: [
      measure('Events a second, 64 outstanding (more is better)', ({ closed }) => closed.eventsPerSecond),
      measure(
        'Server CPU, µs an event, 64 outstanding (less is better)',
        ({ closed }) => closed.serverCpuPerEvent,
      ),
      measure(
        `Publish to receive, p99 in ms, at ${options.rate} events a second (less is better)`,
        ({ fixed }) => fixed.p99,
      ),
    ],
  })
}
