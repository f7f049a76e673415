import { setTimeout as pause } from 'node:timers/promises'
import type { RedisServer } from '../../support/redis-server.ts'
import type { HttpClient } from '../http-client.ts'
import type { Random } from '../random.ts'
import type { Reader } from '../reader.ts'
import type { BadInput } from './bad-input.ts'
import type { Calm } from './calm.ts'
import type { Disk } from './disk.ts'
import type { Fault, FaultKind } from './fault-plan.ts'
import type { Flood } from './flood.ts'
import { FullDisk } from './full-disk.ts'
import type { Host } from './host.ts'
import type { Incidents } from './incidents.ts'
import { BEHIND_MS } from './liveness.ts'
import type { Producer } from './producer.ts'
import type { Proxy } from './proxy.ts'
import { Storm, type StormOptions } from './storm.ts'
import { until } from './until.ts'
import { metricsOf } from './vitals.ts'

export interface FaultParts {
  readonly host: Host
  readonly disk: Disk
  readonly redis: RedisServer
  readonly proxy: Proxy
  readonly producer: Producer
  readonly client: HttpClient
  readonly badInput: BadInput
  readonly flood: Flood
  /** Those that connect straight to the server, and those that come through the proxy. */
  readonly readers: readonly Reader[]
  readonly proxied: readonly Reader[]
  readonly storm: Omit<StormOptions, 'url'>
  readonly calm: Calm
  readonly incidents: Incidents
  readonly random: Random
}

/** Tokens, and with them everything else, hold out that far from the real time. */
const CLOCK_BOUND = 12 * 60 * 60_000
/**
 * A connection may last for two hours: a clock that goes on by more ends them all. (That nothing is heard of one for ten minutes does not
 * end it as long as there is something to push to it.)
 */
const LIFETIME_MS = 2 * 60 * 60_000 + 60_000
/** How long the storm's sockets stay once all of them are served. */
const STAY_MS = 2000

/** Does what a plan says. */
export class FaultMaker {
  readonly counts: Partial<Record<FaultKind, number>> = {}
  readonly stormCounts = { served: 0, refused: 0, pushes: 0 }
  /** Connections whose other end has vanished, all in all. */
  halfOpen = 0
  readonly #parts: FaultParts
  readonly #fullDisk: FullDisk
  #storm: Storm | undefined
  /** The latest that it has ever been for the process that serves. */
  #latest = 0

  constructor(parts: FaultParts) {
    this.#parts = parts
    this.#fullDisk = new FullDisk(parts)
  }

  /** How often the health has said that a disk was full. */
  get unwell(): number {
    return this.#fullDisk.unwell
  }

  get stormSockets(): number {
    return this.#storm?.open ?? 0
  }

  async make(fault: Fault): Promise<void> {
    const { incidents } = this.#parts
    const name = JSON.stringify(fault)
    incidents.begin(name)
    try {
      await this.#do(fault)
    } catch (error) {
      incidents.report(`${name} could not be done: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      incidents.end(name)
    }
    this.counts[fault.kind] = (this.counts[fault.kind] ?? 0) + 1
  }

  async #do(fault: Fault): Promise<void> {
    const { calm, badInput, random } = this.#parts
    if (fault.kind === 'bad-input') {
      await Promise.all([badInput.flood(fault.requests, random), this.#parts.producer.poison()])
    } else if (fault.kind === 'clock-step') await this.#stepClock(fault.by)
    else if (fault.kind === 'half-open') await this.#vanish(fault.ms)
    else if (fault.kind === 'slow-readers') await this.#slow(fault.ms)
    // After these nobody can be in time.
    else await calm.without(async () => this.#trouble(fault))
  }

  async #trouble(fault: Fault): Promise<void> {
    const { host, redis } = this.#parts
    if (fault.kind === 'sigkill') await this.#kill(fault.pause)
    else if (fault.kind === 'clock-restart') await this.#kill(0, fault.by)
    else if (fault.kind === 'full-disk') await this.#fullDisk.make(fault.ms)
    else if (fault.kind === 'storm') await this.#blow(fault.afterKill)
    else if (fault.kind === 'sigstop') {
      host.signal('SIGSTOP')
      await pause(fault.ms)
      host.signal('SIGCONT')
    } else if (fault.kind === 'redis-stop') {
      redis.signal('SIGSTOP')
      await pause(fault.ms)
      redis.signal('SIGCONT')
    } else if (fault.kind === 'redis-restart') {
      await redis.stop('SIGKILL')
      await pause(fault.pause)
      await redis.start()
    }
  }

  async #kill(milliseconds: number, clock = 0): Promise<void> {
    const { host, proxy } = this.#parts
    await host.kill()
    proxy.forget()
    this.#latest = 0
    host.clockOffset += this.#bounded(clock)
    await pause(milliseconds)
    await host.startAtLast()
  }

  async #stepClock(by: number): Promise<void> {
    const { host, proxy, incidents } = this.#parts
    this.#latest = Math.max(this.#latest, host.time)
    host.stepClock(this.#bounded(by))
    if (host.time < this.#latest + LIFETIME_MS || proxy.vanished === 0) return
    const gone = await until(async () => (await this.#believedIn()) <= this.#openSockets + 2, BEHIND_MS)
    if (!gone) incidents.report(`${proxy.vanished} sockets that are half open outlast what a connection may`)
    proxy.forget()
  }

  /** Back, where forwards would lead too far, and the other way round. */
  #bounded(by: number): number {
    return Math.abs(this.#parts.host.clockOffset + by) > CLOCK_BOUND ? -by : by
  }

  async #believedIn(): Promise<number> {
    return (await metricsOf(this.#parts.host.httpUrl))?.get('fanout_connections') ?? Infinity
  }

  /** Sockets that have somebody at their other end. */
  get #openSockets(): number {
    const { readers, proxied, flood } = this.#parts
    return [...readers, ...proxied].filter(({ isOpen }) => isOpen).length + this.stormSockets + flood.open
  }

  /** @returns how many sockets the server should have, and how many more it may still believe in */
  get sockets(): { readonly open: number; readonly vanished: number } {
    return { open: this.#openSockets, vanished: this.#parts.proxy.vanished }
  }

  async #vanish(milliseconds: number): Promise<void> {
    const { proxy, proxied, calm, incidents } = this.#parts
    const before = new Map(proxied.map((reader) => [reader, reader.counts.connects]))
    this.halfOpen += proxy.vanish()
    await pause(milliseconds)
    const isBack = (reader: Reader): boolean =>
      reader.isOpen && reader.counts.connects > (before.get(reader) ?? 0)
    const areBack = await until(
      () => proxied.every(isBack),
      BEHIND_MS,
      () => calm.ms,
    )
    if (!areBack) incidents.report('a reader whose connection vanished found no new one')
  }

  async #slow(milliseconds: number): Promise<void> {
    const { readers, random, flood } = this.#parts
    const slow = readers.filter(() => random.chance(0.5))
    for (const reader of slow) reader.pause()
    try {
      await Promise.all([flood.flow(), pause(milliseconds)])
    } finally {
      for (const reader of slow) reader.resume()
    }
  }

  async #blow(afterKill: boolean): Promise<void> {
    const { host, proxy, storm: options } = this.#parts
    if (afterKill) {
      await host.kill()
      proxy.forget()
    }
    const storm = new Storm({ ...options, url: host.wsUrl })
    this.#storm = storm
    try {
      // They knock while it starts, as everybody does whose connection was lost.
      const [counts] = await Promise.all([storm.blow(), afterKill ? host.startAtLast() : undefined])
      for (const name of ['served', 'refused', 'pushes'] as const) this.stormCounts[name] += counts[name]
      await pause(STAY_MS)
    } finally {
      storm.end()
      this.#storm = undefined
    }
  }
}
