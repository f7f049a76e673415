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
  const name = /^\w+$/.test(error.name) ? error.name : 'Error'
  return [name, ...stackLines(error)].join('\n')
}

/** The lines below the text; none when they cannot be told from it, for the text may look like such a line itself. */
function stackLines({ stack = '', message }: Error): string[] {
  const head = message === '' ? '\n' : `: ${message}\n`
  const at = stack.indexOf(head)
  if (at < 0 || !/^\w+( \[\w+\])?$/.test(stack.slice(0, at))) return []
  const lines = stack.slice(at + head.length).split('\n')
  return lines.filter((line) => /^ +at .+:\d+:\d+\)?$/.test(line))
}
