import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { issueToken } from '../../../src/auth/issue-token.ts'
import { emit } from '../../../src/publisher/redis/index.ts'
import { RedisServer } from '../../support/redis-server.ts'
import { HttpClient } from '../http-client.ts'
import { Random } from '../random.ts'
import { fixedPort, SECRET, ServerProcess } from '../server-process.ts'
import { BridgeProcess, type LogLine } from './bridge-process.ts'
import { type Entry, faultsIn, type Letter } from './stream-verify.ts'

export interface StreamCampaignOptions {
  readonly events: number
  readonly users: number
  readonly bridgeKills: number
  readonly redisRestarts: number
  /** Milliseconds. */
  readonly targetDown: number
  readonly seed: number
}

export const DEFAULTS: Omit<StreamCampaignOptions, 'seed'> = {
  events: 10_000,
  users: 40,
  bridgeKills: 5,
  redisRestarts: 2,
  targetDown: 10_000,
}

export interface StreamCampaignReport {
  readonly seconds: number
  readonly counts: Readonly<Record<string, number>>
  readonly faults: readonly string[]
}

const CHANNEL = 'business-events'
/** Emits under way at once: order is that of the stream, which is what is compared. */
const AT_ONCE = 20
/** A broken entry comes once in so many events. */
const POISON_EVERY = 500
const CATCH_UP_MS = 120_000

/** A stream, two bridges (one reads, one stands by) and a server; each of them ended and started again while events come. */
export class StreamCampaign {
  readonly #options: StreamCampaignOptions
  readonly #random: Random
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'fanout-bridge-chaos-'))
  readonly #counts = { kills: 0, restarts: 0, targetOutages: 0, emitted: 0, emittedAgain: 0, poison: 0 }
  readonly #bridges: BridgeProcess[] = []
  readonly #lines: LogLine[] = []
  #redis!: RedisServer
  #client!: Redis
  #server!: ServerProcess
  #ports = { port: 0, wsPort: 0 }

  constructor(options: StreamCampaignOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
  }

  async run(): Promise<StreamCampaignReport> {
    const began = Date.now()
    this.#redis = await RedisServer.start('--appendfsync', 'always')
    this.#client = new Redis(this.#redis.url, {
      protocol: 2,
      maxRetriesPerRequest: 3,
      retryStrategy: () => 100,
    })
    this.#client.on('error', () => undefined)
    this.#ports = { port: await fixedPort(), wsPort: await fixedPort() }
    this.#server = await ServerProcess.start({ dataDir: this.#dataDir, ...this.#ports })
    try {
      this.#startBridge()
      this.#startBridge()
      const [, faults] = await Promise.all([this.#emitAll(), this.#breakThings()])
      await this.#caughtUp()
      return await this.#report([...faults], began)
    } finally {
      for (const bridge of this.#bridges) await bridge.end('SIGKILL')
      this.#client.disconnect()
      await this.#server.kill()
      await this.#redis.dispose()
      rmSync(this.#dataDir, { recursive: true, force: true })
    }
  }

  #startBridge(): void {
    const to = `http://127.0.0.1:${this.#ports.port}`
    const args = ['--from', 'stream', '--redis', this.#redis.url, '--to', to]
    // A short lease, so that five takeovers do not take a minute.
    this.#bridges.push(new BridgeProcess(args, { BRIDGE_LEASE_SECONDS: '2', BRIDGE_GAP_SECONDS: '2' }))
  }

  async #emitAll(): Promise<void> {
    let next = 0
    const emitting = async (): Promise<void> => {
      while (next < this.#options.events) {
        const n = next++
        await this.#emit(n)
        if (n % POISON_EVERY === POISON_EVERY - 1) await this.#poison(n)
        // Some 30 s for all of it: faults have to find something under way.
        await sleep((AT_ONCE * 20_000) / this.#options.events)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, emitting))
  }

  /** Until Redis says that it has it: what a backend with an outbox does. Half of it by plain XADD, as other languages do. */
  async #emit(n: number): Promise<void> {
    const [trainer = 0, student = 0] = this.#random.distinct(2, this.#options.users)
    const event = {
      type: 'CHAOS',
      id: `event-${n}`,
      n,
      trainerId: `user-${trainer}`,
      studentId: `user-${student}`,
    }
    const plain = this.#random.chance(0.5)
    for (let tries = 0; ; tries++) {
      try {
        if (plain) await this.#client.xadd(CHANNEL, '*', 'event', JSON.stringify(event))
        else await emit(this.#client, event)
        this.#counts.emitted++
        return
      } catch {
        this.#counts.emittedAgain++
        if (tries > 200) throw new Error(`event ${n} cannot be emitted`)
        await sleep(100)
      }
    }
  }

  async #poison(n: number): Promise<void> {
    const broken = [
      `{"type":"BROKEN","n":${n}`,
      `{"type":"NOBODY","id":"nobody-${n}"}`,
      Buffer.from([0xff, n % 256]),
    ]
    for (let tries = 0; tries < 200; tries++) {
      try {
        await this.#client.xadd(CHANNEL, '*', 'event', broken[n % 3]!)
        this.#counts.poison++
        return
      } catch {
        await sleep(100)
      }
    }
  }

  /** At even distances: kills of whoever reads, restarts of Redis, and one outage of the target. */
  async #breakThings(): Promise<readonly string[]> {
    const { bridgeKills, redisRestarts, targetDown, events } = this.#options
    const faults: (() => Promise<void>)[] = [
      ...Array.from({ length: bridgeKills }, () => async () => this.#killReader()),
      ...Array.from({ length: redisRestarts }, () => async () => this.#restartRedis()),
    ]
    const shuffled = faults.toSorted(() => this.#random.next() - 0.5)
    shuffled.splice(Math.floor(shuffled.length / 2), 0, async () => this.#takeTargetDown(targetDown))
    const said: string[] = []
    for (const [i, fault] of shuffled.entries()) {
      const due = Math.floor(((i + 1) * events) / (shuffled.length + 2))
      while (this.#counts.emitted < due) await sleep(20)
      await fault().catch((error: unknown) => said.push(`a fault could not be made: ${String(error)}`))
    }
    return said
  }

  async #killReader(): Promise<void> {
    const reader = await this.#reader()
    await reader.end('SIGKILL')
    this.#keepLines(reader)
    this.#counts.kills++
    this.#startBridge()
  }

  /** Whoever has the lease: its name holds the process's id. */
  async #reader(): Promise<BridgeProcess> {
    for (let tries = 0; tries < 1000; tries++) {
      const owner = await this.#client.get(`{${CHANNEL}}:lease:event-fanout`).catch(() => null)
      const pid = Number(/:(\d+)\//.exec(owner ?? '')?.[1])
      const found = this.#bridges.find((bridge) => bridge.pid === pid)
      if (found !== undefined) return found
      await sleep(20)
    }
    throw new Error('nobody has the lease')
  }

  #keepLines(bridge: BridgeProcess): void {
    this.#lines.push(...bridge.lines)
    this.#bridges.splice(this.#bridges.indexOf(bridge), 1)
  }

  /** Once gently, once not: the append-only file is written before Redis answers. */
  async #restartRedis(): Promise<void> {
    await this.#redis.stop(this.#counts.restarts % 2 === 0 ? 'SIGTERM' : 'SIGKILL')
    await sleep(300)
    await this.#redis.start()
    this.#counts.restarts++
  }

  async #takeTargetDown(milliseconds: number): Promise<void> {
    await this.#server.kill()
    await sleep(milliseconds)
    this.#server = await ServerProcess.start({ dataDir: this.#dataDir, ...this.#ports })
    this.#counts.targetOutages++
  }

  async #caughtUp(): Promise<void> {
    const until = Date.now() + CATCH_UP_MS
    for (;;) {
      const groups = (await this.#client.xinfo('GROUPS', CHANNEL).catch(() => [])) as (string | number)[][]
      const [group = []] = groups
      const value = (name: string) => group[group.indexOf(name) + 1]
      if (value('lag') === 0 && value('pending') === 0) return
      if (Date.now() > until) throw new Error(`the bridges do not catch up: ${JSON.stringify(group)}`)
      await sleep(100)
    }
  }

  async #report(faults: string[], began: number): Promise<StreamCampaignReport> {
    // Longer than the grace: what would be reported as lost has been reported by then.
    await sleep(4000)
    for (const bridge of this.#bridges.slice()) {
      const code = await bridge.end()
      if (code !== 0) faults.push(`a bridge ended with ${code ?? 'a signal'}: ${bridge.stderr}`)
      this.#keepLines(bridge)
    }
    const stream = (await this.#client.xrange(CHANNEL, '-', '+')).map(([, fields]) => fields[1] ?? '')
    const letters = await this.#letters()
    const logs = await this.#logs()
    const lost = this.#lines.filter(({ msg }) => /lost|dropped/.test(String(msg)))
    faults.push(...lost.map((line) => `a loss was reported: ${JSON.stringify(line)}`))
    faults.push(...faultsIn({ stream, logs, letters }))
    const takeovers = this.#lines.filter(({ msg }) => msg === 'reading the stream').length
    const counts = { ...this.#counts, entries: stream.length, letters: letters.length, takeovers }
    return { seconds: (Date.now() - began) / 1000, counts, faults }
  }

  async #letters(): Promise<readonly Letter[]> {
    const entries = await this.#client.xrange(`${CHANNEL}:dead`, '-', '+')
    return entries.map(([, fields]) => {
      const value = (name: string) => fields[fields.indexOf(name) + 1] ?? ''
      return { code: value('code'), entry: value('entry') }
    })
  }

  async #logs(): Promise<ReadonlyMap<string, readonly Entry[]>> {
    const logs = new Map<string, readonly Entry[]>()
    for (let user = 0; user < this.#options.users; user++) {
      const userId = `user-${user}`
      const client = new HttpClient(
        this.#server.httpUrl,
        await issueToken(SECRET, { userId, expiresIn: 600 }),
      )
      const log: Entry[] = []
      for (let more = true; more;) {
        const { body } = await client.call('GET', `/api/v1/events/recent?after=${log.at(-1)?.offset ?? 0}`)
        const page = JSON.parse(body) as { events: Entry[]; more: boolean }
        log.push(...page.events)
        more = page.more
      }
      client.close()
      logs.set(userId, log)
    }
    return logs
  }
}
