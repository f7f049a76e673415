/** What every `DeviceLedger` must do. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import type { Clock, DeviceLedger, DeviceState } from '../../src/core/ports.ts'
import { ManualClock } from './manual-clock.ts'
import { NASTY_IDS } from './samples.ts'

export interface DeviceLedgerUnderTest {
  readonly ledger: DeviceLedger
  /** The same data through a new instance, as after a restart; left out where that means nothing. */
  reopen?(): Promise<DeviceLedger>
  close(): Promise<void>
}

export type CreateDeviceLedger = (options: {
  clock: Clock
  retentionMs: number
}) => Promise<DeviceLedgerUnderTest>

/** Some times `LIMITS.seenAccuracy`. */
const RETENTION = 10_000_000

const range = (count: number) => Array.from({ length: count }, (_, i) => i)

export function describeDeviceLedger(name: string, create: CreateDeviceLedger): void {
  describe(`device ledger: ${name}`, () => {
    let clock: ManualClock
    let subject: DeviceLedgerUnderTest
    let ledger: DeviceLedger

    beforeEach(async () => {
      clock = new ManualClock()
      subject = await create({ clock, retentionMs: RETENTION })
      ledger = subject.ledger
    })
    afterEach(async () => {
      await subject.close()
    })

    const stateOf = async (userId: string, device: string): Promise<DeviceState> => {
      const states = (await ledger.ofUser(userId)).filter((state) => state.device === device)
      expect(states).toHaveLength(1)
      return states[0]!
    }
    const acknowledgedBy = async (userId: string, device: string) =>
      (await stateOf(userId, device)).acknowledgements.at(-1)?.offset
    const devicesOf = async (userId: string) =>
      (await ledger.ofUser(userId)).map(({ device }) => device).sort()
    const reportedBy = async (device: string) =>
      (await stateOf('ann', device)).reports.map(({ offset, error }) => [offset, error])

    it('knows a device that was seen, and has told nothing yet', async () => {
      await ledger.seen('ann', 'phone', 0)
      const seen = { device: 'phone', seenAt: clock.now(), acknowledgements: [], reports: [] }
      expect(await ledger.ofUser('ann')).toEqual([seen])
      clock.advance(10)
      await ledger.acknowledge('ann', 'phone', 0)
      expect((await ledger.ofUser('ann'))[0]?.acknowledgements).toEqual([{ offset: 0, at: clock.now() }])
      await ledger.seen('ann', 'phone', 0)
      expect((await ledger.ofUser('ann'))[0]?.acknowledgements).toHaveLength(1)
    })

    it('remembers when it was seen, to within the accuracy', async () => {
      await ledger.seen('ann', 'phone', 0)
      const at = clock.now()
      clock.advance(LIMITS.seenAccuracy - 1)
      await ledger.seen('ann', 'phone', 0)
      expect([at, clock.now()]).toContain((await ledger.ofUser('ann'))[0]?.seenAt)
      clock.advance(1)
      await ledger.seen('ann', 'phone', 0)
      expect((await ledger.ofUser('ann'))[0]?.seenAt).toBeGreaterThan(at)
    })

    it('knows where a device begins that comes with a cursor, and nothing is known of', async () => {
      await ledger.seen('ann', 'phone', 42)
      expect((await ledger.ofUser('ann'))[0]?.acknowledgements).toEqual([
        { offset: 42, at: clock.now(), isStart: true },
      ])
      clock.advance(1)
      await ledger.seen('ann', 'phone', 50)
      await ledger.acknowledge('ann', 'phone', 51)
      expect((await ledger.ofUser('ann'))[0]?.acknowledgements).toEqual([
        { offset: 42, at: clock.now() - 1, isStart: true },
        { offset: 51, at: clock.now() },
      ])
    })

    it('knows where a device began anew: never below what it had', async () => {
      await ledger.acknowledge('ann', 'phone', 42)
      await ledger.begins('ann', 'phone', 41)
      await ledger.begins('ann', 'phone', 42)
      await ledger.begins('ann', 'phone', 60)
      await ledger.acknowledge('ann', 'phone', 60)
      await ledger.begins('ann', 'tablet', 60)
      const at = clock.now()
      expect(
        (await ledger.ofUser('ann'))
          .map(({ device, acknowledgements }) => [device, acknowledgements])
          .toSorted(),
      ).toEqual([
        [
          'phone',
          [
            { offset: 42, at },
            { offset: 60, at, isStart: true },
          ],
        ],
        ['tablet', [{ offset: 60, at, isStart: true }]],
      ])
    })

    it('remembers that it was told by a poll, and that nothing is known before the first', async () => {
      await ledger.acknowledge('ann', 'phone', 42, 'poll')
      await ledger.acknowledge('ann', 'phone', 43, 'poll')
      await ledger.acknowledge('ann', 'phone', 44)
      expect((await ledger.ofUser('ann'))[0]?.acknowledgements).toEqual([
        { offset: 42, at: clock.now(), isPoll: true, isStart: true },
        { offset: 43, at: clock.now(), isPoll: true },
        { offset: 44, at: clock.now() },
      ])
    })

    it('tells of the devices that were seen last, not of all that a client invents', async () => {
      for (let device = 0; device < LIMITS.devicesPerUser + 5; device++) {
        await ledger.seen('ann', `device ${device}`, 0)
        clock.advance(1)
      }
      const told = await devicesOf('ann')
      expect(told).toHaveLength(LIMITS.devicesPerUser)
      expect(told).toContain(`device ${LIMITS.devicesPerUser + 4}`)
      expect(told).not.toContain('device 0')
    })

    it('knows no device at first', async () => {
      expect(await ledger.ofUser('ann')).toEqual([])
    })

    describe('an acknowledgement', () => {
      it('says how far a device has come, and when that was heard', async () => {
        await ledger.acknowledge('ann', 'phone', 42)
        const acknowledgements = [{ offset: 42, at: clock.now() }]
        expect(await ledger.ofUser('ann')).toEqual([
          { device: 'phone', seenAt: clock.now(), acknowledgements, reports: [] },
        ])
        expect(await ledger.ofUser('bob')).toEqual([])
      })

      it('moves up and never down', async () => {
        await ledger.acknowledge('ann', 'phone', 42)
        const first = { offset: 42, at: clock.now() }
        clock.advance(10)
        for (const offset of [41, 42, 0]) await ledger.acknowledge('ann', 'phone', offset)
        expect((await stateOf('ann', 'phone')).acknowledgements).toEqual([first])
        await ledger.acknowledge('ann', 'phone', 43)
        const second = { offset: 43, at: clock.now() }
        expect((await stateOf('ann', 'phone')).acknowledgements).toEqual([first, second])
      })

      it('is kept with the newest before it, each with its time, ascending', async () => {
        const made = []
        for (const i of range(LIMITS.acknowledgements + 5)) {
          await ledger.acknowledge('ann', 'phone', 10 + 3 * i)
          made.push({ offset: 10 + 3 * i, at: clock.now() })
          clock.advance(1000)
        }
        const kept = made.slice(-LIMITS.acknowledgements)
        expect((await stateOf('ann', 'phone')).acknowledgements).toEqual(kept)
      })

      it('of many at once: the highest is the last of those kept, and each kept one was made', async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.uuid(),
            fc.array(fc.array(fc.nat(1000), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 3 }),
            async (device, rounds) => {
              const made = new Set<string>()
              for (const offsets of rounds) {
                for (const offset of offsets) made.add(JSON.stringify({ offset, at: clock.now() }))
                await Promise.all(offsets.map((offset) => ledger.acknowledge('ann', device, offset)))
                clock.advance(1000)
              }
              const { acknowledgements } = await stateOf('ann', device)
              const kept = acknowledgements.map(({ offset }) => offset)
              expect(kept.at(-1)).toBe(Math.max(...rounds.flat()))
              expect(kept).toEqual([...new Set(kept)].toSorted((a, b) => a - b))
              expect(kept.length).toBeLessThanOrEqual(LIMITS.acknowledgements)
              const invented = acknowledgements.filter(
                ({ offset, at }) => !made.has(JSON.stringify({ offset, at })),
              )
              expect(invented).toEqual([])
            },
          ),
          { numRuns: 20 },
        )
      })
    })

    describe('a report', () => {
      it('says on which event a handler failed, beside the acknowledgements', async () => {
        await ledger.report('ann', 'phone', 7, 'TypeError: x is undefined')
        const reports = [{ offset: 7, error: 'TypeError: x is undefined', at: clock.now() }]
        const told = { device: 'phone', seenAt: clock.now(), reports }
        expect(await ledger.ofUser('ann')).toEqual([{ ...told, acknowledgements: [] }])
        await ledger.acknowledge('ann', 'phone', 9)
        const acknowledgements = [{ offset: 9, at: clock.now() }]
        expect(await ledger.ofUser('ann')).toEqual([{ ...told, acknowledgements }])
      })

      it('is kept if its offset is among the highest, in whatever order they come', async () => {
        for (const offset of [5, 9, 1, 8, 3]) await ledger.report('ann', 'phone', offset, `e${offset}`)
        expect((await reportedBy('phone')).map(([offset]) => offset)).toEqual([1, 3, 5, 8, 9])
        await ledger.report('ann', 'phone', 7, 'e7')
        await ledger.report('ann', 'phone', 2, 'too old')
        expect(await reportedBy('phone')).toEqual([3, 5, 7, 8, 9].map((offset) => [offset, `e${offset}`]))
      })

      it('of an event that failed before takes the place of the earlier one', async () => {
        await ledger.report('ann', 'phone', 7, 'first')
        await ledger.report('ann', 'phone', 8, 'other')
        clock.advance(5)
        await ledger.report('ann', 'phone', 7, 'second')
        const [seven, eight] = (await stateOf('ann', 'phone')).reports
        expect(seven).toEqual({ offset: 7, error: 'second', at: clock.now() })
        expect(eight).toEqual({ offset: 8, error: 'other', at: clock.now() - 5 })
      })

      it('keeps its text as it is', async () => {
        const texts = ['', '\0', '😀"\\', 'é\n\tat x (y:1)', '€'.repeat(LIMITS.reportLength)]
        for (const [i, text] of texts.entries()) await ledger.report('ann', 'phone', i + 1, text)
        expect(await reportedBy('phone')).toEqual(texts.map((text, i) => [i + 1, text]))
      })

      it('of many at once: none of the highest is lost, nor the acknowledgement among them', async () => {
        const offsets = range(LIMITS.reports + 4).map((i) => 10 + ((i * 4) % (LIMITS.reports + 4)))
        await Promise.all([
          ...offsets.map((offset) => ledger.report('ann', 'phone', offset, `e${offset}`)),
          ledger.acknowledge('ann', 'phone', 99),
        ])
        const kept = offsets.toSorted((a, b) => a - b).slice(-LIMITS.reports)
        expect(await reportedBy('phone')).toEqual(kept.map((offset) => [offset, `e${offset}`]))
        expect(await acknowledgedBy('ann', 'phone')).toBe(99)
      })
    })

    describe('when a device was seen', () => {
      const expectSeen = async (at: number) => {
        const { seenAt } = await stateOf('ann', 'phone')
        expect(seenAt).toBeGreaterThanOrEqual(at - LIMITS.seenAccuracy)
        expect(seenAt).toBeLessThanOrEqual(at)
      }

      it.each([
        ['an acknowledgement', async () => ledger.acknowledge('ann', 'phone', 6)],
        ['an acknowledgement that brings no news', async () => ledger.acknowledge('ann', 'phone', 5)],
        ['an old acknowledgement', async () => ledger.acknowledge('ann', 'phone', 1)],
        ['a report', async () => ledger.report('ann', 'phone', 6, 'x')],
        ['a report of what failed long ago', async () => ledger.report('ann', 'phone', 1, 'x')],
      ])('is known accurately enough from %s', async (_, tell) => {
        await ledger.acknowledge('ann', 'phone', 5)
        for (const offset of [11, 12, 13, 14, 15]) await ledger.report('ann', 'phone', offset, 'x')
        for (const pause of [1, 0.5, 0.6, 2].map((times) => times * LIMITS.seenAccuracy)) {
          clock.advance(pause)
          await tell()
          await expectSeen(clock.now())
        }
        const last = clock.now()
        clock.advance(3 * LIMITS.seenAccuracy)
        await expectSeen(last)
      })
    })

    it('tells a user’s devices apart', async () => {
      await Promise.all([ledger.acknowledge('ann', 'phone', 1), ledger.acknowledge('ann', 'tablet', 2)])
      expect(await devicesOf('ann')).toEqual(['phone', 'tablet'])
      expect(await acknowledgedBy('ann', 'tablet')).toBe(2)
      expect(await acknowledgedBy('ann', 'phone')).toBe(1)
    })

    it('keeps users and devices apart, whatever they are called', async () => {
      for (const [i, id] of NASTY_IDS.entries()) await ledger.acknowledge(id, 'phone', i)
      for (const [i, id] of NASTY_IDS.entries()) expect(await acknowledgedBy(id, 'phone')).toBe(i)
      for (const [i, id] of NASTY_IDS.entries()) await ledger.acknowledge('bob', id, i)
      for (const [i, id] of NASTY_IDS.entries()) expect(await acknowledgedBy('bob', id)).toBe(i)
    })

    it('forgets a device that was silent for as long as events are kept', async () => {
      await ledger.acknowledge('ann', 'phone', 1)
      clock.advance(RETENTION / 2)
      await ledger.acknowledge('ann', 'tablet', 1)
      clock.advance(RETENTION / 2)
      expect(await devicesOf('ann')).toEqual(['phone', 'tablet'])
      clock.advance(1)
      expect(await devicesOf('ann')).toEqual(['tablet'])
      await ledger.report('ann', 'tablet', 1, 'x')
      clock.advance(RETENTION - 1)
      expect(await devicesOf('ann')).toEqual(['tablet'])
      clock.advance(2)
      expect(await devicesOf('ann')).toEqual([])
    })

    it('knows nothing more of a device that it had forgotten and that is back', async () => {
      await ledger.acknowledge('ann', 'phone', 42)
      await ledger.report('ann', 'phone', 41, 'x')
      clock.advance(RETENTION + 1)
      await ledger.acknowledge('ann', 'phone', 7)
      const acknowledgements = [{ offset: 7, at: clock.now() }]
      expect(await ledger.ofUser('ann')).toEqual([
        { device: 'phone', seenAt: clock.now(), acknowledgements, reports: [] },
      ])
    })

    it('outlasts a restart', async () => {
      for (const offset of [40, 41, 42]) await ledger.acknowledge('ann', 'phone', offset)
      for (const offset of [38, 41]) await ledger.report('ann', 'phone', offset, 'x')
      const before = await ledger.ofUser('ann')
      ledger = (await subject.reopen?.()) ?? ledger
      expect(await ledger.ofUser('ann')).toEqual(before)
      await ledger.acknowledge('ann', 'phone', 41)
      expect(await acknowledgedBy('ann', 'phone')).toBe(42)
    })
  })
}
