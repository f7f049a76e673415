import type { Cast } from './cast.ts'
import { FAULT_KINDS } from './fault-plan.ts'
import type { Host } from './host.ts'
import type { Incidents } from './incidents.ts'
import type { Memory, Verdict } from './memory.ts'
import type { SoakOptions } from './options.ts'

export interface SoakReport {
  readonly options: SoakOptions
  readonly seconds: number
  /** How the disk got full. */
  readonly disk: string
  readonly faultsMade: Readonly<Record<string, number>>
  readonly counts: Readonly<Record<string, number>>
  /** Of each process that lived long enough. */
  readonly memory: readonly Verdict[]
  /** Empty: everything was as promised, all the time. */
  readonly faults: readonly string[]
}

export interface ReportParts {
  readonly cast: Cast
  readonly host: Host
  readonly memory: Memory
  readonly incidents: Incidents
}

/** How it goes, in a line. */
export function progressOf(parts: ReportParts): string {
  const { events = 0, entries = 0, starts = 0, reconnects = 0, faults = 0 } = countsOf(parts)
  const { heap = '?', own = '?' } = parts.memory.runs.at(-1)?.at(-1) ?? {}
  return [
    `under way: ${parts.incidents.underWay}`,
    `events ${events}`,
    `entries ${entries}`,
    `starts ${starts}`,
    `reconnects ${reconnects}`,
    `heap ${heap} MiB, own ${own} MiB`,
    `faults ${faults}`,
  ].join(' | ')
}

export function countsOf({ cast, host, incidents }: ReportParts): Record<string, number> {
  const { ledger, publishers, producer, crowd, faults, checker, rounds, badInput } = cast
  const readers = crowd.readers.length + crowd.proxied.length
  return {
    events: publishers.counts.published + producer.counts.emitted,
    ...{ overHttp: publishers.counts.published, throughRedis: producer.counts.emitted },
    entries: ledger.counts.entries,
    ...{ requests: publishers.counts.requests, unanswered: publishers.counts.unanswered },
    ...{ refused: publishers.counts.refused, duplicates: ledger.counts.duplicates },
    ...{ emittedAgain: producer.counts.emittedAgain, poison: producer.counts.poison },
    ...{ starts: host.counts.starts, kills: host.counts.kills },
    ...{ readers, reconnects: Math.max(0, crowd.sum('connects') - readers) },
    ...{ pushes: crowd.sum('pushes'), pages: crowd.sum('pages'), throttled: rounds.counts.throttled },
    polls: crowd.pollers.reduce((sum, { counts: { polls } }) => sum + polls, 0),
    ...{ stormServed: faults.stormCounts.served, stormRefused: faults.stormCounts.refused },
    ...{ stormPushes: faults.stormCounts.pushes, halfOpen: faults.halfOpen, unwell: faults.unwell },
    ...{ badRequests: badInput.counts.requests, badMessages: badInput.counts.messages },
    ...{ checks: checker.counts.passes, pagesChecked: checker.counts.pages, faults: incidents.count },
  }
}

/** A table of one row, for docs/soak.md. */
export function row({ options, seconds, faultsMade, counts, memory }: SoakReport): string {
  const of = (name: string): number => counts[name] ?? 0
  const minutes = Math.round(seconds / 60)
  // What lived the longest says the most.
  const longest = memory.toSorted((a, b) => b.seconds - a.seconds)[0]
  const grown = (pair: readonly [number, number] | undefined): string => (pair ? pair.join(' → ') : '')
  const cells: readonly (readonly [string, string | number])[] = [
    ['seed', options.seed],
    ['minutes', seconds < 60 * options.minutes ? `${minutes} of ${options.minutes}` : minutes],
    ['events', of('events')],
    ['entries in logs', of('entries')],
    ['faults made', FAULT_KINDS.reduce((sum, kind) => sum + (faultsMade[kind] ?? 0), 0)],
    ['kills', of('kills')],
    ['reconnects', of('reconnects')],
    ['storm sockets', of('stormServed')],
    ['handshakes refused', of('stormRefused')],
    ['pushes skipped', of('throttled')],
    ['polls', of('polls')],
    ['longest life, s', longest?.seconds ?? ''],
    ['heap in it, MiB', grown(longest?.heap)],
    ['own memory, MiB', grown(longest?.own)],
    ['faults', of('faults')],
  ]
  const line = (texts: readonly (string | number)[]): string => `| ${texts.join(' | ')} |`
  return [
    line(cells.map(([name]) => name)),
    line(cells.map(() => '---')),
    line(cells.map(([, cell]) => cell)),
  ].join('\n')
}
