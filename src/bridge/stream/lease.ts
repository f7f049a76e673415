import { randomBytes } from 'node:crypto'
import type { Logger } from '../../core/ports.ts'
import { pause } from '../pause.ts'
import type { Connection } from '../redis/connection.ts'
import { textOf } from '../redis/script.ts'
import { GIVE_UP_LEASE, LEASE_LOST, RENEW_LEASE, TAKE_LEASE } from './scripts.ts'

export interface LeaseOptions {
  readonly redis: Connection
  readonly key: string
  /** Who holds it: no two bridges may have the same. */
  readonly owner: string
  /** Milliseconds after which it is lost, unless it is renewed. */
  readonly ttl: number
  readonly logger: Logger
}

/** How often who stands by looks, at least. In milliseconds. */
const LOOK_EVERY = 500

/** The right to read the stream for the group, which one bridge at a time has. */
export class Lease {
  readonly #options: LeaseOptions
  /** Of this term alone: a command of an earlier one that reaches Redis late must not count. */
  #owner: string

  constructor(options: LeaseOptions) {
    this.#options = options
    this.#owner = options.owner
  }

  get owner(): string {
    return this.#owner
  }

  get ttl(): number {
    return this.#options.ttl
  }

  /** Waits until it is ours; calls back each time that it is another one's. @returns `false` if the signal came first @throws if Redis cannot be asked */
  async acquire(signal: AbortSignal, onStandby: () => void): Promise<boolean> {
    const { redis, key, ttl, logger } = this.#options
    const former = this.#owner
    const owner = `${this.#options.owner}.${randomBytes(4).toString('hex')}`
    // Now, and not when it is ours: the answer that says so may get lost.
    this.#owner = owner
    let known: string | undefined
    while (!signal.aborted) {
      const holder = textOf(await TAKE_LEASE.run(redis, [key], [owner, ttl, former]))
      if (holder === owner) return true
      onStandby()
      if (holder !== known) logger.info({ reader: holder }, 'standing by: another bridge reads')
      known = holder
      // Whoever stands by should not be the slow part of a takeover.
      await pause(Math.min(LOOK_EVERY, ttl / 10) * (0.5 + Math.random()), signal)
    }
    return false
  }

  /** Renews it until the signal is aborted, however long the reader waits for its target. Calls back once if it is lost. */
  async keep(signal: AbortSignal, onLost: (holder: string) => void): Promise<void> {
    const owner = this.#owner
    const { ttl } = this.#options
    for (;;) {
      await pause(ttl / 3, signal)
      if (signal.aborted) return
      // If Redis cannot be asked, the next try tells: until then nothing is read, for every read is fenced.
      const holder = await this.renew().catch(() => owner)
      if (holder !== owner) {
        onLost(holder)
        return
      }
    }
  }

  /** So that who stands by need not wait for it to end. Never rejects. */
  async release(): Promise<void> {
    const { redis, key } = this.#options
    await GIVE_UP_LEASE.run(redis, [key], [this.#owner]).catch(() => undefined)
  }

  /** @returns who has it @throws if Redis cannot be asked */
  async renew(): Promise<string> {
    const { redis, key, ttl } = this.#options
    return textOf(await RENEW_LEASE.run(redis, [key], [this.#owner, ttl]))
  }
}

/** What a fenced script throws for a reader whose lease is another one's. */
export function isLeaseLost(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith(LEASE_LOST)
}
