/** What is measured of one system in one run, as the load generator tells it to who started it. */
import type { CatchUp } from './catch-up.ts'
import type { Spread } from './statistics.ts'

export interface Phase extends Spread {
  readonly events: number
  readonly eventsPerSecond: number
  /** Deliveries that did not come within five seconds. */
  readonly lost: number
  /** Deliveries that came twice, or to somebody else. */
  readonly strays: number
  readonly serverCpuPerEvent: number
  readonly ownCpuPerEvent: number
  /** Of one core. */
  readonly ownShare: number
  /** Of the machine. */
  readonly othersShare: number
  /** How late events were sent: the load generator's part of the latency, in milliseconds. */
  readonly lateP99: number
}

export interface Memory {
  readonly idle: number
  readonly connected: number
  readonly loaded: number
}

export interface Measured {
  readonly name: string
  readonly version: string
  readonly startUpMs: number
  /** A flush, just before the server was started. */
  readonly disk: Spread
  /** In MiB. */
  readonly memory: Memory
  readonly fixed: Phase
  readonly closed: Phase
  /** Or why there is none. */
  readonly catchUp: CatchUp | string
}

export interface Options {
  readonly users: number
  readonly seconds: number
  readonly warmUp: number
  readonly rate: number
  readonly returning: number
  /** As in PATH. */
  readonly programs?: string
}
