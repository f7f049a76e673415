import type { Cancel, Environment } from './environment.ts'
import type { Timing } from './timing.ts'

/** How far the app has come, and what went wrong on the way: remembered here, and told to the server. */
export interface Progress {
  readonly offset: () => number | undefined
  /** What was remembered from last time. */
  readonly start: (offset: number | undefined) => void
  readonly applied: (offset: number) => void
  readonly failed: (offset: number, error: unknown) => void
  /** Tells the server what it does not know yet. */
  readonly tell: () => void
  /** Tells all again: what was sent last, over the connection before, may be lost. */
  readonly retell: () => void
}

/** While there is no connection, so many failures are kept to be told later. */
const REPORTS = 20

/**
 * @param save remembers an offset
 * @param send tells the server, and whether there is a connection to tell it over
 */
export function createProgress(
  { after }: Environment,
  timing: Timing,
  save: (offset: number) => void,
  send: (message: object) => boolean,
): Progress {
  let offset: number | undefined
  let acknowledged: number | undefined
  let nextTell: Cancel | undefined
  let reports: object[] = []

  const tell = (): void => {
    nextTell?.()
    nextTell = undefined
    reports = reports.filter((report) => !send(report))
    if (offset !== acknowledged && send({ action: 'ack', offset })) acknowledged = offset
  }

  const tellSoon = (): void => {
    nextTell ??= after(timing.ack, tell)
  }

  return {
    offset: () => offset,
    start: (kept) => {
      offset = kept
    },
    applied: (applied) => {
      offset = applied
      save(applied)
      tellSoon()
    },
    failed: (failedAt, error) => {
      if (reports.length < REPORTS) reports.push({ action: 'report', offset: failedAt, error: String(error) })
      tellSoon()
    },
    tell,
    retell: () => {
      acknowledged = undefined
      tell()
    },
  }
}
