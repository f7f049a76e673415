import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { emit } from '../../../src/publisher/redis/index.ts'
import { Random } from '../random.ts'
import type { Calm } from './calm.ts'
import type { Events } from './events.ts'
import type { Ledger } from './ledger.ts'
import { Pace } from './pace.ts'

export interface ProducerOptions {
  readonly url: string
  readonly events: Events
  readonly ledger: Ledger
  readonly calm: Calm
  readonly rate: number
  readonly seed: number
}

/** The stream, and the letters that the bridge puts away, where `REDIS_CHANNEL` is not set. */
const STREAM = 'business-events'
const DEAD = `${STREAM}:dead`

const AT_ONCE = 50

/** A backend that adds its events to the stream, each until Redis acknowledges it. */
export class Producer {
  readonly counts = { emitted: 0, emittedAgain: 0, poison: 0 }
  readonly #options: ProducerOptions
  readonly #redis: Redis
  readonly #random: Random
  readonly #pace: Pace
  #next = 1
  #closed = false

  constructor(options: ProducerOptions) {
    this.#options = options
    // Nothing is sent twice behind our back: then the place that is told is not the only one.
    this.#redis = new Redis(options.url, {
      ...{ protocol: 2, maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false },
      ...{ enableOfflineQueue: false, retryStrategy: () => 100 },
    })
    this.#redis.on('error', () => undefined)
    this.#random = new Random(options.seed + 1)
    this.#pace = new Pace(options.rate, AT_ONCE, () => ({ size: 1, done: this.#emit() }))
  }

  start(): void {
    this.#pace.start()
  }

  async stop(): Promise<void> {
    await this.#pace.stop()
  }

  close(): void {
    this.#closed = true
    void this.#pace.stop()
    this.#redis.disconnect()
  }

  /** An entry that is no event: it must end among the dead letters, and hold up nothing. */
  async poison(): Promise<void> {
    const k = this.counts.poison++
    const broken = [`{"type":"BROKEN","k":${k}`, `{"type":"NOBODY","id":"nobody-${k}"}`]
    await this.#untilTaken(async () => this.#redis.xadd(STREAM, '*', 'event', broken[k % 2] ?? ''))
  }

  /** How many dead letters there are; some may be there twice, if an answer of Redis was lost. */
  async deadLetters(): Promise<number> {
    return this.#redis.xlen(DEAD)
  }

  async #emit(): Promise<void> {
    const n = this.#next
    this.#next += 2
    const { ledger, calm, events } = this.#options
    const { body } = events.of(n)
    ledger.emitting(n, calm.ms)
    if (this.#random.chance(0.5)) {
      await this.#untilTaken(async () => emit(this.#redis, JSON.parse(body) as { type: string }))
      ledger.emitted(n)
    } else {
      const { answer, tries } = await this.#untilTaken(async () =>
        this.#redis.xadd(STREAM, '*', 'event', body),
      )
      ledger.emitted(n, tries === 1 ? placeOf(answer ?? '') : undefined)
    }
    this.counts.emitted++
  }

  async #untilTaken<T>(add: () => Promise<T>): Promise<{ answer: T; tries: number }> {
    for (let tries = 1; ; tries++) {
      try {
        return { answer: await add(), tries }
      } catch (error) {
        if (this.#closed) throw error
        this.counts.emittedAgain++
        await pause(100)
      }
    }
  }
}

/** An entry's id as one number: its milliseconds, and its number among those of the same. */
function placeOf(entryId: string): number {
  const [milliseconds, among] = entryId.split('-')
  return Number(milliseconds) * 1000 + Number(among)
}
