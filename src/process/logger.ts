import { type Logger, pino } from 'pino'
import { LogLines } from './log-lines.ts'
import type { LogLevel } from './settings.ts'

/** Structured logs: one JSON object a line on stdout. */
export function createLogger(level: LogLevel, lines: LogLines): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    lines,
  )
}
