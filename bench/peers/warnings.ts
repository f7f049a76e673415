/** What a reader has to know before believing a row. */
import type { Phase } from './measured.ts'
import { percent } from './statistics.ts'
import type { System } from './report.ts'

const BUSY_OTHERS = 0.1
const BUSY_GENERATOR = 0.9

type Check = (phases: readonly Phase[], where: string) => string | undefined

const CHECKS: readonly Check[] = [
  (phases, where) => {
    const lost = sumOf(phases, 'lost')
    return lost > 0 ? `${where}: ${lost} deliveries were lost` : undefined
  },
  (phases, where) => {
    const strays = sumOf(phases, 'strays')
    return strays > 0 ? `${where}: ${strays} deliveries came twice, or to somebody else` : undefined
  },
  (phases, where) => {
    const most = mostOf(phases, 'othersShare')
    if (most <= BUSY_OTHERS) return undefined
    return `${where}: others used up to ${percent(most)} of the machine, more than ${percent(BUSY_OTHERS)}`
  },
  (phases, where) => {
    const most = mostOf(phases, 'ownShare')
    if (most <= BUSY_GENERATOR) return undefined
    return `${where}: the load generator used up to ${percent(most)} of a core: it, not the server, may be what was measured`
  },
]

export function warningsOf(systems: readonly System[]): string[] {
  return systems.flatMap(({ name, runs }) => {
    const phases = [
      [runs.map(({ fixed }) => fixed), `${name}, fixed rate`],
      [runs.map(({ closed }) => closed), `${name}, as fast as it goes`],
    ] as const
    return phases.flatMap(([all, where]) => CHECKS.flatMap((check) => check(all, where) ?? []))
  })
}

const sumOf = (phases: readonly Phase[], name: 'lost' | 'strays'): number =>
  phases.reduce((sum, phase) => sum + phase[name], 0)

const mostOf = (phases: readonly Phase[], name: 'othersShare' | 'ownShare'): number =>
  Math.max(0, ...phases.map((phase) => phase[name]))
