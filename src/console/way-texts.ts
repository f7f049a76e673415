/** What the panel "The way of this event" says, in words. */
import type { Outcome, Reason } from '../core/codes.ts'
import type { Found } from './admin.ts'

/** `good`: the screen shows it; `slow`: it will, by itself; `bad`: somebody has to do something. */
export type Tone = 'good' | 'slow' | 'bad'

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
  return SLOW.includes(reason) ? 'slow' : 'bad'
}

export function toneOfOutcome(outcome: Outcome): Tone {
  return outcome === 'sent' ? 'good' : 'bad'
}

/** `no_device_connected` as a label. */
export function labelOf(reason: Reason): string {
  return reason.replaceAll('_', ' ')
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
