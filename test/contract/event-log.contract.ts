/**
 * What every `EventLog` must do, whatever it is built on. An implementation runs it from a test file of its own:
 * `describeEventLog('name', create)`.
 */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AcceptedEvent } from '../../src/core/event.ts'
import { entryBytes } from '../../src/core/page.ts'
import type { Appended, Clock, EventLog, LogEntry, PageLimits } from '../../src/core/ports.ts'
import { ManualClock } from './manual-clock.ts'
import { anyId, NASTY_IDS, sampleEvent } from './samples.ts'

export interface EventLogUnderTest {
  readonly log: EventLog
  /** The same data through a new instance, as after a restart; left out where that means nothing. */
  reopen?(): Promise<EventLog>
  close(): Promise<void>
}

/** Makes an empty log. Readers must judge by this clock what has expired. */
export type CreateEventLog = (options: { clock: Clock; retentionMs: number }) => Promise<EventLogUnderTest>

const RETENTION = 1_000_000
const ALL: PageLimits = { events: 1_000_000, bytes: 1_000_000_000 }

/** The user's whole log, read as a client does: page by page. */
async function readAll(log: EventLog, userId: string, cursor = 0, limits = ALL): Promise<LogEntry[]> {
  const entries: LogEntry[] = []
  for (let from = cursor; ;) {
    const page = await log.after(userId, from, limits)
    entries.push(...page.entries)
    if (!page.more) return entries
    from = page.entries.at(-1)!.offset
  }
}

const idsOf = (entries: readonly LogEntry[]) =>
  entries.map(({ text }) => (JSON.parse(text) as { id: string }).id)
const offsetsOf = (entries: readonly LogEntry[]) => entries.map(({ offset }) => offset)
const statusesOf = (appended: readonly Appended[]) => appended.map(({ status }) => status)
const range = (count: number) => Array.from({ length: count }, (_, i) => i)

function expectGapless(entries: readonly LogEntry[]): void {
  const offsets = offsetsOf(entries)
  expect(offsets).toEqual(range(entries.length).map((i) => offsets[0]! + i))
}

export function describeEventLog(name: string, create: CreateEventLog): void {
  describe(`event log: ${name}`, () => {
    let clock: ManualClock
    let subject: EventLogUnderTest
    let log: EventLog

    beforeEach(async () => {
      clock = new ManualClock()
      subject = await create({ clock, retentionMs: RETENTION })
      log = subject.log
    })
    afterEach(async () => {
      await subject.close()
    })

    /** One event a call, a millisecond apart. */
    async function fill(userId: string, count: number, step = 1): Promise<number[]> {
      const offsets: number[] = []
      for (const i of range(count)) {
        const [appended] = await log.append([sampleEvent(`${userId}-${i}-${clock.now()}`, [userId])])
        if (appended?.status !== 'appended') throw new Error('not appended')
        offsets.push(appended.receipt.recipients[0]!.offset)
        clock.advance(step)
      }
      return offsets
    }

    describe('append', () => {
      it('puts an event into the log of each recipient and answers its receipt', async () => {
        const event: AcceptedEvent = {
          ...sampleEvent('e1', []),
          recipients: [
            { userId: 'ann', field: 'trainerId' },
            { userId: 'bob', field: 'studentId' },
          ],
        }
        const heads = { ann: await log.head('ann'), bob: await log.head('bob') }
        const receipt = {
          eventId: 'e1',
          type: event.type,
          digest: event.digest,
          state: 'accepted',
          acceptedAt: clock.now(),
          recipients: [
            { userId: 'ann', field: 'trainerId', offset: heads.ann + 1, deliveries: [] },
            { userId: 'bob', field: 'studentId', offset: heads.bob + 1, deliveries: [] },
          ],
        }
        expect(await log.append([event])).toEqual([{ status: 'appended', receipt }])
        expect(await log.receipt('e1')).toEqual(receipt)
        for (const userId of ['ann', 'bob'] as const) {
          const entry = { offset: heads[userId] + 1, loggedAt: clock.now(), text: event.text }
          expect(await log.after(userId, heads[userId], ALL)).toEqual({
            entries: [entry],
            head: heads[userId] + 1,
            more: false,
            gap: false,
          })
        }
      })

      it('keeps the order given, and answers in it', async () => {
        const ids = range(50).map((i) => `e${(i * 7) % 50}`)
        const appended = await log.append(ids.map((id) => sampleEvent(id, ['ann'])))
        expect(appended.map((one) => one.status === 'appended' && one.receipt.eventId)).toEqual(ids)
        const entries = await readAll(log, 'ann')
        expect(idsOf(entries)).toEqual(ids)
        expectGapless(entries)
      })

      it('counts each log by itself', async () => {
        await log.append([
          sampleEvent('e1', ['ann']),
          sampleEvent('e2', ['ann', 'bob']),
          sampleEvent('e3', ['bob']),
        ])
        expect(idsOf(await readAll(log, 'ann'))).toEqual(['e1', 'e2'])
        expect(idsOf(await readAll(log, 'bob'))).toEqual(['e2', 'e3'])
        expectGapless(await readAll(log, 'ann'))
        expectGapless(await readAll(log, 'bob'))
      })

      it('gives the text back as it was', async () => {
        const texts = [
          '{ "a" : 1.0 }',
          '{"a":"😀é\uffff\ufeff"}',
          '\ufeff{}',
          '{"a":"\\u0000\\ud800"}',
          `"${'x'.repeat(120_000)}"`,
        ]
        await log.append(texts.map((text, i) => ({ ...sampleEvent(`e${i}`, ['ann']), text })))
        expect((await readAll(log, 'ann')).map(({ text }) => text)).toEqual(texts)
      })

      it('takes nothing, too', async () => {
        expect(await log.append([])).toEqual([])
      })

      it('says when the events were logged, and that never falls, though the clock steps back', async () => {
        const start = clock.now()
        await log.append([sampleEvent('e1', ['ann'])])
        clock.advance(-5000)
        await log.append([sampleEvent('e2', ['ann']), sampleEvent('e3', ['bob'])])
        clock.advance(5001)
        await log.append([sampleEvent('e4', ['ann'])])
        expect((await readAll(log, 'ann')).map(({ loggedAt }) => loggedAt)).toEqual([start, start, start + 1])
        expectGapless(await readAll(log, 'ann'))
      })
    })

    describe('append, again', () => {
      it('of an accepted event writes nothing and answers the same offsets', async () => {
        const event = sampleEvent('e1', ['ann', 'bob'])
        const first = await log.append([event])
        await log.append([sampleEvent('e2', ['ann'])])
        clock.advance(1000)
        expect(await log.append([event])).toEqual(first)
        expect(idsOf(await readAll(log, 'ann'))).toEqual(['e1', 'e2'])
        expect(idsOf(await readAll(log, 'bob'))).toEqual(['e1'])
      })

      it('of a completed event answers `logged` and how the deliveries went', async () => {
        const event = sampleEvent('e1', ['ann', 'bob'])
        await log.append([event])
        const deliveries = [{ connectionId: 'c1', device: 'phone', outcome: 'sent' as const }]
        await log.complete('e1', [{ userId: 'bob', deliveries }])
        const [again] = await log.append([event])
        const receipt = await log.receipt('e1')
        expect(again).toEqual({ status: 'logged', receipt })
        expect(receipt?.recipients.map((recipient) => recipient.deliveries)).toEqual([[], deliveries])
        expect(idsOf(await readAll(log, 'ann'))).toEqual(['e1'])
      })

      it('with other content is refused, and names the id; the rest of the call is taken', async () => {
        await log.append([sampleEvent('e1', ['ann'])])
        const call = [
          sampleEvent('e0', ['ann']),
          sampleEvent('e1', ['ann', 'bob'], 'other'),
          sampleEvent('e2', ['ann']),
        ]
        const appended = await log.append(call)
        expect(statusesOf(appended)).toEqual(['appended', 'refused', 'appended'])
        const [, refused] = appended
        expect(refused?.status === 'refused' && refused.error.code).toBe('id_conflict')
        expect(refused?.status === 'refused' && refused.error.message).toContain('"e1"')
        expect(idsOf(await readAll(log, 'ann'))).toEqual(['e1', 'e0', 'e2'])
        expect(await readAll(log, 'bob')).toEqual([])
      })

      it('with other content is refused after completion as well', async () => {
        await log.append([sampleEvent('e1', ['ann'])])
        await log.complete('e1', [])
        expect(statusesOf(await log.append([sampleEvent('e1', ['ann'], 'other')]))).toEqual(['refused'])
        expect((await log.receipt('e1'))?.state).toBe('logged')
      })

      it('does not mind any id', async () => {
        const events = NASTY_IDS.map((id) => sampleEvent(id, ['ann'], id))
        await log.append(events)
        expect(statusesOf(await log.append(events))).toEqual(events.map(() => 'appended'))
        expect(idsOf(await readAll(log, 'ann'))).toEqual([...NASTY_IDS])
        expect((await log.receipt('a'))?.digest).toBe(events[0]!.digest)
      })
    })

    describe('append, concurrently', () => {
      it('of 200 events to one user leaves no hole and loses none', async () => {
        const events = range(200).map((i) => sampleEvent(`e${i}`, ['ann']))
        const appended = await Promise.all(events.map((event) => log.append([event])))
        const entries = await readAll(log, 'ann')
        expectGapless(entries)
        expect(idsOf(entries).sort()).toEqual(events.map(({ id }) => id).sort())
        const byOffset = new Map(entries.map((entry) => [entry.offset, idsOf([entry])[0]]))
        for (const [one] of appended) {
          if (one?.status !== 'appended') throw new Error('not appended')
          expect(byOffset.get(one.receipt.recipients[0]!.offset)).toBe(one.receipt.eventId)
        }
      })

      it('of one event four times puts it there once', async () => {
        for (const i of range(20)) {
          const event = sampleEvent(`e${i}`, ['ann', 'bob'])
          const appended = (await Promise.all(range(4).map(() => log.append([event])))).flat()
          expect(new Set(appended.map((one) => JSON.stringify(one))).size).toBe(1)
        }
        expect(idsOf(await readAll(log, 'ann'))).toEqual(range(20).map((i) => `e${i}`))
        expect(idsOf(await readAll(log, 'bob'))).toEqual(range(20).map((i) => `e${i}`))
      })

      it('of two events with one id takes one of them', async () => {
        const rivals = ['a', 'b', 'c'].map((content) => log.append([sampleEvent('e1', ['ann'], content)]))
        const statuses = (await Promise.all(rivals)).flatMap(statusesOf)
        expect(statuses.sort()).toEqual(['appended', 'refused', 'refused'])
        expect(await readAll(log, 'ann')).toHaveLength(1)
      })

      it('to overlapping recipients keeps each log whole', async () => {
        const users = range(5).map((i) => `u${i}`)
        const events = range(60).map((i) => sampleEvent(`e${i}`, users.slice(i % 4, (i % 4) + 2)))
        await Promise.all(range(12).map((call) => log.append(events.slice(call * 5, call * 5 + 5))))
        for (const userId of users) {
          const mine = events.filter((event) =>
            event.recipients.some((recipient) => recipient.userId === userId),
          )
          const entries = await readAll(log, userId)
          expectGapless(entries)
          expect(idsOf(entries).sort()).toEqual(mine.map(({ id }) => id).sort())
        }
      })

      it('to a log that never was starts it once', async () => {
        const heads = await Promise.all([
          log.head('ann'),
          log.append([sampleEvent('e1', ['ann'])]).then(() => undefined),
          log.after('ann', 0, ALL).then((page) => page.head),
          log.append([sampleEvent('e2', ['ann'])]).then(() => undefined),
          log.head('ann'),
        ])
        const entries = await readAll(log, 'ann')
        expectGapless(entries)
        const before = entries[0]!.offset - 1
        for (const head of heads)
          if (head !== undefined) expect([before, before + 1, before + 2]).toContain(head)
      })
    })

    describe('complete and receipt', () => {
      it('know nothing of an event that never was', async () => {
        await log.complete('never', [{ userId: 'ann', deliveries: [] }])
        expect(await log.receipt('never')).toBeUndefined()
      })

      it('change nothing but the state and the deliveries', async () => {
        await log.append([sampleEvent('e1', ['ann', 'bob'])])
        const before = (await log.receipt('e1'))!
        clock.advance(5)
        const deliveries = [
          { connectionId: 'c1', outcome: 'sent' as const },
          { connectionId: 'c2', device: 'tablet', outcome: 'gone' as const },
        ]
        await log.complete('e1', [
          { userId: 'ann', deliveries },
          { userId: 'bob', deliveries: [] },
        ])
        const [ann, bob] = before.recipients
        expect(await log.receipt('e1')).toEqual({
          ...before,
          state: 'logged',
          recipients: [{ ...ann, deliveries }, bob],
        })
      })
    })

    describe('a log that never was', () => {
      it('has a head above 0 that stays, and the first event comes right after it', async () => {
        const head = await log.head('ann')
        expect(head).toBeGreaterThan(0)
        clock.advance(RETENTION / 2)
        expect(await log.head('ann')).toBe(head)
        expect(await fill('ann', 1)).toEqual([head + 1])
        expect(await log.head('ann')).toBe(head + 1)
      })

      it('has one head, however many ask first', async () => {
        const heads = await Promise.all(
          range(20).map((i) => (i % 2 ? log.head('ann') : log.newest('ann', ALL).then((page) => page.head))),
        )
        expect(new Set(heads).size).toBe(1)
      })

      it.each(['after', 'newest', 'cursorAt'] as const)('is started by %s', async (read) => {
        const answer = await (read === 'cursorAt'
          ? log.cursorAt('ann', 0, 10).then(({ cursor }) => cursor)
          : (read === 'after' ? log.after('ann', 0, ALL) : log.newest('ann', ALL)).then((page) => page.head))
        clock.advance(1000)
        expect(await log.head('ann')).toBe(answer)
      })

      it('is empty in every way', async () => {
        const head = await log.head('ann')
        expect(await log.after('ann', head, ALL)).toEqual({ entries: [], head, more: false, gap: false })
        expect(await log.newest('ann', ALL)).toEqual({ entries: [], head, more: false, gap: false })
        expect(await log.cursorAt('ann', 0, 10)).toEqual({ cursor: head, complete: true })
      })
    })

    describe('after', () => {
      it('pages by count, and says when there is more', async () => {
        const offsets = await fill('ann', 10)
        const page = await log.after('ann', offsets[2]!, { events: 4, bytes: ALL.bytes })
        expect(offsetsOf(page.entries)).toEqual(offsets.slice(3, 7))
        expect(page).toMatchObject({ head: offsets[9], more: true, gap: false })
        const rest = await log.after('ann', offsets[6]!, { events: 4, bytes: ALL.bytes })
        expect(offsetsOf(rest.entries)).toEqual(offsets.slice(7))
        expect(rest).toMatchObject({ more: false, gap: false })
        expect((await log.after('ann', offsets[5]!, { events: 4, bytes: ALL.bytes })).more).toBe(false)
      })

      it('pages by bytes, before the limit is exceeded', async () => {
        const offsets = await fill('ann', 6)
        const [first, second, third] = (await readAll(log, 'ann')) as [LogEntry, LogEntry, LogEntry]
        const exact = entryBytes(first) + entryBytes(second) + entryBytes(third)
        const sizeWithin = async (bytes: number) =>
          (await log.after('ann', offsets[0]! - 1, { events: 100, bytes })).entries.length
        expect(await sizeWithin(exact)).toBe(3)
        expect(await sizeWithin(exact - 1)).toBe(2)
      })

      it('carries at least one entry, however small the page', async () => {
        const offsets = await fill('ann', 3)
        const page = await log.after('ann', offsets[0]! - 1, { events: 1, bytes: 1 })
        expect(offsetsOf(page.entries)).toEqual([offsets[0]])
        expect(page.more).toBe(true)
        expect(await readAll(log, 'ann', 0, { events: 100, bytes: 1 })).toHaveLength(3)
      })

      it('has nothing at the head and above it', async () => {
        const [head] = await fill('ann', 1)
        for (const cursor of [head!, head! + 1, Number.MAX_SAFE_INTEGER]) {
          expect(await log.after('ann', cursor, ALL)).toEqual({ entries: [], head, more: false, gap: false })
        }
      })

      it('tells a cursor from before the log began that it may have missed something', async () => {
        const offsets = await fill('ann', 2)
        const page = await log.after('ann', 0, ALL)
        expect(offsetsOf(page.entries)).toEqual(offsets)
        expect(page.gap).toBe(true)
        expect((await log.after('ann', offsets[0]! - 2, ALL)).gap).toBe(true)
        expect((await log.after('ann', offsets[0]! - 1, ALL)).gap).toBe(false)
        const empty = await log.head('bob')
        expect(await log.after('bob', empty - 1, ALL)).toEqual({
          entries: [],
          head: empty,
          more: false,
          gap: true,
        })
      })
    })

    describe('newest', () => {
      it('has the newest entries, ascending', async () => {
        const offsets = await fill('ann', 5)
        const page = await log.newest('ann', { events: 3, bytes: ALL.bytes })
        expect(offsetsOf(page.entries)).toEqual(offsets.slice(2))
        expect(page).toMatchObject({ head: offsets[4], more: false, gap: false })
        expect(offsetsOf((await log.newest('ann', ALL)).entries)).toEqual(offsets)
      })

      it('ends by bytes, but carries at least one', async () => {
        const offsets = await fill('ann', 5)
        const last = (await readAll(log, 'ann')).slice(-2)
        const exact = entryBytes(last[0]!) + entryBytes(last[1]!)
        const within = async (bytes: number) =>
          offsetsOf((await log.newest('ann', { events: 10, bytes })).entries)
        expect(await within(exact)).toEqual(offsets.slice(3))
        expect(await within(exact - 1)).toEqual(offsets.slice(4))
        expect(await within(1)).toEqual(offsets.slice(4))
      })
    })

    describe('cursorAt', () => {
      it('is right below the first entry logged at or after the time', async () => {
        const start = clock.now()
        const offsets = await fill('ann', 10, 10)
        expect(await log.cursorAt('ann', start + 40, 100)).toEqual({ cursor: offsets[3], complete: true })
        expect(await log.cursorAt('ann', start + 41, 100)).toEqual({ cursor: offsets[4], complete: true })
        expect(await log.cursorAt('ann', start + 1000, 100)).toEqual({ cursor: offsets[9], complete: true })
      })

      it('has all that were logged in one millisecond', async () => {
        const start = clock.now()
        const [first] = await fill('ann', 1)
        await fill('ann', 5, 0)
        expect(await log.cursorAt('ann', start + 1, 100)).toEqual({ cursor: first, complete: true })
      })

      it('is below all that is kept for a time before that', async () => {
        const offsets = await fill('ann', 5)
        expect(await log.cursorAt('ann', 0, 100)).toEqual({ cursor: offsets[0]! - 1, complete: true })
      })

      it('walks back only so far, and says so', async () => {
        const offsets = await fill('ann', 10)
        expect(await log.cursorAt('ann', 0, 4)).toEqual({ cursor: offsets[5], complete: false })
        const start = clock.now() - 2
        expect(await log.cursorAt('ann', start, 4)).toEqual({ cursor: offsets[7], complete: true })
      })

      it('does not come to what has expired', async () => {
        await fill('ann', 3)
        clock.advance(RETENTION)
        const offsets = await fill('ann', 2)
        expect(await log.cursorAt('ann', 0, 100)).toEqual({ cursor: offsets[0]! - 1, complete: true })
      })
    })

    describe('expiry', () => {
      it('keeps an entry for as long as the retention says, and no longer', async () => {
        const [offset] = await fill('ann', 1, 0)
        clock.advance(RETENTION - 1)
        expect(offsetsOf(await readAll(log, 'ann'))).toEqual([offset])
        clock.advance(2)
        expect(await readAll(log, 'ann')).toEqual([])
        expect((await log.newest('ann', ALL)).entries).toEqual([])
      })

      it('is a gap to whoever has not seen what expired, and none to who has', async () => {
        const old = await fill('ann', 3)
        clock.advance(RETENTION)
        const young = await fill('ann', 2)
        for (const [cursor, gap] of [
          [old[0]! - 1, true],
          [old[0]!, true],
          [old[1]!, true],
          [old[2]!, false],
          [young[0]!, false],
        ] as const) {
          const page = await log.after('ann', cursor, ALL)
          expect({ cursor, gap: page.gap, entries: offsetsOf(page.entries) }).toEqual({
            cursor,
            gap,
            entries: young.filter((offset) => offset > cursor),
          })
        }
        expect(offsetsOf((await log.newest('ann', ALL)).entries)).toEqual(young)
      })

      it('of everything leaves the head, above which the log goes on', async () => {
        const old = await fill('ann', 3)
        clock.advance(RETENTION + 1)
        const head = old[2]
        expect(await log.after('ann', old[2]!, ALL)).toEqual({ entries: [], head, more: false, gap: false })
        expect(await log.after('ann', old[1]!, ALL)).toEqual({ entries: [], head, more: false, gap: true })
        const young = await fill('ann', 2)
        expect(young[0]).toBeGreaterThan(old[2]!)
        expect(offsetsOf(await readAll(log, 'ann'))).toEqual(young)
        expect((await log.after('ann', old[2]!, ALL)).gap).toBe(false)
      })

      it('of a receipt comes at twice the retention; till then a retry is known', async () => {
        const event = sampleEvent('e1', ['ann'])
        await log.append([event])
        await log.complete('e1', [])
        const [{ offset } = { offset: 0 }] = await readAll(log, 'ann')
        clock.advance(2 * RETENTION - 1)
        expect(statusesOf(await log.append([event]))).toEqual(['logged'])
        expect(await readAll(log, 'ann')).toEqual([])
        clock.advance(2)
        expect(await log.receipt('e1')).toBeUndefined()
        expect(statusesOf(await log.append([sampleEvent('e1', ['ann'], 'other')]))).toEqual(['appended'])
        expect((await readAll(log, 'ann'))[0]?.offset).toBeGreaterThan(offset)
      })
    })

    describe('users', () => {
      it('never see each other, whatever their ids', async () => {
        for (const [i, userId] of NASTY_IDS.entries()) await log.append([sampleEvent(`1 ${i}`, [userId])])
        await log.append(NASTY_IDS.map((userId, i) => sampleEvent(`2 ${i}`, [userId])))
        for (const [i, userId] of NASTY_IDS.entries()) {
          const ids = [`1 ${i}`, `2 ${i}`]
          expect(idsOf(await readAll(log, userId))).toEqual(ids)
          expect(idsOf((await log.newest(userId, ALL)).entries)).toEqual(ids)
          expect((await log.cursorAt(userId, 0, 10)).cursor).toBe((await log.head(userId)) - 2)
        }
      })

      it('never see each other, for any ids', async () => {
        let run = 0
        await fc.assert(
          fc.asyncProperty(fc.uniqueArray(anyId, { minLength: 2, maxLength: 6 }), async (userIds) => {
            run++
            const before = await Promise.all(userIds.map((userId) => log.head(userId)))
            await log.append([
              sampleEvent(`${run}`, userIds),
              ...userIds.map((_, i) => sampleEvent(`${run} ${i}`, [userIds[i]!])),
            ])
            for (const [i, userId] of userIds.entries()) {
              const { entries } = await log.after(userId, before[i]!, ALL)
              expect(idsOf(entries)).toEqual([`${run}`, `${run} ${i}`])
            }
          }),
          { numRuns: 30 },
        )
      })
    })

    describe('any interleaving', () => {
      const USERS = ['ann', 'ann\0', 'bob'] as const
      const step = fc.oneof(
        {
          weight: 6,
          arbitrary: fc.record({
            do: fc.constant('append'),
            ids: fc.uniqueArray(fc.nat(30), { minLength: 1, maxLength: 4 }),
          }),
        },
        { weight: 2, arbitrary: fc.record({ do: fc.constant('complete'), id: fc.nat(30) }) },
        {
          weight: 4,
          arbitrary: fc.record({
            do: fc.constant('read'),
            user: fc.constantFrom(...USERS),
            limit: fc.integer({ min: 1, max: 5 }),
          }),
        },
      )
      /** Steps of one round run at the same time; between rounds the clock moves. */
      const rounds = fc.array(
        fc.record({
          steps: fc.array(step, { minLength: 1, maxLength: 6 }),
          pass: fc.constantFrom(-50, 0, 1, 100, 700, 1300),
        }),
        { minLength: 1, maxLength: 6 },
      )
      const eventOf = (id: number) =>
        sampleEvent(
          `e${id}`,
          USERS.filter((_, i) => (id >> i) & 1 || id % 3 === i),
        )

      it('keeps what was acknowledged, once, in order, without holes, and takes nothing back', async () => {
        await fc.assert(
          fc.asyncProperty(rounds, async (plan) => {
            const time = new ManualClock()
            const under = await create({ clock: time, retentionMs: 1000 })
            try {
              await follow(plan, under.log, time)
            } finally {
              await under.close()
            }
          }),
          { numRuns: 40 },
        )
      })

      async function follow(plan: { steps: unknown[]; pass: number }[], events: EventLog, time: ManualClock) {
        const acknowledged = new Map<string, Map<number, string>>(USERS.map((user) => [user, new Map()]))
        const seen = new Map<string, Map<number, string>>(USERS.map((user) => [user, new Map()]))
        const seenUpTo = new Map<string, number>()
        for (const { steps, pass } of plan) {
          await Promise.all((steps as Step[]).map((one) => run(one)))
          for (const user of USERS) await checkLog(user)
          time.advance(pass)
        }

        async function run(one: Step): Promise<void> {
          if (one.do === 'append') await append(one.ids)
          else if (one.do === 'complete') await events.complete(`e${one.id}`, [])
          else await read(one.user, one.limit)
        }

        async function append(ids: readonly number[]): Promise<void> {
          const call = ids.map(eventOf).filter((event) => event.recipients.length > 0)
          const appended = await events.append(call)
          for (const one of appended) {
            if (one.status === 'refused') throw one.error
            for (const { userId, offset } of one.receipt.recipients)
              acknowledged.get(userId)!.set(offset, one.receipt.eventId)
          }
        }

        async function read(user: string, limit: number): Promise<void> {
          const before = seenUpTo.get(user)
          const cursor = before ?? (await events.head(user))
          const page = await events.after(user, cursor, { events: limit, bytes: ALL.bytes })
          expect(page.head).toBeGreaterThanOrEqual(cursor)
          for (const [i, entry] of page.entries.entries()) {
            if (i > 0 || !page.gap) expect(entry.offset).toBe((page.entries[i - 1]?.offset ?? cursor) + 1)
            note(user, entry)
          }
          seenUpTo.set(user, Math.max(seenUpTo.get(user) ?? cursor, page.entries.at(-1)?.offset ?? cursor))
        }

        /** What a reader saw at an offset is what every reader sees there. */
        function note(user: string, entry: LogEntry): void {
          const [id] = idsOf([entry])
          expect(seen.get(user)!.get(entry.offset) ?? id).toBe(id)
          seen.get(user)!.set(entry.offset, id!)
        }

        async function checkLog(user: string): Promise<void> {
          const entries = await readAll(events, user)
          for (const entry of entries) note(user, entry)
          if (entries.length > 0) {
            expectGapless(entries)
            expect(entries.at(-1)!.offset).toBe(await events.head(user))
          }
          const times = entries.map(({ loggedAt }) => loggedAt)
          expect(times).toEqual(times.toSorted((a, b) => a - b))
          expect(times.filter((at) => at < time.now() - 1000)).toEqual([])
          expect(new Set(idsOf(entries)).size).toBe(entries.length)
          const kept = new Map(entries.map((entry) => [entry.offset, idsOf([entry])[0]]))
          const first = entries[0]?.offset ?? Infinity
          for (const [offset, id] of acknowledged.get(user)!)
            if (offset >= first) expect(kept.get(offset)).toBe(id)
        }
      }
    })

    describe('a restart', () => {
      it('changes nothing', async ({ skip }) => {
        if (subject.reopen === undefined) skip()
        const event = sampleEvent('e1', ['ann', 'bob'])
        await log.append([event, sampleEvent('e2', ['ann'])])
        await log.complete('e1', [{ userId: 'ann', deliveries: [{ connectionId: 'c1', outcome: 'sent' }] }])
        const empty = await log.head('cat')
        const before = [
          await readAll(log, 'ann'),
          await readAll(log, 'bob'),
          await log.receipt('e1'),
          await log.receipt('e2'),
        ]
        clock.advance(10)
        log = (await subject.reopen?.()) ?? log
        expect([
          await readAll(log, 'ann'),
          await readAll(log, 'bob'),
          await log.receipt('e1'),
          await log.receipt('e2'),
        ]).toEqual(before)
        expect(await log.head('cat')).toBe(empty)
        expect(statusesOf(await log.append([event, sampleEvent('e3', ['ann'])]))).toEqual([
          'logged',
          'appended',
        ])
        expectGapless(await readAll(log, 'ann'))
      })
    })
  })
}

type Step =
  | { readonly do: 'append'; readonly ids: readonly number[] }
  | { readonly do: 'complete'; readonly id: number }
  | { readonly do: 'read'; readonly user: string; readonly limit: number }
