import { describe, expect, it } from 'vitest'
import { boundDetail } from '../../src/core/delivery-detail.ts'
import type { AcceptedEvent } from '../../src/core/event.ts'
import { LIMITS } from '../../src/core/limits.ts'
import {
  ALL,
  type CreateEventLog,
  expectGapless,
  idsOf,
  range,
  readAll,
  receiptOf,
  statusesOf,
  useLog,
} from './log-under-test.ts'
import { NASTY_IDS, sampleEvent } from './samples.ts'

/** Appending. */
export function describeAppend(create: CreateEventLog): void {
  const t = useLog(create)
  describe('append', () => {
    it('puts an event into the log of each recipient and answers its receipt', async () => {
      const event: AcceptedEvent = {
        ...sampleEvent('e1', []),
        recipients: [
          { userId: 'ann', field: 'trainerId' },
          { userId: 'bob', field: 'studentId' },
        ],
      }
      const heads = { ann: await t.log.head('ann'), bob: await t.log.head('bob') }
      const receipt = {
        eventId: 'e1',
        type: event.type,
        digest: event.digest,
        state: 'accepted',
        acceptedAt: t.clock.now(),
        recipients: [
          { userId: 'ann', field: 'trainerId', offset: heads.ann + 1, deliveries: [] },
          { userId: 'bob', field: 'studentId', offset: heads.bob + 1, deliveries: [] },
        ],
      }
      expect(await t.log.append([event])).toEqual([{ status: 'appended', receipt }])
      expect(await t.log.receipt('e1')).toEqual(receipt)
      for (const userId of ['ann', 'bob'] as const) {
        const entry = { offset: heads[userId] + 1, loggedAt: t.clock.now(), text: event.text }
        expect(await t.log.after(userId, heads[userId], ALL)).toEqual({
          entries: [entry],
          head: heads[userId] + 1,
          more: false,
          gap: false,
        })
      }
    })

    it('keeps the order given, and answers in it', async () => {
      const ids = range(50).map((i) => `e${(i * 7) % 50}`)
      const appended = await t.log.append(ids.map((id) => sampleEvent(id, ['ann'])))
      expect(appended.map((one) => one.status === 'appended' && one.receipt.eventId)).toEqual(ids)
      const entries = await readAll(t.log, 'ann')
      expect(idsOf(entries)).toEqual(ids)
      expectGapless(entries)
    })

    it('counts each log by itself', async () => {
      await t.log.append([
        sampleEvent('e1', ['ann']),
        sampleEvent('e2', ['ann', 'bob']),
        sampleEvent('e3', ['bob']),
      ])
      expect(idsOf(await readAll(t.log, 'ann'))).toEqual(['e1', 'e2'])
      expect(idsOf(await readAll(t.log, 'bob'))).toEqual(['e2', 'e3'])
      expectGapless(await readAll(t.log, 'ann'))
      expectGapless(await readAll(t.log, 'bob'))
    })

    it('gives the text back as it was', async () => {
      const texts = [
        '{ "a" : 1.0 }',
        '{"a":"😀é\uffff\ufeff"}',
        '\ufeff{}',
        '{"a":"\\u0000\\ud800"}',
        `"${'x'.repeat(120_000)}"`,
      ]
      await t.log.append(texts.map((text, i) => ({ ...sampleEvent(`e${i}`, ['ann']), text })))
      expect((await readAll(t.log, 'ann')).map(({ text }) => text)).toEqual(texts)
    })

    it('takes nothing, too', async () => {
      expect(await t.log.append([])).toEqual([])
    })

    it('says when the events were logged, and that never falls, though the clock steps back', async () => {
      const start = t.clock.now()
      await t.log.append([sampleEvent('e1', ['ann'])])
      t.clock.advance(-5000)
      await t.log.append([sampleEvent('e2', ['ann']), sampleEvent('e3', ['bob'])])
      t.clock.advance(5001)
      await t.log.append([sampleEvent('e4', ['ann'])])
      expect((await readAll(t.log, 'ann')).map(({ loggedAt }) => loggedAt)).toEqual([start, start, start + 1])
      expectGapless(await readAll(t.log, 'ann'))
    })
  })

  describe('append, again', () => {
    it('of an accepted event writes nothing and answers the same offsets', async () => {
      const event = sampleEvent('e1', ['ann', 'bob'])
      const first = await t.log.append([event])
      await t.log.append([sampleEvent('e2', ['ann'])])
      t.clock.advance(1000)
      expect(await t.log.append([event])).toEqual(first)
      expect(idsOf(await readAll(t.log, 'ann'))).toEqual(['e1', 'e2'])
      expect(idsOf(await readAll(t.log, 'bob'))).toEqual(['e1'])
    })

    it('of a completed event answers `logged` and how the deliveries went', async () => {
      const event = sampleEvent('e1', ['ann', 'bob'])
      await t.log.append([event])
      const deliveries = [
        { connectionId: 'c1', device: 'phone', outcome: 'sent' as const, at: t.clock.now() + 7 },
      ]
      await t.complete('e1', { bob: deliveries })
      const [again] = await t.log.append([event])
      const receipt = await receiptOf(t.log, 'e1')
      expect(again).toEqual({ status: 'logged', receipt })
      expect(receipt.recipients.map((recipient) => recipient.deliveries)).toEqual([[], deliveries])
      expect(idsOf(await readAll(t.log, 'ann'))).toEqual(['e1'])
    })

    it('with other content is refused, and names the id; the rest of the call is taken', async () => {
      await t.log.append([sampleEvent('e1', ['ann'])])
      const call = [
        sampleEvent('e0', ['ann']),
        sampleEvent('e1', ['ann', 'bob'], 'other'),
        sampleEvent('e2', ['ann']),
      ]
      const appended = await t.log.append(call)
      expect(statusesOf(appended)).toEqual(['appended', 'refused', 'appended'])
      const [, refused] = appended
      expect(refused?.status === 'refused' && refused.error.code).toBe('id_conflict')
      expect(refused?.status === 'refused' && refused.error.message).toContain('"e1"')
      expect(idsOf(await readAll(t.log, 'ann'))).toEqual(['e1', 'e0', 'e2'])
      expect(await readAll(t.log, 'bob')).toEqual([])
    })

    it('with other content is refused after completion as well', async () => {
      await t.log.append([sampleEvent('e1', ['ann'])])
      await t.complete('e1')
      expect(statusesOf(await t.log.append([sampleEvent('e1', ['ann'], 'other')]))).toEqual(['refused'])
      expect((await t.log.receipt('e1'))?.state).toBe('logged')
    })

    it('does not mind any id', async () => {
      const events = NASTY_IDS.map((id) => sampleEvent(id, ['ann'], id))
      await t.log.append(events)
      expect(statusesOf(await t.log.append(events))).toEqual(events.map(() => 'appended'))
      expect(idsOf(await readAll(t.log, 'ann'))).toEqual([...NASTY_IDS])
      expect((await t.log.receipt('a'))?.digest).toBe(events[0]!.digest)
    })
  })

  describe('append, concurrently', () => {
    it('of 200 events to one user leaves no hole and loses none', async () => {
      const events = range(200).map((i) => sampleEvent(`e${i}`, ['ann']))
      const appended = await Promise.all(events.map((event) => t.log.append([event])))
      const entries = await readAll(t.log, 'ann')
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
        const appended = (await Promise.all(range(4).map(() => t.log.append([event])))).flat()
        expect(new Set(appended.map((one) => JSON.stringify(one))).size).toBe(1)
      }
      expect(idsOf(await readAll(t.log, 'ann'))).toEqual(range(20).map((i) => `e${i}`))
      expect(idsOf(await readAll(t.log, 'bob'))).toEqual(range(20).map((i) => `e${i}`))
    })

    it('of two events with one id takes one of them', async () => {
      const rivals = ['a', 'b', 'c'].map((content) => t.log.append([sampleEvent('e1', ['ann'], content)]))
      const statuses = (await Promise.all(rivals)).flatMap(statusesOf)
      expect(statuses.sort()).toEqual(['appended', 'refused', 'refused'])
      expect(await readAll(t.log, 'ann')).toHaveLength(1)
    })

    it('to overlapping recipients keeps each log whole', async () => {
      const users = range(5).map((i) => `u${i}`)
      const events = range(60).map((i) => sampleEvent(`e${i}`, users.slice(i % 4, (i % 4) + 2)))
      await Promise.all(range(12).map((call) => t.log.append(events.slice(call * 5, call * 5 + 5))))
      for (const userId of users) {
        const mine = events.filter((event) =>
          event.recipients.some((recipient) => recipient.userId === userId),
        )
        const entries = await readAll(t.log, userId)
        expectGapless(entries)
        expect(idsOf(entries).sort()).toEqual(mine.map(({ id }) => id).sort())
      }
    })

    it('to a log that never was starts it once', async () => {
      const heads = await Promise.all([
        t.log.head('ann'),
        t.log.append([sampleEvent('e1', ['ann'])]).then(() => undefined),
        t.log.after('ann', 0, ALL).then((page) => page.head),
        t.log.append([sampleEvent('e2', ['ann'])]).then(() => undefined),
        t.log.head('ann'),
      ])
      const entries = await readAll(t.log, 'ann')
      expectGapless(entries)
      const before = entries[0]!.offset - 1
      for (const head of heads)
        if (head !== undefined) expect([before, before + 1, before + 2]).toContain(head)
    })
  })

  describe('complete and receipt', () => {
    it('know nothing of an event that never was', async () => {
      expect(await t.log.receipt('never')).toBeUndefined()
    })

    it('change nothing but the state and the deliveries', async () => {
      await t.log.append([sampleEvent('e1', ['ann', 'bob'])])
      const before = await receiptOf(t.log, 'e1')
      t.clock.advance(5)
      const deliveries = [
        { connectionId: 'c1', outcome: 'sent' as const, at: t.clock.now() },
        { connectionId: 'c2', device: 'tablet', outcome: 'gone' as const, at: t.clock.now() + 1234 },
      ]
      await t.complete('e1', { ann: deliveries })
      const [ann, bob] = before.recipients
      expect(await t.log.receipt('e1')).toEqual({
        ...before,
        state: 'logged',
        recipients: [{ ...ann, deliveries }, bob],
      })
    })

    it('keep deliveries that are only counted, alone and beside others', async () => {
      await t.log.append([sampleEvent('e1', ['ann', 'bob', 'cat'])])
      const receipt = await receiptOf(t.log, 'e1')
      const [ann, bob, cat] = receipt.recipients
      const deliveries = [{ connectionId: 'c1', outcome: 'gone' as const, at: t.clock.now() }]
      const recipients = [
        { ...ann!, deliveries, omitted: { sent: 3, throttled: 1 } },
        { ...bob!, omitted: { expired: 2 } },
        cat!,
      ]
      const logged = { ...receipt, state: 'logged' as const, recipients }
      await t.log.complete([logged])
      expect(await t.log.receipt('e1')).toEqual(logged)
      const again = await t.log.append([sampleEvent('e1', ['ann', 'bob', 'cat'])])
      expect(again).toEqual([{ status: 'logged', receipt: logged }])
    })

    it('keep the largest receipt there can be', async () => {
      const userIds = range(LIMITS.recipients).map((i) => `${'\u{1F600}'.repeat(60)}${i}`)
      await t.log.append([sampleEvent('e1', userIds)])
      const receipt = await receiptOf(t.log, 'e1')
      const deliveries = () =>
        range(LIMITS.connectionsPerUser).map((i) => ({
          connectionId: `connection-${i}`,
          device: '€'.repeat(LIMITS.idLength),
          outcome: 'throttled' as const,
          at: t.clock.now() + i,
        }))
      const recipients = boundDetail(receipt.recipients.map((one) => ({ ...one, deliveries: deliveries() })))
      const logged = { ...receipt, state: 'logged' as const, recipients }
      await t.log.complete([logged])
      expect(await t.log.receipt('e1')).toEqual(logged)
      const omitted = { throttled: LIMITS.connectionsPerUser }
      expect(recipients.at(-1)).toMatchObject({ deliveries: [], omitted })
    })
  })
}
