import { describe, expect, it } from 'vitest'
import { durationText, sinceText } from '../../../src/cli/inspect/times.ts'
import { wayLines } from '../../../src/cli/inspect/trace-text.ts'
import type { DeviceWay } from '../../../src/core/why/device-way.ts'
import type { EventWay, RecipientWay } from '../../../src/core/why/event-way.ts'

const device = (way: Partial<DeviceWay>): DeviceWay => ({
  device: 'phone',
  isNamed: true,
  isConnected: false,
  reason: 'not_acknowledged',
  evidence: [],
  deliveries: [],
  ...way,
})

const wayWith = (recipient: Partial<RecipientWay>, state: EventWay['state'] = 'logged'): EventWay => ({
  eventId: 'e',
  type: 'T',
  digest: 'd',
  state,
  acceptedAt: 1000,
  recipients: [
    {
      userId: 'ann',
      field: 'userId',
      offset: 42,
      deliveries: [],
      reason: 'not_acknowledged',
      evidence: [],
      connections: 1,
      sent: 1,
      isKept: true,
      devices: [],
      ...recipient,
    },
  ],
})

/** What is told of one device. */
const linesOf = (way: Partial<DeviceWay>) => wayLines(wayWith({ devices: [device(way)] })).slice(6)

describe('the text of a trace', () => {
  it('tells what became of a device’s pushes, in the order of time, and how far it has come', () => {
    const lines = linesOf({
      deliveries: [
        { connectionId: 'c2', device: 'phone', outcome: 'sent', at: 1030 },
        { connectionId: 'c1', device: 'phone', outcome: 'gone', at: 1020 },
      ],
      acknowledged: 40,
      seenAt: 900,
    })
    expect(lines).toEqual([
      '    device phone: not_acknowledged',
      '      −100 ms  about the last time that it told anything',
      '      +20 ms  not pushed: the connection was gone, connection c1',
      '      +30 ms  pushed: handed to its socket, connection c2',
      '      has acknowledged up to 40, 2 offsets before this one',
    ])
  })

  it('tells of a handler that failed, and of one that came for several at once', () => {
    expect(linesOf({ report: { error: 'TypeError', at: 3500 } })[1]).toBe(
      '      +2.5 s  its handler failed: TypeError',
    )
    expect(linesOf({ applied: { offset: 50, at: 61_000 }, acknowledged: 50 })).toEqual([
      '    device phone: not_acknowledged',
      '      +1.0 min  applied, at the latest (acknowledged 50)',
    ])
  })

  it('tells of a connection without a name', () => {
    const [line] = linesOf({ device: 'c1', isNamed: false, isConnected: true })
    expect(line).toBe('    connection c1, which has no device name, connected: not_acknowledged')
  })

  it('tells of what is no longer kept, only counted, or not known to be pushed', () => {
    const lines = wayLines(
      wayWith({ isKept: false, connections: 12, sent: 10, omitted: { sent: 9, gone: 2 } }, 'accepted'),
    )
    expect(lines[1]).toContain('in every log; not known to be pushed')
    expect(lines[3]).toBe('ann  by userId, offset 42, no longer kept')
    expect(lines[5]).toBe('  12 connections found, 10 took it; only counted: 9 sent, 2 gone')
  })
})

describe('a duration', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1000, '1.0 s'],
    [90_000, '1.5 min'],
    [5_400_000, '1.5 h'],
    [129_600_000, '1.5 d'],
  ])('of %i ms is %s', (ms, text) => {
    expect(durationText(ms)).toBe(text)
    expect(sinceText(ms, 0)).toBe(`+${text}`)
  })
})
