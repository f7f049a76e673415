import { setTimeout as pause } from 'node:timers/promises'
import { issueToken } from '../../../src/auth/issue-token.ts'
import type { HttpClient } from '../http-client.ts'
import { Reader } from '../reader.ts'
import { SECRET } from '../server-process.ts'
import type { Calm } from './calm.ts'
import { until } from './until.ts'

const KIB = 1024
/** More than the kernel's buffers of both ends and the server's own for one socket. */
const EVENTS = 120
const EVENT_BYTES = 100 * KIB
const CATCH_UP_MS = 60_000

export interface FloodOptions {
  readonly client: HttpClient
  readonly wsUrl: string
  readonly calm: Calm
  readonly report: (fault: string) => void
  readonly lifetime: number
}

/**
 * A device that stops reading while more comes for it than fits between it and the server, so that pushes to it are
 * skipped; when it reads on it must get all of it. Of a user of its own: others are not held up, nor their logs filled.
 */
export class Flood {
  readonly #options: FloodOptions
  #count = 0
  #reader: Reader | undefined

  constructor(options: FloodOptions) {
    this.#options = options
  }

  get open(): number {
    return this.#reader?.isOpen === true ? 1 : 0
  }

  async flow(): Promise<void> {
    const userId = `flooded-${this.#count++}`
    const { wsUrl, report, calm, lifetime } = this.#options
    const seen = new Map<number, string>()
    const token = await issueToken(SECRET, { userId, expiresIn: lifetime })
    const reader = new Reader(userId, wsUrl, token, {
      pingMs: 1000,
      onSeen: (offset, text) => seen.set(offset, (JSON.parse(text) as { id: string }).id),
    })
    this.#reader = reader
    try {
      await until(() => reader.isOpen && reader.cursor > 0, CATCH_UP_MS)
      reader.pause()
      const offsets = await this.#publishAll(userId)
      reader.resume()
      const last = Math.max(...offsets.values())
      const caughtUp = await until(
        () => reader.cursor >= last,
        CATCH_UP_MS,
        () => calm.ms,
      )
      if (!caughtUp) report(`${userId} read on and is at ${reader.cursor}, not at ${last}`)
      for (const [id, offset] of offsets) {
        if (caughtUp && seen.get(offset) !== id) report(`${userId} read on and never saw ${id} at ${offset}`)
      }
      for (const fault of reader.faults) report(`${userId}: ${fault}`)
    } finally {
      reader.stop()
      this.#reader = undefined
    }
  }

  /** @returns where each was acknowledged */
  async #publishAll(userId: string): Promise<ReadonlyMap<string, number>> {
    const offsets = new Map<string, number>()
    for (let k = 0; k < EVENTS; k++) {
      const id = `${userId}-${k}`
      const body = JSON.stringify({ type: 'FLOOD', id, userId, note: 'x'.repeat(EVENT_BYTES) })
      offsets.set(id, await this.#publish(body))
    }
    return offsets
  }

  async #publish(body: string): Promise<number> {
    for (;;) {
      const answer = await this.#options.client.call('POST', '/api/v1/events', body).catch(() => undefined)
      if (answer?.status === 200) {
        const { recipients } = JSON.parse(answer.body) as { recipients: { offset: number }[] }
        return recipients[0]?.offset ?? NaN
      }
      if (answer !== undefined && answer.status !== 503) throw new Error(`${answer.status} ${answer.body}`)
      await pause(200)
    }
  }
}
