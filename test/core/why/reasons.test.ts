import { describe, expect, it } from 'vitest'
import { type Reason, REASONS } from '../../../src/core/codes.ts'
import { ASKED_ALONE } from './situations/asked-alone.ts'
import { NO_LONGER_KEPT } from './situations/no-longer-kept.ts'
import { OF_ONE_DEVICE } from './situations/one-device.ts'
import { ON_THE_WAY } from './situations/on-the-way.ts'
import { COUNTED } from './situations/only-counted.ts'
import { OF_SEVERAL_DEVICES } from './situations/several-devices.ts'
import { Story } from './story.ts'

const SITUATIONS = [
  ...ON_THE_WAY,
  ...OF_ONE_DEVICE,
  ...NO_LONGER_KEPT,
  ...OF_SEVERAL_DEVICES,
  ...ASKED_ALONE,
  ...COUNTED,
]

describe('why a screen did not update, where', () => {
  it.each(SITUATIONS)('$is: $reason', async ({ told, device, reason, evidence }) => {
    const story = new Story()
    await story.world.log.head('ann')
    await told(story)
    // Of what has only just been published it would be said as well that there is time yet.
    if (reason === 'not_acknowledged') story.wait(5000)
    const explanation = await story.why(device === undefined ? {} : { device })
    const { meaning, remedy } = REASONS[reason]
    expect(explanation).toEqual({
      eventId: 'e-1',
      userId: 'ann',
      ...(device !== undefined && { device }),
      reason,
      meaning,
      evidence,
      remedy,
      devices: expect.any(Array) as unknown[],
    })
  })

  it('every reason comes up in one of these', () => {
    const found = new Set(SITUATIONS.map(({ reason }) => reason))
    expect(Object.keys(REASONS).filter((reason) => !found.has(reason as Reason))).toEqual([])
  })
})
