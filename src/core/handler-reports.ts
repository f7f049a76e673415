import { LIMITS } from './limits.ts'
import type { HandlerReport } from './ports.ts'

/** The reports that are kept once there is one more: those with the highest offsets, one for each, the newer one of two. */
export function withReport(
  reports: readonly HandlerReport[],
  report: HandlerReport,
): readonly HandlerReport[] {
  return [...reports.filter(({ offset }) => offset !== report.offset), report]
    .sort((a, b) => a.offset - b.offset)
    .slice(-LIMITS.reports)
}
