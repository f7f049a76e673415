/** The minute version of `npm run soak`: each fault once. What finds the faults is tried in checks.test.ts. */
import { describe, expect, it } from 'vitest'
import { FAULT_KINDS } from './fault-plan.ts'
import { Soak } from './soak.ts'

/** Modest: other tests run beside it. Always the same, so that what is done does not depend on the day. */
const MINUTE = { minutes: 1, seed: 1, rate: 40, users: 30, storm: 300 }

describe('a minute in which everything goes wrong once', () => {
  it('loses nothing, shows nothing twice or to others, and grows nowhere', async () => {
    const { faults, counts, faultsMade, memory, disk } = await new Soak(MINUTE).run()
    console.log(JSON.stringify({ ...MINUTE, disk, ...counts, memory }))
    expect(faults.slice(0, 20)).toEqual([])
    expect(Object.keys(faultsMade).sort()).toEqual([...FAULT_KINDS].sort())
    expect(counts).toMatchObject({ stormServed: MINUTE.storm, poison: faultsMade['bad-input'] })
    // It was not idle, and somebody looked.
    for (const name of [
      'overHttp',
      'throughRedis',
      'entries',
      'reconnects',
      'refused',
      'polls',
      'halfOpen',
      'checks',
    ]) {
      expect(counts[name], name).toBeGreaterThan(0)
    }
    expect(memory).not.toHaveLength(0)
  }, 240_000)
})
