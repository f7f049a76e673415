import { describe, expect, it } from 'vitest'
import { describe as describeEvent } from '../../src/console/events.ts'
import {
  isBystander,
  labelOf,
  labelOfDevice,
  shortId,
  type Tone,
  toneOf,
  toneOfDevice,
  withFirst,
} from '../../src/console/way-texts.ts'
import { type Reason, REASONS } from '../../src/core/codes.ts'
import type { DeviceWay } from '../../src/core/why/device-way.ts'

const ALL = Object.keys(REASONS) as Reason[]

describe('a reason', () => {
  it('has the tone of what is to be done', () => {
    const withTone = (tone: Tone) => ALL.filter((reason) => toneOf(reason) === tone).toSorted()
    expect(withTone('good')).toEqual(['applied'])
    expect(withTone('idle')).toEqual(['started_later'])
    expect(withTone('slow')).toEqual([
      'dead_socket',
      'no_device_connected',
      'not_acknowledged',
      'publish_under_way',
      'push_failed',
      'throttled',
    ])
  })

  it('reads as words, each its own', () => {
    for (const label of [labelOf, labelOfDevice]) {
      const labels = ALL.map((reason) => label(reason))
      expect(labels.filter((text) => !/^[a-z ]+$/.test(text))).toEqual([])
      expect(new Set(labels).size).toBe(ALL.length)
    }
  })

  it('of one device that is away is that it is not connected, and no fault', () => {
    expect(labelOf('no_device_connected')).toBe('no device connected')
    expect(labelOfDevice('no_device_connected')).toBe('not connected')
    expect(toneOfDevice('no_device_connected')).toBe('idle')
    expect(toneOfDevice('started_later')).toBe('idle')
    expect(toneOfDevice('handler_threw')).toBe('bad')
  })
})

describe('a device', () => {
  const away: DeviceWay = {
    device: 'd-1',
    isNamed: true,
    isConnected: false,
    reason: 'no_device_connected',
    evidence: [],
    deliveries: [],
    acknowledged: 7,
    seenAt: 1,
  }

  it('is a bystander if it is away, and nothing of the event ever reached it', () => {
    expect(isBystander(away)).toBe(true)
    expect(isBystander({ ...away, reason: 'started_later' })).toBe(true)
    const others: Partial<DeviceWay>[] = [
      { isConnected: true },
      { deliveries: [{ connectionId: 'c-1', outcome: 'gone', at: 2 }] },
      { applied: { offset: 8, at: 3 } },
      { report: { error: 'Error: no', at: 3 } },
    ]
    for (const other of others) expect(isBystander({ ...away, ...other })).toBe(false)
  })
})

describe('an id', () => {
  it('of 64 digits is shortened in the middle; a UUID is whole', () => {
    const digest = '0123456789abcdef'.repeat(4)
    expect(shortId(digest)).toBe('0123456789ab…89abcdef')
    const uuid = '7f3c1d52-9a0e-4c1b-8b5e-2f6d1a9c0b47'
    expect(shortId(uuid)).toBe(uuid)
  })

  it('is never cut within a character', () => {
    expect(shortId(`01234567890${'\u{1F3BE}'.repeat(30)}`).isWellFormed()).toBe(true)
  })
})

describe('the people whom an event concerns', () => {
  const people = ['anna', 'ben', 'carl'].map((userId) => ({ userId }))
  const order = (first?: string) => withFirst(people, first).map(({ userId }) => userId)

  it('stand in the server’s order, but for the one whom the question is about', () => {
    expect(order('ben')).toEqual(['ben', 'anna', 'carl'])
    expect(order()).toEqual(['anna', 'ben', 'carl'])
    expect(order('dora')).toEqual(['anna', 'ben', 'carl'])
  })
})

describe('a session of which the event names but one person', () => {
  const event = { id: 'e-1', type: 'SESSION_COMPLETED', timestamp: 1, sessionId: 's-9' } as const

  it('is told without the other', () => {
    expect(describeEvent({ ...event, studentId: 'ben' }, 'student').detail).toBe('')
    expect(describeEvent({ ...event, trainerId: 'anna' }, 'trainer').detail).toBe('')
    expect(describeEvent({ ...event, trainerId: 'anna' }, 'student').detail).toBe('with anna')
    const cancelled = { ...event, type: 'SESSION_CANCELLED', studentId: 'ben' } as const
    expect(describeEvent(cancelled, 'student').detail).toBe('')
  })
})
