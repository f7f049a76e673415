import { setTimeout as pause } from 'node:timers/promises'
import type { HttpClient } from '../http-client.ts'
import type { Disk } from './disk.ts'
import type { Host } from './host.ts'
import type { Incidents } from './incidents.ts'
import { until } from './until.ts'
import { healthOf } from './vitals.ts'

export interface FullDiskParts {
  readonly host: Host
  readonly disk: Disk
  readonly client: HttpClient
  readonly incidents: Incidents
}

/** From large to small, so that in the end not even a small one fits into what the server had in reserve. */
const SIZES = [100_000, 10_000, 1000, 300] as const
const SMALL = 300
/** So many refusals in a row are no chance. */
const IN_A_ROW = 20
/** How long it may take until the server has used up what it has in reserve, and how long until it says so. */
const USED_UP_MS = 30_000
const SAID_MS = 15_000
const WELL_MS = 30_000
const LANES = 4
/** Not those whose logs are checked; many, for their logs lie in different places of the file. */
const USERS = 40

/** `unknown`: nobody answers. */
type Said = 'well' | 'unwell' | 'unknown'

/** A disk without space: publishes are refused, the health says so; and when there is space again, all is well. */
export class FullDisk {
  readonly #parts: FullDiskParts
  /** How often the health has said so. */
  unwell = 0
  #count = 0

  constructor(parts: FullDiskParts) {
    this.#parts = parts
  }

  async make(milliseconds: number): Promise<void> {
    const { host, disk, incidents } = this.#parts
    const { starts } = host.counts
    const { pid } = host
    disk.fill(pid)
    try {
      // Or never: the database has pages to use again, and what is acknowledged from them is as good as any.
      const refused = await until(async () => this.#useUp(performance.now() + USED_UP_MS), USED_UP_MS)
      const said = refused ? await this.#healthAtLast() : 'unknown'
      if (said === 'unwell') this.unwell++
      // Not if it was killed meanwhile: another process may not have met the end of the disk yet, or not be there at all.
      if (said === 'well' && starts === host.counts.starts) {
        incidents.report('the disk is full, publishes are refused, and /health says that all is well')
      }
      await this.#insist(milliseconds)
    } finally {
      disk.free(pid)
    }
    const well = await until(async () => (await this.#logHealth()) === 'well', WELL_MS)
    if (!well)
      incidents.report('the disk has space again, and /health does not say that the log can be written')
  }

  /** @returns whether nothing is taken any more */
  async #useUp(until: number): Promise<boolean> {
    for (const size of SIZES) {
      while (performance.now() < until && (await this.#isTaken(size)));
    }
    for (let tries = 0; tries < IN_A_ROW; tries++) if (await this.#isTaken(SMALL)) return false
    return true
  }

  async #isTaken(size: number): Promise<boolean> {
    const k = this.#count++
    const [trainerId, studentId] = [`ballast-${k % USERS}`, `ballast-${(k + 7) % USERS}`]
    const event = { type: 'BALLAST', id: `ballast-${k}`, trainerId, studentId, note: 'x'.repeat(size) }
    const answer = await this.#parts.client
      .call('POST', '/api/v1/events', JSON.stringify(event))
      .catch(() => undefined)
    return answer?.status === 200
  }

  /** As clients do who try again: a write that fails must cost nothing, however often it is tried. */
  async #insist(milliseconds: number): Promise<void> {
    const over = performance.now() + milliseconds
    const lane = async (): Promise<void> => {
      while (performance.now() < over) {
        await this.#isTaken(SMALL)
        await pause(10)
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
  }

  /** Once it is unwell, or else the last that was said in the time it may take. */
  async #healthAtLast(): Promise<Said> {
    const over = performance.now() + SAID_MS
    for (;;) {
      const said = await this.#logHealth()
      if (said === 'unwell' || performance.now() > over) return said
      await pause(100)
    }
  }

  async #logHealth(): Promise<Said> {
    const health = await healthOf(this.#parts.host.httpUrl)
    if (health === undefined) return 'unknown'
    return 'log' in health.unwell ? 'unwell' : 'well'
  }
}
