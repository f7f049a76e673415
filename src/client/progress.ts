import type { Context } from './context.ts'
import type { Cancel } from './environment.ts'
import { ACK, REPORTS } from './limits.ts'
import { report } from './report.ts'

/** How far the app has come, and what went wrong on the way: remembered here, and told to the server. */
export interface Progress {
  readonly offset: () => number | undefined
  readonly applied: (offset: number) => void
  readonly failed: (offset: number, error: unknown) => void
  /** Tells the server what it does not know yet; or all again: what was sent last, over the connection before, may be lost. */
  readonly tell: (again?: boolean) => void
}

/**
 * @param save remembers an offset
 * @param send tells the server, and whether there is a connection to tell it over
 */
export function createProgress(
  context: Context,
  save: (offset: number) => void,
  send: (message: object) => boolean,
): Progress {
  let offset: number | undefined
  let acknowledged: number | undefined
  let nextTell: Cancel | undefined
  let reports: object[] = []

  const tell = (again?: boolean): void => {
    if (again) acknowledged = undefined
    nextTell = nextTell?.()
    reports = reports.filter((report) => !send(report))
    if (offset !== acknowledged && send({ action: 'ack', offset })) acknowledged = offset
  }

  const tellSoon = (): void => {
    nextTell ??= context.after(ACK, tell)
  }

  return {
    offset: () => offset,
    applied: (applied) => {
      offset = applied
      save(applied)
      tellSoon()
    },
    failed: (failedAt, error) => {
      report(`a handler of offset ${failedAt}`, error)
      if (reports.length < REPORTS)
        reports.push({ action: 'report', offset: failedAt, error: String(error).slice(0, 1000) })
      tellSoon()
    },
    tell,
  }
}
