import { Random } from '../random.ts'

/** What can be done to the server and those around it. Times are milliseconds. */
export type Fault =
  | { readonly kind: 'sigkill'; readonly pause: number }
  | { readonly kind: 'sigstop'; readonly ms: number }
  | { readonly kind: 'full-disk'; readonly ms: number }
  | { readonly kind: 'clock-step'; readonly by: number }
  /** The clock is another one when the server is back. */
  | { readonly kind: 'clock-restart'; readonly by: number }
  | { readonly kind: 'slow-readers'; readonly ms: number }
  | { readonly kind: 'half-open'; readonly ms: number }
  | { readonly kind: 'storm'; readonly afterKill: boolean }
  | { readonly kind: 'redis-restart'; readonly pause: number }
  | { readonly kind: 'redis-stop'; readonly ms: number }
  | { readonly kind: 'bad-input'; readonly requests: number }

export type FaultKind = Fault['kind']

export const FAULT_KINDS = [
  'sigkill',
  'sigstop',
  'full-disk',
  'clock-step',
  'clock-restart',
  'slow-readers',
  'half-open',
  'storm',
  'redis-restart',
  'redis-stop',
  'bad-input',
] as const satisfies readonly FaultKind[]

/** What is done at once, and when it begins at the earliest, in seconds. */
export interface Slot {
  readonly at: number
  readonly faults: readonly Fault[]
}

const HOUR = 60 * 60_000
/** Of at most this length: at the beginning of each the server is killed, and from there on not. */
const STRETCH_S = 12 * 60
/** Shorter campaigns do everything once. */
const BRIEF_S = 180

/** What is done in how many seconds; the same for the same seed. */
export function planFaults(seed: number, seconds: number): readonly Slot[] {
  const random = new Random(seed + 2)
  if (seconds < BRIEF_S) return brief(seconds)
  const stretches = Math.max(1, Math.round(seconds / STRETCH_S))
  const length = seconds / stretches
  return Array.from({ length: stretches }, (_, i) => stretch(random, i * length, length)).flat()
}

/** Each once, kills first; what takes the longest to get over is not the last. */
function brief(seconds: number): readonly Slot[] {
  const faults: readonly Fault[] = [
    { kind: 'sigkill', pause: 0 },
    { kind: 'clock-restart', by: -HOUR },
    { kind: 'storm', afterKill: true },
    { kind: 'bad-input', requests: 40 },
    { kind: 'half-open', ms: 500 },
    // Longer than a socket may be idle: what is half open has to go.
    { kind: 'clock-step', by: 3 * HOUR },
    { kind: 'full-disk', ms: 2500 },
    { kind: 'redis-restart', pause: 300 },
    { kind: 'slow-readers', ms: 3000 },
    { kind: 'sigstop', ms: 1500 },
    { kind: 'redis-stop', ms: 1500 },
    { kind: 'clock-step', by: -2 * HOUR },
  ]
  const gap = (seconds - 10) / faults.length
  return faults.map((fault, i) => ({ at: Math.round(4 + i * gap), faults: [fault] }))
}

function stretch(random: Random, from: number, length: number): Slot[] {
  const killing = Math.min(120, length * 0.2)
  const kills: Fault[] = [
    { kind: 'sigkill', pause: 0 },
    { kind: 'sigkill', pause: random.whole(500, 5000) },
    { kind: 'clock-restart', by: clockStep(random) },
    { kind: 'sigkill', pause: random.whole(0, 300) },
    // Last, so that the process that stays has its largest crowd before its memory is judged.
    { kind: 'storm', afterKill: true },
  ]
  const slots = kills.map((fault, i): Slot => {
    // While Redis is away, or clients have vanished, a kill finds more under way.
    const beside = random.chance(0.4) ? [besideKill(random)] : []
    return { at: from + 5 + (i * killing) / kills.length, faults: [fault, ...beside] }
  })
  return [...slots, ...withoutKills(random, from + killing + 20, from + length - 15)]
}

function withoutKills(random: Random, from: number, to: number): Slot[] {
  const slots: Slot[] = []
  let deck: Fault[] = []
  for (let at = from; at < to; at += random.whole(12, 24)) {
    if (deck.length === 0) deck = shuffled(random, othersThanKills(random))
    const faults = deck.splice(0, random.chance(0.25) ? 2 : 1)
    slots.push({ at: Math.round(at), faults: compatible(faults) ? faults : faults.slice(0, 1) })
  }
  return slots
}

function besideKill(random: Random): Fault {
  const ms = random.whole(1000, 5000)
  const faults: readonly Fault[] = [
    { kind: 'redis-stop', ms },
    { kind: 'redis-restart', pause: ms },
    { kind: 'slow-readers', ms },
    { kind: 'full-disk', ms },
  ]
  return faults[random.whole(0, faults.length - 1)]!
}

/** Not two that stop the same process, or wait for what the other one prevents. */
function compatible(faults: readonly Fault[]): boolean {
  const kinds = faults.map(({ kind }) => kind)
  const isRedis = (kind: FaultKind): boolean => kind.startsWith('redis')
  const waits = (kind: FaultKind): boolean =>
    ['sigstop', 'full-disk', 'clock-step', 'half-open'].includes(kind)
  return (
    kinds.filter(isRedis).length < 2 && kinds.filter(waits).length < 2 && new Set(kinds).size === kinds.length
  )
}

function othersThanKills(random: Random): Fault[] {
  return [
    { kind: 'sigstop', ms: random.whole(1000, 8000) },
    { kind: 'full-disk', ms: random.whole(1000, 6000) },
    { kind: 'half-open', ms: random.whole(500, 3000) },
    { kind: 'clock-step', by: clockStep(random) },
    { kind: 'slow-readers', ms: random.whole(3000, 15_000) },
    { kind: 'storm', afterKill: false },
    { kind: 'redis-restart', pause: random.whole(0, 4000) },
    { kind: 'redis-stop', ms: random.whole(1000, 8000) },
    { kind: 'bad-input', requests: random.whole(50, 300) },
  ]
}

/** Minutes or hours, forwards or back. */
function clockStep(random: Random): number {
  const by = random.chance(0.5) ? random.whole(60_000, HOUR) : random.whole(HOUR, 6 * HOUR)
  return random.chance(0.5) ? by : -by
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
