/** What every `DeviceLedger` must do. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock, DeviceLedger } from '../../src/core/ports.ts'
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

const RETENTION = 1_000_000

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

    const acknowledgedBy = async (userId: string, device: string) =>
      (await ledger.ofUser(userId)).find((state) => state.device === device)?.acknowledged
    const devicesOf = async (userId: string) =>
      (await ledger.ofUser(userId)).map(({ device }) => device).sort()

    it('knows no device at first', async () => {
      expect(await ledger.ofUser('ann')).toEqual([])
    })

    it('remembers how far a device has acknowledged, and when', async () => {
      await ledger.acknowledge('ann', 'phone', 42)
      const state = { device: 'phone', acknowledged: 42, acknowledgedAt: clock.now() }
      expect(await ledger.ofUser('ann')).toEqual([state])
      expect(await ledger.ofUser('bob')).toEqual([])
    })

    it('moves up and never down', async () => {
      await ledger.acknowledge('ann', 'phone', 42)
      const at = clock.now()
      clock.advance(10)
      for (const offset of [41, 42, 0]) await ledger.acknowledge('ann', 'phone', offset)
      expect(await ledger.ofUser('ann')).toEqual([{ device: 'phone', acknowledged: 42, acknowledgedAt: at }])
      await ledger.acknowledge('ann', 'phone', 43)
      expect(await ledger.ofUser('ann')).toEqual([
        { device: 'phone', acknowledged: 43, acknowledgedAt: at + 10 },
      ])
    })

    it('ends at the highest of many at once', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.uuid(),
          fc.array(fc.nat(1000), { minLength: 1, maxLength: 20 }),
          async (device, offsets) => {
            await Promise.all(offsets.map((offset) => ledger.acknowledge('ann', device, offset)))
            expect(await acknowledgedBy('ann', device)).toBe(Math.max(...offsets))
          },
        ),
        { numRuns: 20 },
      )
    })

    it('remembers the newest event that a handler failed on, beside the acknowledgement', async () => {
      await ledger.report('ann', 'phone', 7, 'TypeError: x is undefined')
      const report = { offset: 7, error: 'TypeError: x is undefined', at: clock.now() }
      expect(await ledger.ofUser('ann')).toEqual([{ device: 'phone', report }])
      await ledger.acknowledge('ann', 'phone', 9)
      expect(await ledger.ofUser('ann')).toEqual([
        { device: 'phone', acknowledged: 9, acknowledgedAt: clock.now(), report },
      ])
      await ledger.report('ann', 'phone', 6, 'an older one')
      expect((await ledger.ofUser('ann'))[0]?.report).toEqual(report)
      clock.advance(5)
      await ledger.report('ann', 'phone', 8, 'a newer one')
      expect((await ledger.ofUser('ann'))[0]?.report).toEqual({
        offset: 8,
        error: 'a newer one',
        at: clock.now(),
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

    it('outlasts a restart', async () => {
      await ledger.acknowledge('ann', 'phone', 42)
      await ledger.report('ann', 'phone', 41, 'x')
      const before = await ledger.ofUser('ann')
      ledger = (await subject.reopen?.()) ?? ledger
      expect(await ledger.ofUser('ann')).toEqual(before)
      await ledger.acknowledge('ann', 'phone', 41)
      expect(await acknowledgedBy('ann', 'phone')).toBe(42)
    })
  })
}
