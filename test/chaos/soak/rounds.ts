import { setTimeout as pause } from 'node:timers/promises'
import type { Calm } from './calm.ts'
import type { Checker } from './checker.ts'
import type { Crowd } from './crowd.ts'
import type { FaultMaker } from './fault-maker.ts'
import type { Host } from './host.ts'
import { BEHIND_MS, type Liveness } from './liveness.ts'
import type { Memory } from './memory.ts'
import { healthOf, metricsOf, type Metrics } from './vitals.ts'

export interface RoundsOptions {
  readonly host: Host
  readonly crowd: Crowd
  readonly checker: Checker
  readonly liveness: Liveness
  readonly faults: FaultMaker
  readonly memory: Memory
  readonly calm: Calm
  readonly report: (fault: string) => void
  /** Milliseconds between samples of the memory. */
  readonly sampleEvery: number
}

const EVERY_MS = 3000
/** So long after it was hurt, the server has to be well. */
const WELL_AFTER_MS = 20_000
const UNWELL_MS = 10_000
const LOST = ['gap', 'trimmed', 'dropped'].map(
  (reason) => `fanout_bridge_lost_messages_total{reason="${reason}"}`,
)

/** Looks at everything that must hold, again and again for as long as the campaign lasts. */
export class Rounds {
  readonly counts = { rounds: 0, throttled: 0 }
  readonly #options: RoundsOptions
  #over = false
  #running: Promise<void> | undefined
  #sampledAt = 0
  #wrongSince: number | undefined
  #unwellSince: number | undefined
  #throttled = 0

  constructor(options: RoundsOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#over = true
    await this.#running
  }

  async once(): Promise<void> {
    const { checker, liveness, crowd, calm, host, report } = this.#options
    await checker.pass()
    liveness.look(crowd.all)
    for (const fault of crowd.takeFaults()) report(fault)
    const metrics = calm.isCalm ? await metricsOf(host.httpUrl) : undefined
    if (metrics !== undefined) await this.#look(metrics)
    this.counts.rounds++
  }

  async #run(): Promise<void> {
    while (!this.#over) {
      const began = performance.now()
      try {
        await this.once()
      } catch (error) {
        this.#options.report(
          `a round failed: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
        )
      }
      await pause(Math.max(200, EVERY_MS - (performance.now() - began)))
    }
  }

  async #look(metrics: Metrics): Promise<void> {
    const sockets = metrics.get('fanout_connections') ?? NaN
    this.#compareSockets(sockets)
    this.#countThrottled(metrics.get('fanout_deliveries_total{outcome="throttled"}') ?? 0)
    for (const name of LOST) {
      if ((metrics.get(name) ?? 0) > 0) this.#options.report(`${name} is ${metrics.get(name) ?? ''}`)
    }
    await this.#lookAtHealth()
    const { memory, calm, sampleEvery } = this.#options
    if (!calm.isCalm || performance.now() - this.#sampledAt < sampleEvery) return
    this.#sampledAt = performance.now()
    await memory.sample(sockets)
  }

  /** The gauge lags behind those who come and go, but not for long. */
  #compareSockets(sockets: number): void {
    const { faults, calm, report } = this.#options
    const { open, vanished } = faults.sockets
    const isRight = sockets >= open && sockets <= open + vanished
    if (isRight) this.#wrongSince = undefined
    else this.#wrongSince ??= calm.ms
    if (this.#wrongSince === undefined || calm.ms - this.#wrongSince < BEHIND_MS) return
    report(`fanout_connections is ${sockets}; there are ${open}, and ${vanished} that are half open`)
    this.#wrongSince = undefined
  }

  /** A process that starts counts from 0. */
  #countThrottled(now: number): void {
    this.counts.throttled += now >= this.#throttled ? now - this.#throttled : now
    this.#throttled = now
  }

  async #lookAtHealth(): Promise<void> {
    const { calm, host, report } = this.#options
    const health = await healthOf(host.httpUrl)
    // A machine that is busy for two seconds makes Redis look silent: what lasts is what counts.
    if (health?.status === 200 || calm.lasting < WELL_AFTER_MS) this.#unwellSince = undefined
    else this.#unwellSince ??= calm.ms
    if (this.#unwellSince === undefined || calm.ms - this.#unwellSince < UNWELL_MS) return
    report(`though it should be well, the server's health is ${JSON.stringify(health?.unwell ?? 'silence')}`)
    this.#unwellSince = undefined
  }
}
