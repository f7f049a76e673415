import { beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../../contract/manual-clock.ts'
import { sampleEvent } from '../../contract/samples.ts'
import type { EventLog } from '../../../src/core/ports.ts'
import { eventLogOn } from './memory-event-log.ts'
import { MemoryLogStore } from './memory-log-store.ts'

const DAY = 24 * 60 * 60_000

describe('the walk back to a time', () => {
  const clock = new ManualClock()
  let log: EventLog
  let first: number
  beforeEach(async () => {
    log = eventLogOn(new MemoryLogStore({ now: () => clock.now(), random: () => 0.5 }), clock, DAY)
    first = (await log.head('ann')) + 1
    // One event a millisecond; the time is that of the second.
    for (let i = 0; i < 6; i++) {
      await log.append([sampleEvent(`e-${clock.now()}`, ['ann'])])
      clock.advance(1)
    }
  })
  const since = async (walk: number) => log.cursorAt('ann', clock.now() - 5, walk)

  it.each([5, 6])('is complete when it has come to an older event, of at most %s steps', async (walk) => {
    expect(await since(walk)).toEqual({ cursor: first, complete: true })
  })

  it('is not where there are more events than steps', async () => {
    expect(await since(4)).toEqual({ cursor: first + 1, complete: false })
  })
})
