import { describe, expect, it } from 'vitest'
import { entryBytes } from '../../src/core/page.ts'
import type { LogEntry } from '../../src/core/ports.ts'
import { ALL, type CreateEventLog, offsetsOf, range, readAll, RETENTION, useLog } from './log-under-test.ts'

/** Reading. */
export function describeRead(create: CreateEventLog): void {
  const t = useLog(create)
  describe('a log that never was', () => {
    it('has a head above 0 that stays, and the first event comes right after it', async () => {
      const head = await t.log.head('ann')
      expect(head).toBeGreaterThan(0)
      t.clock.advance(RETENTION / 2)
      expect(await t.log.head('ann')).toBe(head)
      expect(await t.fill('ann', 1)).toEqual([head + 1])
      expect(await t.log.head('ann')).toBe(head + 1)
    })

    it('has one head, however many ask first', async () => {
      const heads = await Promise.all(
        range(20).map((i) =>
          i % 2 ? t.log.head('ann') : t.log.newest('ann', ALL).then((page) => page.head),
        ),
      )
      expect(new Set(heads).size).toBe(1)
    })

    it.each([
      ['after', async () => (await t.log.after('ann', 0, ALL)).head],
      ['newest', async () => (await t.log.newest('ann', ALL)).head],
      ['cursorAt', async () => (await t.log.cursorAt('ann', 0, 10)).cursor],
      ['end', async () => (await t.log.end('ann')).head],
    ])('is started by %s', async (_, read) => {
      const answer = await read()
      t.clock.advance(1000)
      expect(await t.log.head('ann')).toBe(answer)
    })

    it('is empty in every way', async () => {
      const head = await t.log.head('ann')
      expect(await t.log.after('ann', head, ALL)).toEqual({ entries: [], head, more: false, gap: false })
      expect(await t.log.newest('ann', ALL)).toEqual({ entries: [], head, more: false, gap: false })
      expect(await t.log.cursorAt('ann', 0, 10)).toEqual({ cursor: head, complete: true })
      expect(await t.log.end('ann')).toEqual({ head })
    })
  })

  describe('end', () => {
    it('is the head, and when the newest event was logged', async () => {
      for (const step of [0, 1, 1000]) {
        t.clock.advance(step)
        const [head] = await t.fill('ann', 1, 0)
        expect(await t.log.end('ann')).toEqual({ head, loggedAt: t.clock.now() })
      }
      expect((await t.log.end('ann')).head).toBe(await t.log.head('ann'))
    })

    it('says when that was, not what time it is, and of one log alone', async () => {
      const [head] = await t.fill('ann', 1)
      const loggedAt = t.clock.now() - 1
      t.clock.advance(RETENTION / 2)
      await t.fill('bob', 2)
      expect(await t.log.end('ann')).toEqual({ head, loggedAt })
    })

    it('does not fall back though the clock does', async () => {
      const loggedAt = t.clock.now()
      await t.fill('ann', 1, -5000)
      const [head] = await t.fill('ann', 1, 0)
      expect(await t.log.end('ann')).toEqual({ head, loggedAt })
    })
  })

  describe('after', () => {
    it('pages by count, and says when there is more', async () => {
      const offsets = await t.fill('ann', 10)
      const page = await t.log.after('ann', offsets[2]!, { events: 4, bytes: ALL.bytes })
      expect(offsetsOf(page.entries)).toEqual(offsets.slice(3, 7))
      expect(page).toMatchObject({ head: offsets[9], more: true, gap: false })
      const rest = await t.log.after('ann', offsets[6]!, { events: 4, bytes: ALL.bytes })
      expect(offsetsOf(rest.entries)).toEqual(offsets.slice(7))
      expect(rest).toMatchObject({ more: false, gap: false })
      expect((await t.log.after('ann', offsets[5]!, { events: 4, bytes: ALL.bytes })).more).toBe(false)
    })

    it('pages by bytes, before the limit is exceeded', async () => {
      const offsets = await t.fill('ann', 6)
      const [first, second, third] = (await readAll(t.log, 'ann')) as [LogEntry, LogEntry, LogEntry]
      const exact = entryBytes(first) + entryBytes(second) + entryBytes(third)
      const sizeWithin = async (bytes: number) =>
        (await t.log.after('ann', offsets[0]! - 1, { events: 100, bytes })).entries.length
      expect(await sizeWithin(exact)).toBe(3)
      expect(await sizeWithin(exact - 1)).toBe(2)
    })

    it('carries at least one entry, however small the page', async () => {
      const offsets = await t.fill('ann', 3)
      const page = await t.log.after('ann', offsets[0]! - 1, { events: 1, bytes: 1 })
      expect(offsetsOf(page.entries)).toEqual([offsets[0]])
      expect(page.more).toBe(true)
      expect(await readAll(t.log, 'ann', 0, { events: 100, bytes: 1 })).toHaveLength(3)
    })

    it('has nothing at the head and above it', async () => {
      const [head] = await t.fill('ann', 1)
      for (const cursor of [head!, head! + 1, Number.MAX_SAFE_INTEGER]) {
        expect(await t.log.after('ann', cursor, ALL)).toEqual({ entries: [], head, more: false, gap: false })
      }
    })

    it('tells a cursor from before the log began that it may have missed something', async () => {
      const offsets = await t.fill('ann', 2)
      const page = await t.log.after('ann', 0, ALL)
      expect(offsetsOf(page.entries)).toEqual(offsets)
      expect(page.gap).toBe(true)
      expect((await t.log.after('ann', offsets[0]! - 2, ALL)).gap).toBe(true)
      expect((await t.log.after('ann', offsets[0]! - 1, ALL)).gap).toBe(false)
      const empty = await t.log.head('bob')
      expect(await t.log.after('bob', empty - 1, ALL)).toEqual({
        entries: [],
        head: empty,
        more: false,
        gap: true,
      })
    })
  })

  describe('newest', () => {
    it('has the newest entries, ascending', async () => {
      const offsets = await t.fill('ann', 5)
      const page = await t.log.newest('ann', { events: 3, bytes: ALL.bytes })
      expect(offsetsOf(page.entries)).toEqual(offsets.slice(2))
      expect(page).toMatchObject({ head: offsets[4], more: false, gap: false })
      expect(offsetsOf((await t.log.newest('ann', ALL)).entries)).toEqual(offsets)
    })

    it('ends by bytes, but carries at least one', async () => {
      const offsets = await t.fill('ann', 5)
      const last = (await readAll(t.log, 'ann')).slice(-2)
      const exact = entryBytes(last[0]!) + entryBytes(last[1]!)
      const within = async (bytes: number) =>
        offsetsOf((await t.log.newest('ann', { events: 10, bytes })).entries)
      expect(await within(exact)).toEqual(offsets.slice(3))
      expect(await within(exact - 1)).toEqual(offsets.slice(4))
      expect(await within(1)).toEqual(offsets.slice(4))
    })
  })

  describe('cursorAt', () => {
    it('is right below the first entry logged at or after the time', async () => {
      const start = t.clock.now()
      const offsets = await t.fill('ann', 10, 10)
      expect(await t.log.cursorAt('ann', start + 40, 100)).toEqual({ cursor: offsets[3], complete: true })
      expect(await t.log.cursorAt('ann', start + 41, 100)).toEqual({ cursor: offsets[4], complete: true })
      expect(await t.log.cursorAt('ann', start + 1000, 100)).toEqual({ cursor: offsets[9], complete: true })
    })

    it('has all that were logged in one millisecond', async () => {
      const start = t.clock.now()
      const [first] = await t.fill('ann', 1)
      await t.fill('ann', 5, 0)
      expect(await t.log.cursorAt('ann', start + 1, 100)).toEqual({ cursor: first, complete: true })
    })

    it('is below all that is kept for a time before that', async () => {
      const offsets = await t.fill('ann', 5)
      expect(await t.log.cursorAt('ann', 0, 100)).toEqual({ cursor: offsets[0]! - 1, complete: true })
    })

    it('walks back only so far, and says so', async () => {
      const offsets = await t.fill('ann', 10)
      expect(await t.log.cursorAt('ann', 0, 4)).toEqual({ cursor: offsets[5], complete: false })
      const start = t.clock.now() - 2
      expect(await t.log.cursorAt('ann', start, 4)).toEqual({ cursor: offsets[7], complete: true })
    })

    it('is complete where exactly as many events are newer as it walks', async () => {
      const start = t.clock.now()
      const offsets = await t.fill('ann', 10, 10)
      expect(await t.log.cursorAt('ann', start + 51, 4)).toEqual({ cursor: offsets[5], complete: true })
      expect(await t.log.cursorAt('ann', start + 41, 4)).toEqual({ cursor: offsets[5], complete: false })
    })

    it('does not come to what has expired', async () => {
      await t.fill('ann', 3)
      t.clock.advance(RETENTION)
      const offsets = await t.fill('ann', 2)
      expect(await t.log.cursorAt('ann', 0, 100)).toEqual({ cursor: offsets[0]! - 1, complete: true })
    })
  })
}
