/**
 * What every `EventLog` must do, whatever it is built on. An implementation runs it from a test file of its own:
 * `describeEventLog('name', create)`.
 */
import { describe } from 'vitest'
import { describeAppend } from './event-log-append.ts'
import { describeLife } from './event-log-life.ts'
import { describeRead } from './event-log-read.ts'
import type { CreateEventLog } from './log-under-test.ts'

export function describeEventLog(name: string, create: CreateEventLog): void {
  describe(`event log: ${name}`, () => {
    describeAppend(create)
    describeRead(create)
    describeLife(create)
  })
}
