/** What the panel "The way of this event" says, in words. */
import type { Outcome, Reason } from '../core/codes.ts'
import type { DeviceWay } from '../core/why/device-way.ts'
import type { Found } from './admin.ts'

/** `good`: the screen shows it; `slow`: it will, by itself; `idle`: it is not meant to; `bad`: somebody has to do something. */
export type Tone = 'good' | 'slow' | 'idle' | 'bad'

const SLOW: readonly Reason[] = [
  'publish_under_way',
  'no_device_connected',
  'not_acknowledged',
  'throttled',
  'push_failed',
  'dead_socket',
]

export function toneOf(reason: Reason): Tone {
  if (reason === 'applied') return 'good'
  if (reason === 'started_later') return 'idle'
  return SLOW.includes(reason) ? 'slow' : 'bad'
}

export function toneOfOutcome(outcome: Outcome): Tone {
  return outcome === 'sent' ? 'good' : 'bad'
}

/** `no_device_connected` as a label. */
export function labelOf(reason: Reason): string {
  return reason.replaceAll('_', ' ')
}

/** Of one device, which is away, or is not: that is no fault. */
export function toneOfDevice(reason: Reason): Tone {
  return reason === 'no_device_connected' ? 'idle' : toneOf(reason)
}

export function labelOfDevice(reason: Reason): string {
  return reason === 'no_device_connected' ? 'not connected' : labelOf(reason)
}

/** It is away, and had nothing to do with the event: each load of this page leaves such a device behind. */
export function isBystander({ isConnected, deliveries, applied, report }: DeviceWay): boolean {
  return !isConnected && deliveries.length === 0 && applied === undefined && report === undefined
}

/** Of a digest nobody reads the middle: its ends are enough to compare two. In UTF-16 code units, as `length` counts. */
const LONGEST_ID = 40
const ID_ENDS = { start: 12, end: 8 } as const

/** A long id, as `0123456789ab…01234567`; a UUID, with 36 characters, is left whole. */
export function shortId(id: string): string {
  if (id.length <= LONGEST_ID) return id
  return `${id.slice(0, ID_ENDS.start)}…${id.slice(-ID_ENDS.end)}`.toWellFormed()
}

export const STATES: Readonly<Record<Found['state'], string>> = {
  begun: 'begun: not known to be in every log',
  accepted: 'accepted: in every log, being pushed',
  logged: 'logged: in every log, and pushed',
}

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const

/** How long after the publish something was, as `5 ms`, `1.2 s`, `3 min`. Clocks of several machines may differ a little. */
export function afterPublish(at: number, acceptedAt: number): string {
  const milliseconds = Math.max(0, at - acceptedAt)
  const unit = UNITS.find(([size]) => milliseconds >= size)
  if (unit === undefined) return `${milliseconds} ms`
  const [size, name] = unit
  const count = milliseconds / size
  return `${count < 10 ? count.toFixed(1) : Math.floor(count)} ${name}`
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}

/** The order of all, but for the one whom the question is about. */
export function withFirst<T extends { readonly userId: string }>(
  all: readonly T[],
  userId: string | undefined,
): T[] {
  return all.toSorted((a, b) => Number(b.userId === userId) - Number(a.userId === userId))
}
