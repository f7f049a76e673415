import { afterEach, beforeEach, expect } from 'vitest'
import type {
  Appended,
  Clock,
  Delivery,
  EventLog,
  LogEntry,
  PageLimits,
  Receipt,
} from '../../src/core/ports.ts'
import { ManualClock } from './manual-clock.ts'
import { sampleEvent } from './samples.ts'

export interface EventLogUnderTest {
  readonly log: EventLog
  /** The same data through a new instance, as after a restart; left out where the instance keeps nothing of its own. */
  reopen?(): Promise<EventLog>
  /** Whether a retry of what was begun over half a retention ago, and never completed, is refused. */
  readonly lateRetriesRefused?: boolean
  /** Whether a log of which nothing is kept may go on above a hole. */
  readonly startsAgain?: boolean
  close(): Promise<void>
}

/** Makes an empty log. Readers must judge by this clock what has expired. */
export type CreateEventLog = (options: { clock: Clock; retentionMs: number }) => Promise<EventLogUnderTest>

export const RETENTION = 1_000_000
export const ALL: PageLimits = { events: 1_000_000, bytes: 1_000_000_000 }

/** The user's whole log, read as a client does: page by page. */
export async function readAll(log: EventLog, userId: string, cursor = 0, limits = ALL): Promise<LogEntry[]> {
  const entries: LogEntry[] = []
  for (let from = cursor; ;) {
    const page = await log.after(userId, from, limits)
    entries.push(...page.entries)
    if (!page.more) return entries
    from = page.entries.at(-1)!.offset
  }
}

export const idsOf = (entries: readonly LogEntry[]) =>
  entries.map(({ text }) => (JSON.parse(text) as { id: string }).id)
export const offsetsOf = (entries: readonly LogEntry[]) => entries.map(({ offset }) => offset)
export const statusesOf = (appended: readonly Appended[]) => appended.map(({ status }) => status)
export const range = (count: number) => Array.from({ length: count }, (_, i) => i)

export function expectGapless(entries: readonly LogEntry[]): void {
  const offsets = offsetsOf(entries)
  expect(offsets).toEqual(range(entries.length).map((i) => offsets[0]! + i))
}

/** The receipt of an event that is in all of its logs. */
export async function receiptOf(log: EventLog, eventId: string): Promise<Receipt> {
  const receipt = await log.receipt(eventId)
  if (receipt === undefined || receipt.state === 'begun')
    throw new Error(`${eventId} is not in all of its logs`)
  return receipt
}

/** Completes the receipt of an event, if it has one, with these deliveries by user. */
export async function complete(
  log: EventLog,
  eventId: string,
  deliveries: Readonly<Record<string, readonly Delivery[]>> = {},
): Promise<void> {
  const receipt = await log.receipt(eventId)
  if (receipt === undefined || receipt.state === 'begun') return
  const recipients = receipt.recipients.map((one) => ({ ...one, deliveries: deliveries[one.userId] ?? [] }))
  await log.complete([{ ...receipt, state: 'logged', recipients }])
}

/** A fresh log for each test of the suite that calls it. */
export class LogUnderTest {
  clock = new ManualClock()
  subject!: EventLogUnderTest
  log!: EventLog

  start(subject: EventLogUnderTest): void {
    this.subject = subject
    this.log = subject.log
  }

  /** Goes on with a new instance on the same data, where there is such a thing. */
  async reopen(): Promise<void> {
    this.log = (await this.subject.reopen?.()) ?? this.log
  }

  async complete(
    eventId: string,
    deliveries: Readonly<Record<string, readonly Delivery[]>> = {},
  ): Promise<void> {
    await complete(this.log, eventId, deliveries)
  }

  /** One event a call, a millisecond apart. */
  async fill(userId: string, count: number, step = 1): Promise<number[]> {
    const offsets: number[] = []
    for (const i of range(count)) {
      const [appended] = await this.log.append([sampleEvent(`${userId}-${i}-${this.clock.now()}`, [userId])])
      if (appended?.status !== 'appended') throw new Error('not appended')
      offsets.push(appended.receipt.recipients[0]!.offset)
      this.clock.advance(step)
    }
    return offsets
  }
}

export function useLog(create: CreateEventLog): LogUnderTest {
  const test = new LogUnderTest()
  beforeEach(async () => {
    test.clock = new ManualClock()
    test.start(await create({ clock: test.clock, retentionMs: RETENTION }))
  })
  afterEach(async () => {
    await test.subject.close()
  })
  return test
}
