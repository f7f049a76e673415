import { setTimeout as pause } from 'node:timers/promises'
import type { HttpClient } from '../http-client.ts'
import { Random } from '../random.ts'
import type { Acknowledgement } from '../verify.ts'
import type { Calm } from './calm.ts'
import type { Events } from './events.ts'
import type { Ledger } from './ledger.ts'
import { Pace } from './pace.ts'

export interface PublishersOptions {
  readonly client: HttpClient
  readonly events: Events
  readonly ledger: Ledger
  readonly calm: Calm
  readonly report: (fault: string) => void
  readonly rate: number
  readonly seed: number
}

/** One request: a single event, or an array. */
interface Job {
  readonly numbers: readonly number[]
  readonly body: string
}

type Answered = Acknowledgement & { readonly duplicate?: boolean }

/** Requests under way: while the server is away no more begin, so that what waits does not grow. */
const AT_ONCE = 100
/** How long the server may take for one when nothing is done to it. */
const LATE_MS = 30_000

/** Backends that publish over HTTP, at a steady rate, each event until it is acknowledged. */
export class Publishers {
  readonly counts = { published: 0, requests: 0, unanswered: 0, refused: 0 }
  readonly #options: PublishersOptions
  readonly #random: Random
  readonly #pace: Pace
  #next = 0
  #abandoned = false

  constructor(options: PublishersOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#pace = new Pace(options.rate, AT_ONCE, () => this.#begin())
  }

  start(): void {
    this.#pace.start()
  }

  /** Begins no more, and waits until all that was begun is acknowledged. */
  async stop(): Promise<void> {
    await this.#pace.stop()
  }

  /** Gives up what is under way. */
  abandon(): void {
    this.#abandoned = true
    void this.#pace.stop()
  }

  #begin(): { readonly size: number; readonly done: Promise<unknown> } {
    const size = this.#random.chance(0.05) ? this.#random.whole(2, 10) : 1
    const numbers = Array.from({ length: size }, () => {
      this.#next += 2
      return this.#next - 2
    })
    const bodies = numbers.map((n) => this.#options.events.of(n).body)
    const job = { numbers, body: size === 1 ? bodies.join('') : `[${bodies.join(',')}]` }
    // Now and then by two at the same time, as two bridges of one source would.
    const times = this.#random.chance(0.02) ? 2 : 1
    this.counts.published += size
    return { size, done: Promise.all(Array.from({ length: times }, async () => this.#publish(job))) }
  }

  async #publish(job: Job): Promise<void> {
    const { calm, report } = this.#options
    let since = calm.ms
    while (!(await this.#try(job)) && !this.#abandoned) {
      await pause(100 + Math.random() * 400)
      if (calm.ms - since < LATE_MS) continue
      report(`events ${job.numbers.join()} were not acknowledged within ${LATE_MS} ms`)
      since = calm.ms
    }
  }

  async #try({ numbers, body }: Job): Promise<boolean> {
    this.counts.requests++
    const answer = await this.#options.client.call('POST', '/api/v1/events', body).catch(() => undefined)
    if (answer === undefined) {
      this.counts.unanswered++
      return false
    }
    if (answer.status === 503) {
      this.counts.refused++
      return false
    }
    if (answer.status !== 200) {
      this.#options.report(`a publish was answered ${answer.status} ${answer.body.slice(0, 300)}`)
      return true
    }
    return this.#heed(numbers, JSON.parse(answer.body))
  }

  /** @returns whether all of the events are acknowledged */
  #heed(numbers: readonly number[], answer: unknown): boolean {
    const items = (Array.isArray(answer) ? answer : [answer]) as (Answered | { readonly error: object })[]
    for (const [i, n] of numbers.entries()) {
      const item = items[i]
      if (item !== undefined && 'id' in item) {
        this.#options.ledger.acknowledged(n, item, item.duplicate)
      }
    }
    return items.length === numbers.length && items.every((item) => 'id' in item)
  }
}
