import { setTimeout as pause } from 'node:timers/promises'
import { RedisServer } from '../../support/redis-server.ts'
import { Calm } from './calm.ts'
import { type Cast, gather } from './cast.ts'
import type { Checker } from './checker.ts'
import { type Disk, makeDisk } from './disk.ts'
import { planFaults } from './fault-plan.ts'
import { Host } from './host.ts'
import { Incidents } from './incidents.ts'
import { type FlatRule, LONG_RULE, Memory, SHORT_RULE } from './memory.ts'
import { isLong, type SoakOptions } from './options.ts'
import { countsOf, progressOf, type SoakReport } from './report.ts'
import { until } from './until.ts'

const PROGRESS_MS = 10_000
const END_WITHIN_MS = 120_000

/** A server, its Redis, publishers and readers, to which one thing after the other is done, while all that was promised is checked. */
export class Soak {
  readonly #options: SoakOptions
  readonly #print: (line: string) => void
  readonly #incidents: Incidents
  readonly #calm = new Calm()
  readonly #disposals: (() => unknown)[] = []
  #host!: Host
  #memory!: Memory
  #stopped = false

  constructor(options: SoakOptions, print: (line: string) => void = () => undefined) {
    this.#options = options
    this.#print = print
    this.#incidents = new Incidents((line) => {
      print(`FAULT (seed ${options.seed}) ${line}`)
    })
  }

  /** Makes no further fault, and comes to the end. */
  stop(): void {
    this.#stopped = true
  }

  async run(): Promise<SoakReport> {
    const began = performance.now()
    const seconds = (): number => Math.round((performance.now() - began) / 1000)
    try {
      const disk = this.#makeDisk()
      const cast = await this.#raise(disk)
      const progress = setInterval(() => {
        this.#print(`${seconds()} s of ${this.#options.minutes * 60} | ${this.#progress(cast)}`)
      }, PROGRESS_MS)
      this.#disposals.push(() => {
        clearInterval(progress)
      })
      await this.#play(cast)
      await this.#end(cast)
      return this.#report(cast, disk, seconds())
    } finally {
      await this.#dispose()
    }
  }

  async #dispose(): Promise<void> {
    this.#calm.stop()
    for (const dispose of this.#disposals.reverse()) {
      try {
        await dispose()
      } catch (error) {
        this.#print(`not everything could be put away: ${String(error)}`)
      }
    }
  }

  #makeDisk(): Disk {
    const disk = makeDisk(256 + 60 * this.#options.minutes)
    this.#print(`full disk: ${disk.kind}`)
    // Whoever ends this process at once leaves neither a server behind nor a mount.
    const abort = (): void => {
      this.#host.signal('SIGKILL')
      disk.dispose()
    }
    process.once('exit', abort)
    this.#disposals.push(() => {
      process.removeListener('exit', abort)
      disk.dispose()
    })
    return disk
  }

  async #raise(disk: Disk): Promise<Cast> {
    // What was acknowledged outlives a SIGKILL of Redis.
    const redis = await RedisServer.startApart('--appendfsync', 'always')
    this.#disposals.push(async () => redis.dispose())
    let onStart: () => void = () => undefined
    const environment = {
      ...{ REDIS_URL: redis.url, REDIS_FROM: 'stream', MAX_CONNECTIONS_PER_USER: '1000' },
      // A server that was killed leaves its lease behind.
      ...{ BRIDGE_LEASE_SECONDS: '2', BRIDGE_GAP_SECONDS: '5' },
    }
    const incidents = this.#incidents
    const host = new Host({
      ...{ dataDir: disk.dataDir, environment, incidents },
      onStart: () => {
        onStart()
      },
    })
    this.#host = host
    this.#disposals.push(async () => host.kill())
    const memory = new Memory(host)
    this.#memory = memory
    await host.start()
    memory.begin()
    const cast = await gather({
      options: this.#options,
      host,
      redis,
      disk,
      memory,
      calm: this.#calm,
      incidents,
    })
    this.#disposals.push(() => {
      cast.close()
    })
    onStart = () => {
      memory.begin()
      cast.checker.restarted()
    }
    return cast
  }

  async #play({ publishers, producer, faults, rounds }: Cast): Promise<void> {
    const began = performance.now()
    const passed = (): number => (performance.now() - began) / 1000
    const seconds = this.#options.minutes * 60
    this.#calm.start()
    for (const part of [publishers, producer, rounds]) part.start()
    for (const { at, faults: now } of planFaults(this.#options.seed, seconds)) {
      while (passed() < at && !this.#stopped) await pause(50)
      if (this.#stopped) return
      await Promise.all(now.map(async (fault) => faults.make(fault)))
    }
    while (passed() < seconds && !this.#stopped) await pause(50)
  }

  /** Nothing more is done, and everything has to come to rest where it belongs. */
  async #end({ ledger, crowd, publishers, producer, rounds, checker }: Cast): Promise<void> {
    const { report } = this.#incidents
    let acknowledged = false
    const acknowledging = Promise.all([publishers.stop(), producer.stop()]).then(() => (acknowledged = true))
    acknowledging.catch(report)
    if (!(await until(() => acknowledged, END_WITHIN_MS))) {
      report(`not everything was acknowledged within ${END_WITHIN_MS} ms of the end`)
    }
    const isRead = (): boolean => crowd.all.every(({ userId, cursor }) => cursor >= ledger.claimOf(userId))
    if (!(await until(() => ledger.inStream === 0 && isRead(), END_WITHIN_MS))) {
      report(`in the end ${ledger.inStream} events of the stream are not in the logs, or readers are behind`)
    }
    await rounds.stop()
    await rounds.once()
    const letters = await producer.deadLetters()
    if (letters < producer.counts.poison) {
      report(`${producer.counts.poison} broken entries, ${letters} dead letters`)
    }
    for (const { faults } of this.#memory.verdicts(this.#rule)) faults.forEach(report)
    crowd.leave()
    await this.#readFromDisk(checker)
  }

  /** Once more after a kill, so that what is read is what a new process finds on disk. */
  async #readFromDisk(checker: Checker): Promise<void> {
    await this.#calm.without(async () => this.#host.kill())
    await this.#host.startAtLast()
    await checker.readAllAgain()
    const code = await this.#host.stop()
    if (code !== 0) this.#incidents.report(`the server ended with ${code ?? 'a signal'} when it was asked to`)
  }

  get #rule(): FlatRule {
    return isLong(this.#options) ? LONG_RULE : SHORT_RULE
  }

  #progress(cast: Cast): string {
    return progressOf({ cast, host: this.#host, memory: this.#memory, incidents: this.#incidents })
  }

  #report(cast: Cast, disk: Disk, seconds: number): SoakReport {
    const parts = { cast, host: this.#host, memory: this.#memory, incidents: this.#incidents }
    return {
      options: this.#options,
      ...{ seconds, disk: disk.kind, faultsMade: cast.faults.counts, counts: countsOf(parts) },
      memory: this.#memory.verdicts(this.#rule),
      faults: this.#incidents.list,
    }
  }
}
