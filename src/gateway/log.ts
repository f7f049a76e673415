/**
 * One structured record of what the gateway did. A header or query string may hold a token, so none ever goes into one,
 * nor does the text of an error that a function raised while it could see them.
 */
export interface LogRecord {
  level: 'info' | 'warn' | 'error'
  event:
    | 'connection.opened'
    | 'connection.closed'
    | 'connection.refused'
    | 'connection.abandoned'
    | 'function.failed'
    | 'message.refused'
    | 'gateway.failed'
  connectionId?: string
  routeKey?: string
  /** Of a refused handshake: the HTTP status. */
  status?: number
  /** Of a closed connection: what `$disconnect` was told. */
  code?: number
  reason?: string
  /** What went wrong, and where. */
  error?: string
}

export type Log = (record: LogRecord) => void

/** An error with its text, for functions that see no secrets of the handshake. */
export function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error)
}

/** An error without its text, which may quote a token: its name, and the lines where it came from. */
export function describeErrorDiscreetly(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`
  // `name` and `stack` can be written to; only what looks like a class name and a stack line is passed on.
  const name = /^\w+$/.test(error.name) ? error.name : 'Error'
  const lines = (error.stack ?? '').split('\n').filter((line) => /^ +at .+:\d+:\d+\)?$/.test(line))
  return [name, ...lines].join('\n')
}
