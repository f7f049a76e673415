/** What all `Revocations` must do. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock, Revocations } from '../../src/core/ports.ts'
import { ManualClock } from './manual-clock.ts'
import { NASTY_IDS } from './samples.ts'

export interface RevocationsUnderTest {
  readonly revocations: Revocations
  /** The same data through a new instance, as after a restart; left out where that means nothing. */
  reopen?(): Promise<Revocations>
  close(): Promise<void>
}

export type CreateRevocations = (options: {
  clock: Clock
  retentionMs: number
}) => Promise<RevocationsUnderTest>

const RETENTION = 1_000_000

export function describeRevocations(name: string, create: CreateRevocations): void {
  describe(`revocations: ${name}`, () => {
    let clock: ManualClock
    let subject: RevocationsUnderTest
    let revocations: Revocations

    beforeEach(async () => {
      clock = new ManualClock()
      subject = await create({ clock, retentionMs: RETENTION })
      revocations = subject.revocations
    })
    afterEach(async () => {
      await subject.close()
    })

    const reopen = async () => {
      revocations = (await subject.reopen?.()) ?? revocations
    }

    it('know nothing of a user who was never disconnected', async () => {
      expect(await revocations.notBefore('ann')).toBeUndefined()
      await revocations.revoke('bob', clock.now())
      expect(await revocations.notBefore('ann')).toBeUndefined()
    })

    it('are known from the moment they were made, to the millisecond', async () => {
      for (const _ of [1, 2, 3]) {
        clock.advance(1)
        await revocations.revoke('ann', clock.now())
        expect(await revocations.notBefore('ann')).toBe(clock.now())
      }
    })

    it('never move back', async () => {
      const at = clock.now()
      await revocations.revoke('ann', at)
      for (const earlier of [at - 1, at - 3_600_000, 1, at]) {
        await revocations.revoke('ann', earlier)
        expect(await revocations.notBefore('ann')).toBe(at)
      }
    })

    it('end at the latest of many at once', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.uuid(),
          fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 12 }),
          async (userId, times) => {
            await Promise.all(times.map((time) => revocations.revoke(userId, clock.now() + time)))
            expect(await revocations.notBefore(userId)).toBe(clock.now() + Math.max(...times))
          },
        ),
        { numRuns: 20 },
      )
    })

    it('are kept for good: a token may be valid for longer than events are kept', async () => {
      const at = clock.now()
      await revocations.revoke('ann', at)
      for (const retentions of [1, 2, 1000]) {
        clock.advance(retentions * RETENTION + 1)
        expect(await revocations.notBefore('ann')).toBe(at)
        await revocations.revoke('ann', at - 1)
        expect(await revocations.notBefore('ann')).toBe(at)
      }
    })

    it('keep users apart, whatever their ids', async () => {
      const at = clock.now()
      for (const [i, id] of NASTY_IDS.entries()) await revocations.revoke(id, at + i)
      for (const [i, id] of NASTY_IDS.entries()) expect(await revocations.notBefore(id)).toBe(at + i)
    })

    it('outlast a restart', async () => {
      const at = clock.now()
      await revocations.revoke('ann', at)
      await reopen()
      expect(await revocations.notBefore('ann')).toBe(at)
      await revocations.revoke('ann', at - 1)
      expect(await revocations.notBefore('ann')).toBe(at)
    })
  })
}
