import { durationText } from '../inspect/times.ts'
import { printable } from '../printable.ts'
import type { LinkReport, Status } from './link.ts'

/** One link, for people: one line if it holds. */
export function reportText({ link, status, tried, came, ms, cause, meaning, remedy }: LinkReport): string {
  const took = status === 'skipped' ? '' : ` (${durationText(ms)})`
  const lines = [`${mark(status)} ${link}: ${tried} → ${came}${took}`]
  if (cause !== undefined)
    lines.push(`          ${cause}: ${meaning ?? ''}`, `          What to do: ${remedy ?? ''}`)
  return `${lines.map(printable).join('\n')}\n`
}

/** Those that matter are seen at once. */
function mark(status: Status): string {
  return (status === 'failed' || status === 'warning' ? status.toUpperCase() : status).padEnd(9)
}

export function summaryText(reports: readonly LinkReport[]): string {
  const count = (status: Status): number => reports.filter((report) => report.status === status).length
  const numbers = `${count('ok')} ok, ${count('failed')} failed, ${count('warning')} with a warning, ${count('skipped')} skipped`
  const first = reports.find(({ status }) => status === 'failed')
  if (first === undefined) return `\nEvery link that was tried holds: ${numbers}.\n`
  return `\nBegin with ${first.link}, ${first.cause ?? ''}: ${numbers}.\n`
}

export function isWell(reports: readonly LinkReport[]): boolean {
  return reports.every(({ status }) => status !== 'failed')
}

/** For machines: all of it, in one line. */
export function reportJson(reports: readonly LinkReport[]): string {
  return `${printable(JSON.stringify({ ok: isWell(reports), links: reports }))}\n`
}
