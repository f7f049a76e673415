import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { issueToken } from '../../src/auth/issue-token.ts'
import { HttpClient } from './http-client.ts'
import { type Job, planJobs } from './plan.ts'
import { Random } from './random.ts'
import { Reader } from './reader.ts'
import { fixedPort, SECRET, ServerProcess } from './server-process.ts'
import { type Acknowledgement, type Entry, faultsIn } from './verify.ts'

export interface CampaignOptions {
  readonly events: number
  readonly kills: number
  readonly seed: number
  readonly publishers: number
  readonly users: number
}

export const DEFAULTS: Omit<CampaignOptions, 'seed'> = { events: 2000, kills: 3, publishers: 64, users: 50 }

export interface CampaignReport {
  readonly options: CampaignOptions
  readonly seconds: number
  readonly counts: Readonly<Record<string, number>>
  /** Empty: everything that was acknowledged is where it should be. */
  readonly faults: readonly string[]
}

/** How long readers may take to catch up once nothing is published any more, before that counts as a fault. */
const CATCH_UP_MS = 30_000

type Answered = Acknowledgement & { readonly duplicate?: boolean }

/** Publishers, readers and a server that is killed again and again; then the comparison of what each of them knows. */
export class Campaign {
  readonly #options: CampaignOptions
  readonly #random: Random
  readonly #jobs: readonly Job[]
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'event-fanout-chaos-'))
  readonly #acknowledged = new Map<number, Acknowledgement[]>()
  readonly #counts = { kills: 0, requests: 0, unanswered: 0, refused: 0, duplicates: 0 }
  readonly #faults: string[] = []
  #readers: readonly Reader[] = []
  #over = false

  constructor(options: CampaignOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#jobs = planJobs(this.#random, options)
  }

  async run(): Promise<CampaignReport> {
    const began = Date.now()
    const ports = { port: await fixedPort(), wsPort: await fixedPort() }
    let server = await this.#start(ports)
    try {
      this.#readers = await this.#startReaders(server)
      const client = await this.#publisherClient(server)
      const killing = this.#killAgainAndAgain(server, ports)
      await this.#publishAll(client).finally(() => {
        this.#over = true
      })
      client.close()
      server = await killing
      // Once more, so that what is read now is what a new process finds on disk.
      await server.kill()
      server = await this.#start(ports)
      const logs = await this.#readLogs(server)
      await this.#awaitReaders(logs)
      return this.#report(logs, (Date.now() - began) / 1000)
    } finally {
      for (const reader of this.#readers) reader.stop()
      await server.kill()
      rmSync(this.#dataDir, { recursive: true, force: true })
    }
  }

  async #start(ports: { port: number; wsPort: number }): Promise<ServerProcess> {
    return ServerProcess.start({ dataDir: this.#dataDir, ...ports })
  }

  /** At moments between the first and the last acknowledgement; the next server sometimes follows at once. */
  async #killAgainAndAgain(
    first: ServerProcess,
    ports: { port: number; wsPort: number },
  ): Promise<ServerProcess> {
    const { kills, events } = this.#options
    const moments = Array.from({ length: kills }, () => this.#random.whole(1, Math.floor(events * 0.95)))
    let server = first
    for (const moment of moments.toSorted((a, b) => a - b)) {
      while (this.#acknowledged.size < moment && !this.#over) await pause(1)
      await pause(this.#random.next() * 30)
      await server.kill()
      this.#counts.kills++
      await pause(this.#random.chance(0.5) ? 0 : this.#random.whole(0, 300))
      server = await this.#start(ports)
    }
    return server
  }

  async #publishAll(client: HttpClient): Promise<void> {
    const queue = this.#jobs.values()
    const work = async (): Promise<void> => {
      for (const job of queue) {
        await Promise.all(Array.from({ length: job.twice ? 2 : 1 }, async () => this.#publish(client, job)))
      }
    }
    await Promise.all(Array.from({ length: this.#options.publishers }, work))
  }

  /** The very same body until every event in it is acknowledged. */
  async #publish(client: HttpClient, job: Job): Promise<void> {
    while (!(await this.#try(client, job))) await pause(10 + Math.random() * 100)
  }

  async #try(client: HttpClient, { body, events }: Job): Promise<boolean> {
    this.#counts.requests++
    const answer = await client.call('POST', '/api/v1/events', body).catch(() => undefined)
    if (answer === undefined) {
      this.#counts.unanswered++
      return false
    }
    if (answer.status === 503) {
      this.#counts.refused++
      return false
    }
    if (answer.status !== 200) throw new Error(`a publish was answered ${answer.status} ${answer.body}`)
    const parsed = JSON.parse(answer.body) as Answered | readonly (Answered | { error: object })[]
    const items = Array.isArray(parsed) ? (parsed as readonly (Answered | { error: object })[]) : [parsed]
    for (const [i, { n }] of events.entries()) {
      const item = items[i]
      if (item !== undefined && 'id' in item) this.#acknowledge(n, item)
    }
    return items.length === events.length && items.every((item) => 'id' in item)
  }

  #acknowledge(n: number, { id, recipients, duplicate }: Answered): void {
    if (duplicate === true) this.#counts.duplicates++
    const all = this.#acknowledged.get(n) ?? []
    all.push({ id, recipients })
    this.#acknowledged.set(n, all)
  }

  async #publisherClient({ httpUrl }: ServerProcess): Promise<HttpClient> {
    const scope = 'events:publish'
    return new HttpClient(httpUrl, await issueToken(SECRET, { userId: 'backend', expiresIn: 3600, scope }))
  }

  #userIds(): string[] {
    return Array.from({ length: this.#options.users }, (_, user) => `user-${user}`)
  }

  /** Every user has one device or two. */
  async #startReaders({ wsUrl }: ServerProcess): Promise<Reader[]> {
    const owners = this.#userIds().flatMap((userId) =>
      this.#random.chance(0.5) ? [userId] : [userId, userId],
    )
    return Promise.all(
      owners.map(
        async (userId) => new Reader(userId, wsUrl, await issueToken(SECRET, { userId, expiresIn: 3600 })),
      ),
    )
  }

  async #readLogs({ httpUrl }: ServerProcess): Promise<Map<string, Entry[]>> {
    const logs = new Map<string, Entry[]>()
    for (const userId of this.#userIds()) {
      const client = new HttpClient(httpUrl, await issueToken(SECRET, { userId, expiresIn: 3600 }))
      const entries: Entry[] = []
      for (let more = true; more;) {
        const { status, body } = await client.call(
          'GET',
          `/api/v1/events/recent?after=${entries.at(-1)?.offset ?? 0}`,
        )
        if (status !== 200) throw new Error(`a poll was answered ${status} ${body}`)
        const page = JSON.parse(body) as { events: Entry[]; more: boolean }
        entries.push(...page.events)
        more = page.more
      }
      client.close()
      logs.set(userId, entries)
    }
    return logs
  }

  async #awaitReaders(logs: ReadonlyMap<string, readonly Entry[]>): Promise<void> {
    const deadline = Date.now() + CATCH_UP_MS
    const isBehind = (reader: Reader): boolean =>
      reader.cursor < (logs.get(reader.userId)?.at(-1)?.offset ?? 0)
    while (this.#readers.some(isBehind) && Date.now() < deadline) await pause(20)
    for (const { userId, cursor } of this.#readers.filter(isBehind)) {
      this.#faults.push(`a reader of ${userId} got stuck at ${cursor}`)
    }
  }

  #report(logs: ReadonlyMap<string, readonly Entry[]>, seconds: number): CampaignReport {
    const readers = this.#readers
    const sum = (count: keyof Reader['counts']): number =>
      readers.reduce((total, reader) => total + reader.counts[count], 0)
    const planned = this.#jobs.flatMap(({ events }) => events)
    const faults = [
      ...this.#faults,
      ...readers.flatMap((reader) => reader.faults.map((fault) => `a reader of ${reader.userId}: ${fault}`)),
      ...faultsIn({ planned, acknowledged: this.#acknowledged, logs, readers }),
    ]
    const counts = {
      events: planned.length,
      acknowledged: this.#acknowledged.size,
      entries: [...logs.values()].reduce((total, entries) => total + entries.length, 0),
      ...this.#counts,
      readers: readers.length,
      reconnects: sum('connects') - readers.length,
      pages: sum('pages'),
      pushes: sum('pushes'),
      seenAgain: sum('repeated'),
      faults: faults.length,
    }
    return { options: this.#options, seconds, counts, faults }
  }
}
