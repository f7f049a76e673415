import fc from 'fast-check'
import { expect, it } from 'vitest'
import { faultsOf, play, schedules } from './schedule.ts'

/** For longer campaigns: `CLIENT_SCHEDULES=100000 npx vitest run test/client/random-schedules.test.ts`. */
const RUNS = Number(process.env['CLIENT_SCHEDULES'] ?? 1_000)
/** A failure prints the seed to set here. */
const SEED = process.env['CLIENT_SEED']

it(
  `whatever happens, the handlers see the log, once, in order: ${RUNS} random schedules`,
  { timeout: Math.max(300_000, RUNS * 300) },
  async () => {
    await fc.assert(
      fc.asyncProperty(schedules, fc.boolean(), async (schedule, fromStart) => {
        const world = await play(schedule, fromStart ? 1_000_000 : undefined)
        expect(faultsOf(world)).toEqual([])
      }),
      { numRuns: RUNS, ...(SEED !== undefined && { seed: Number(SEED) }) },
    )
  },
)
