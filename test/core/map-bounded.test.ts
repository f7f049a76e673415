import { setImmediate as allOthers } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mapBounded } from '../../src/core/map-bounded.ts'

describe('mapBounded', () => {
  it('keeps the order of the results and the bound, however the calls end', async () => {
    const sizes = fc.record({ count: fc.nat(20), bound: fc.integer({ min: 1, max: 6 }) })
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), sizes, async (scheduler, { count, bound }) => {
        const items = Array.from({ length: count }, (_, i) => i)
        let underWay = 0
        let most = 0
        const results = mapBounded(items, bound, async (item) => {
          most = Math.max(most, ++underWay)
          await scheduler.schedule(Promise.resolve())
          underWay--
          return item * 2
        })
        expect(await scheduler.waitFor(results)).toEqual(items.map((item) => item * 2))
        expect(most).toBe(Math.min(count, bound))
      }),
    )
  })

  it('goes on with the others while one hangs', async () => {
    const begun: number[] = []
    void mapBounded([0, 1, 2, 3, 4], 2, async (item) => {
      begun.push(item)
      if (item === 1) await new Promise(() => undefined)
    })
    await allOthers()
    expect(begun).toEqual([0, 1, 2, 3, 4])
  })

  it.each([2, 5])('rejects if one does, with a bound of %i', async (bound) => {
    const failing = mapBounded([0, 1, 2], bound, async (item) => {
      if (item === 1) throw new Error('one')
    })
    await expect(failing).rejects.toThrow('one')
  })
})
