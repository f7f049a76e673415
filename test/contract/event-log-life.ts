import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../../src/core/ports.ts'
import {
  ALL,
  complete,
  type CreateEventLog,
  type EventLogUnderTest,
  expectGapless,
  idsOf,
  offsetsOf,
  readAll,
  RETENTION,
  statusesOf,
  useLog,
} from './log-under-test.ts'
import { ManualClock } from './manual-clock.ts'
import { anyId, NASTY_IDS, sampleEvent } from './samples.ts'

/** What time, other users and restarts do to a log. */
export function describeLife(create: CreateEventLog): void {
  const t = useLog(create)
  describe('expiry', () => {
    it('keeps an entry for as long as the retention says, and no longer', async () => {
      const [offset] = await t.fill('ann', 1, 0)
      t.clock.advance(RETENTION - 1)
      expect(offsetsOf(await readAll(t.log, 'ann'))).toEqual([offset])
      t.clock.advance(2)
      expect(await readAll(t.log, 'ann')).toEqual([])
      expect((await t.log.newest('ann', ALL)).entries).toEqual([])
    })

    it('is a gap to whoever has not seen what expired, and none to who has', async () => {
      const old = await t.fill('ann', 3)
      t.clock.advance(RETENTION)
      const young = await t.fill('ann', 2)
      for (const [cursor, gap] of [
        [old[0]! - 1, true],
        [old[0]!, true],
        [old[1]!, true],
        [old[2]!, false],
        [young[0]!, false],
      ] as const) {
        const page = await t.log.after('ann', cursor, ALL)
        expect({ cursor, gap: page.gap, entries: offsetsOf(page.entries) }).toEqual({
          cursor,
          gap,
          entries: young.filter((offset) => offset > cursor),
        })
      }
      expect(offsetsOf((await t.log.newest('ann', ALL)).entries)).toEqual(young)
    })

    it('of everything leaves the head, above which the log goes on', async () => {
      const old = await t.fill('ann', 3)
      t.clock.advance(RETENTION + 1)
      const head = await t.log.head('ann')
      expect(head).toBeGreaterThanOrEqual(old[2]!)
      expect(await t.log.after('ann', old[2]!, ALL)).toEqual({ entries: [], head, more: false, gap: false })
      expect(await t.log.after('ann', old[1]!, ALL)).toEqual({ entries: [], head, more: false, gap: true })
      const young = await t.fill('ann', 2)
      expect(young[0]).toBe(head + 1)
      expect(offsetsOf(await readAll(t.log, 'ann'))).toEqual(young)
      expect((await t.log.after('ann', old[2]!, ALL)).gap).toBe(false)
    })

    it('leaves of the end of a log its head alone', async () => {
      const offsets = await t.fill('ann', 3, 10)
      const loggedAt = t.clock.now() - 10
      t.clock.advance(RETENTION - 10)
      expect(await t.log.end('ann')).toEqual({ head: offsets[2], loggedAt })
      t.clock.advance(1)
      const end = await t.log.end('ann')
      expect(end).toEqual({ head: await t.log.head('ann') })
      expect(end.head).toBeGreaterThanOrEqual(offsets[2]!)
      expect(await t.fill('ann', 1)).toEqual([end.head + 1])
      expect(await t.log.end('ann')).toEqual({ head: end.head + 1, loggedAt: t.clock.now() - 1 })
    })

    it('of a receipt comes at twice the retention; till then a retry is known', async () => {
      const event = sampleEvent('e1', ['ann'])
      await t.log.append([event])
      await t.complete('e1')
      const [{ offset } = { offset: 0 }] = await readAll(t.log, 'ann')
      t.clock.advance(2 * RETENTION - 1)
      expect(statusesOf(await t.log.append([event]))).toEqual(['logged'])
      expect(await readAll(t.log, 'ann')).toEqual([])
      t.clock.advance(2)
      expect(await t.log.receipt('e1')).toBeUndefined()
      expect(statusesOf(await t.log.append([sampleEvent('e1', ['ann'], 'other')]))).toEqual(['appended'])
      expect((await readAll(t.log, 'ann'))[0]?.offset).toBeGreaterThan(offset)
    })
  })

  describe('users', () => {
    it('never see each other, whatever their ids', async () => {
      for (const [i, userId] of NASTY_IDS.entries()) await t.log.append([sampleEvent(`1 ${i}`, [userId])])
      await t.log.append(NASTY_IDS.map((userId, i) => sampleEvent(`2 ${i}`, [userId])))
      for (const [i, userId] of NASTY_IDS.entries()) {
        const ids = [`1 ${i}`, `2 ${i}`]
        expect(idsOf(await readAll(t.log, userId))).toEqual(ids)
        expect(idsOf((await t.log.newest(userId, ALL)).entries)).toEqual(ids)
        expect((await t.log.cursorAt(userId, 0, 10)).cursor).toBe((await t.log.head(userId)) - 2)
      }
    })

    it('never see each other, for any ids', async () => {
      let run = 0
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(anyId, { minLength: 2, maxLength: 6 }), async (userIds) => {
          run++
          const before = await Promise.all(userIds.map((userId) => t.log.head(userId)))
          await t.log.append([
            sampleEvent(`${run}`, userIds),
            ...userIds.map((_, i) => sampleEvent(`${run} ${i}`, [userIds[i]!])),
          ])
          for (const [i, userId] of userIds.entries()) {
            const { entries } = await t.log.after(userId, before[i]!, ALL)
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
            await follow(plan, under, time)
          } finally {
            await under.close()
          }
        }),
        { numRuns: 40 },
      )
    })

    async function follow(
      plan: { steps: unknown[]; pass: number }[],
      { log: events, lateRetriesRefused = false, startsAgain = false }: EventLogUnderTest,
      time: ManualClock,
    ) {
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
        else if (one.do === 'complete') await complete(events, `e${one.id}`)
        else await read(one.user, one.limit)
      }

      async function append(ids: readonly number[]): Promise<void> {
        const call = ids.map(eventOf).filter((event) => event.recipients.length > 0)
        const appended = await events.append(call)
        for (const one of appended) {
          if (one.status === 'refused' && one.error.code === 'retry_too_late' && lateRetriesRefused) continue
          if (one.status === 'refused' || one.status === 'failed') throw one.error
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
          if (i > 0) expect(entry.offset).toBe(page.entries[i - 1]!.offset + 1)
          else if (!page.gap && !startsAgain) expect(entry.offset).toBe(cursor + 1)
          else expect(entry.offset).toBeGreaterThan(cursor)
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
    it('changes nothing', async () => {
      const event = sampleEvent('e1', ['ann', 'bob'])
      await t.log.append([event, sampleEvent('e2', ['ann'])])
      await t.complete('e1', { ann: [{ connectionId: 'c1', outcome: 'sent', at: t.clock.now() + 3 }] })
      const empty = await t.log.head('cat')
      const before = [
        await readAll(t.log, 'ann'),
        await readAll(t.log, 'bob'),
        await t.log.receipt('e1'),
        await t.log.receipt('e2'),
      ]
      t.clock.advance(10)
      await t.reopen()
      expect([
        await readAll(t.log, 'ann'),
        await readAll(t.log, 'bob'),
        await t.log.receipt('e1'),
        await t.log.receipt('e2'),
      ]).toEqual(before)
      expect(await t.log.head('cat')).toBe(empty)
      expect(statusesOf(await t.log.append([event, sampleEvent('e3', ['ann'])]))).toEqual([
        'logged',
        'appended',
      ])
      expectGapless(await readAll(t.log, 'ann'))
    })
  })
}

type Step =
  | { readonly do: 'append'; readonly ids: readonly number[] }
  | { readonly do: 'complete'; readonly id: number }
  | { readonly do: 'read'; readonly user: string; readonly limit: number }
