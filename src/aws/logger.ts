import type { Logger } from '../core/ports.ts'
import { type Environment, type LogLevel, logLevel } from './environment.ts'

export interface LoggerOptions {
  readonly level: LogLevel
  readonly write?: (line: string) => void
}

const RANKS = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 } as const

/** Errors within errors: enough for what drivers wrap, and an end for what points to itself. */
const DEPTH = 5

/**
 * One JSON object a line, in the shape of the embedded server's log. Not pino: it would be more than half of the smallest
 * bundle, for its transports and worker threads, none of which a function that freezes between events can use.
 */
export function createLogger({ level, write = toStdout }: LoggerOptions): Logger {
  const log =
    (own: Exclude<LogLevel, 'silent'>) =>
    (fields: object, msg: string): void => {
      if (RANKS[own] >= RANKS[level]) write(`${render({ level: own, time: now(), msg }, fields)}\n`)
    }
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
}

export function loggerFor(environment: Environment): Logger {
  return createLogger({ level: logLevel(environment) })
}

/** Not by `console`: Lambda would wrap the line into one of its own. */
function toStdout(line: string): void {
  process.stdout.write(line)
}

function now(): string {
  return new Date().toISOString()
}

function render(head: object, fields: object): string {
  try {
    const plain = Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? describe(value) : (value as unknown),
    ])
    return JSON.stringify({ ...head, ...Object.fromEntries(plain) })
  } catch (error) {
    // A field that is no JSON must not turn a line of the log into a failure of what is logged.
    return JSON.stringify({ ...head, unloggable: String(error) })
  }
}

/** An error's facts, chosen: the SDK's errors carry whole requests and responses, with what nobody should read. */
function describe(error: Error, depth = DEPTH): object {
  const { name, message, stack, cause } = error
  const { code, $metadata } = error as { code?: unknown; $metadata?: SdkMetadata }
  return {
    type: name,
    message,
    stack,
    ...(typeof code === 'string' && { code }),
    ...($metadata !== undefined && { status: $metadata.httpStatusCode, requestId: $metadata.requestId }),
    ...(cause instanceof Error && depth > 0 && { cause: describe(cause, depth - 1) }),
  }
}

interface SdkMetadata {
  readonly httpStatusCode?: number
  readonly requestId?: string
}
