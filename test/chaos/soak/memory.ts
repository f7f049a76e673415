import { readdirSync } from 'node:fs'
import { residentOf } from '../../../bench/measure.ts'
import type { Host } from './host.ts'

const MIB = 1024 * 1024

/** What one process used at one moment. */
export interface Sample {
  /** Since the process began to serve, in seconds. */
  readonly at: number
  /** What is alive after a collection, in MiB. */
  readonly heap: number
  /** What the process has allocated, without mapped files, in MiB. */
  readonly own: number
  /** Open descriptors that are no WebSockets. */
  readonly descriptors: number
}

export interface FlatRule {
  /** Seconds in which a process loads and compiles what it needs, and meets its first storm. */
  readonly warmUp: number
  /** A process that lived for less after that is not judged, in seconds. */
  readonly least: number
  /** By how much each may grow: a share of what it was, and so many beyond. */
  readonly heap: { readonly share: number; readonly beyond: number }
  readonly own: { readonly share: number; readonly beyond: number }
  readonly descriptors: { readonly share: number; readonly beyond: number }
}

export const LONG_RULE: FlatRule = {
  warmUp: 90,
  least: 240,
  heap: { share: 0.1, beyond: 4 },
  own: { share: 0.25, beyond: 32 },
  descriptors: { share: 0, beyond: 64 },
}

/** In a minute nothing settles: only what leaks by the megabyte is seen. */
export const SHORT_RULE: FlatRule = {
  warmUp: 4,
  least: 16,
  heap: { share: 0.2, beyond: 8 },
  own: { share: 0.5, beyond: 64 },
  descriptors: { share: 0, beyond: 200 },
}

export interface Verdict {
  readonly seconds: number
  readonly samples: number
  /** The least in the first quarter after the warm-up, and in the last. */
  readonly heap: readonly [number, number]
  readonly own: readonly [number, number]
  readonly descriptors: readonly [number, number]
  readonly faults: readonly string[]
}

/**
 * The least of a quarter is what is left when everything that comes and goes has gone: storms, full buffers, vanished clients.
 * Whatever is never let go of raises it.
 *
 * @returns nothing if the process lived too briefly to be judged
 */
export function judge(samples: readonly Sample[], rule: FlatRule): Verdict | undefined {
  const settled = samples.filter(({ at }) => at >= rule.warmUp)
  const [first, last] = [settled[0]?.at ?? 0, settled.at(-1)?.at ?? 0]
  if (last - first < rule.least) return undefined
  const quarter = (last - first) / 4
  const early = settled.filter(({ at }) => at <= first + quarter)
  const late = settled.filter(({ at }) => at >= last - quarter)
  const ends = (of: 'heap' | 'own' | 'descriptors'): [number, number] => [least(early, of), least(late, of)]
  const measured = { heap: ends('heap'), own: ends('own'), descriptors: ends('descriptors') }
  const faults = (['heap', 'own', 'descriptors'] as const).flatMap((of) => {
    const [was, is] = measured[of]
    const { share, beyond } = rule[of]
    const most = was * (1 + share) + beyond
    return is <= most
      ? []
      : [`${of} grew from ${was} to ${is} in ${Math.round(last - first)} s; ${most.toFixed(1)} would be flat`]
  })
  return { seconds: Math.round(last - first), samples: settled.length, ...measured, faults }
}

function least(samples: readonly Sample[], of: 'heap' | 'own' | 'descriptors'): number {
  return Math.min(...samples.map((sample) => sample[of]))
}

/** The samples of each process that there was. */
export class Memory {
  readonly runs: Sample[][] = []
  readonly #host: Host
  #began = 0

  constructor(host: Host) {
    this.#host = host
  }

  /** A new process serves. */
  readonly begin = (): void => {
    this.#began = performance.now()
    this.runs.push([])
  }

  /** @param sockets that are open by the server's own count */
  async sample(sockets: number): Promise<void> {
    const run = this.runs.at(-1)
    const { pid } = this.#host
    const heap = await this.#host.memory()
    if (heap === undefined || run === undefined || run !== this.runs.at(-1)) return
    run.push({
      at: (performance.now() - this.#began) / 1000,
      heap: rounded(heap / MIB),
      own: rounded(residentOf(pid).own / 1024),
      descriptors: readdirSync(`/proc/${pid}/fd`).length - sockets,
    })
  }

  verdicts(rule: FlatRule): readonly Verdict[] {
    return this.runs.flatMap((run) => judge(run, rule) ?? [])
  }
}

function rounded(value: number): number {
  return Number(value.toFixed(1))
}
