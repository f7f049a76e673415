/** What every `RefusalLedger` must do. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PROBLEMS, type ProblemCode } from '../../src/core/codes.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { Clock, Refusal, RefusalLedger } from '../../src/core/ports.ts'
import { ManualClock } from './manual-clock.ts'
import { NASTY_IDS } from './samples.ts'

export interface RefusalLedgerUnderTest {
  readonly refusals: RefusalLedger
  /** The same data through a new instance, as after a restart; left out where that means nothing. */
  reopen?(): Promise<RefusalLedger>
  close(): Promise<void>
}

export type CreateRefusalLedger = (options: {
  clock: Clock
  retentionMs: number
}) => Promise<RefusalLedgerUnderTest>

const RETENTION = 1_000_000

export function describeRefusalLedger(name: string, create: CreateRefusalLedger): void {
  describe(`refusal ledger: ${name}`, () => {
    let clock: ManualClock
    let subject: RefusalLedgerUnderTest
    let refusals: RefusalLedger

    beforeEach(async () => {
      clock = new ManualClock()
      subject = await create({ clock, retentionMs: RETENTION })
      refusals = subject.refusals
    })
    afterEach(async () => {
      await subject.close()
    })

    const refusal = (eventId: string, more: Partial<Refusal> = {}): Refusal => {
      return { eventId, code: 'invalid_event', message: 'the type is missing', at: clock.now(), ...more }
    }
    const note = async (eventId: string, more: Partial<Refusal> = {}) => {
      const noted = refusal(eventId, more)
      await refusals.note(noted)
      return noted
    }

    it('knows nothing of an event that was never refused', async () => {
      expect(await refusals.find('e-1')).toBeUndefined()
      await note('e-2')
      expect(await refusals.find('e-1')).toBeUndefined()
    })

    it.each(Object.keys(PROBLEMS) as ProblemCode[])(
      'knows one from the moment it is noted: %s',
      async (code) => {
        const noted = await note('e-1', { code })
        expect(await refusals.find('e-1')).toStrictEqual(noted)
      },
    )

    it('tells the field where there is one; the whole event is a field, too', async () => {
      for (const path of ['/trainerIds/7', '', '/a~1b/é']) {
        const noted = await note('e-1', { path })
        expect(await refusals.find('e-1')).toStrictEqual(noted)
      }
      const noted = await note('e-1')
      expect(await refusals.find('e-1')).toStrictEqual(noted)
    })

    it('keeps texts as they are, up to the longest', async () => {
      const long = '€'.repeat(LIMITS.refusalLength)
      for (const [i, text] of ['', '\0', '😀"\\', '\uffff\ufeff', 'a\nb', long].entries()) {
        const noted = await note(`e-${i}`, { message: text, path: text })
        expect(await refusals.find(`e-${i}`)).toStrictEqual(noted)
      }
    })

    it('knows the last refusal of an id, and nothing more of the one before', async () => {
      await note('e-1', { code: 'event_too_large', message: 'too large', path: '/s' })
      clock.advance(5)
      const last = await note('e-1', { code: 'id_conflict', message: 'another event has it' })
      expect(await refusals.find('e-1')).toStrictEqual(last)
    })

    it('keeps one for as long as events are kept, and no longer', async () => {
      const noted = await note('e-1')
      clock.advance(RETENTION - 1)
      expect(await refusals.find('e-1')).toStrictEqual(noted)
      clock.advance(2)
      expect(await refusals.find('e-1')).toBeUndefined()
      const again = await note('e-1', { message: 'again' })
      expect(await refusals.find('e-1')).toStrictEqual(again)
    })

    it('keeps one that is refused again for as long once more', async () => {
      await note('e-1')
      clock.advance(RETENTION / 2)
      const again = await note('e-1', { message: 'again' })
      clock.advance(RETENTION - 1)
      expect(await refusals.find('e-1')).toStrictEqual(again)
    })

    it('takes many at once: each event’s own, and of one event one of them, whole', async () => {
      const ids = Array.from({ length: 50 }, (_, i) => `e-${i}`)
      const rivals = ['a', 'b', 'c'].map((text) => refusal('rival', { message: text, path: `/${text}` }))
      await Promise.all([
        ...ids.map(async (id) => note(id, { message: id })),
        ...rivals.map(async (rival) => refusals.note(rival)),
      ])
      for (const id of ids) expect((await refusals.find(id))?.message).toBe(id)
      expect(rivals).toContainEqual(await refusals.find('rival'))
    })

    it('keeps events apart, whatever their ids', async () => {
      for (const [i, id] of NASTY_IDS.entries()) await note(id, { message: `${i}` })
      for (const [i, id] of NASTY_IDS.entries()) {
        expect(await refusals.find(id)).toStrictEqual(refusal(id, { message: `${i}` }))
      }
    })

    it('outlasts a restart', async () => {
      const noted = await note('e-1', { path: '/type' })
      refusals = (await subject.reopen?.()) ?? refusals
      expect(await refusals.find('e-1')).toStrictEqual(noted)
    })
  })
}
