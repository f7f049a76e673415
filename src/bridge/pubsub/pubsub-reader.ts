import { isReason, type Message, type Settled } from '../message.ts'
import type { Lag } from '../metrics.ts'
import { pause } from '../pause.ts'
import type { Reader, ReaderDependencies } from '../reader.ts'
import { Inbox, type InboxLimits } from './inbox.ts'
import { separateNumber } from './separate-number.ts'
import type { Subscription } from './subscription.ts'

export interface PubSubReaderOptions extends ReaderDependencies {
  readonly subscription: Subscription
  readonly room: InboxLimits
  /** Milliseconds that an end may take. */
  readonly drain: number
  /** Milliseconds between two looks at how far the producers have come. */
  readonly checkEvery?: number
}

/** What was dropped is said at most so often. In milliseconds. */
const SAY_EVERY = 1000
/** So long after the last dropped message the bridge counts as well again. In milliseconds. */
const UNWELL_FOR = 60_000
const CHECK_EVERY = 2000

/**
 * Listens to a channel. Redis keeps nothing of it: what comes while no bridge is subscribed is lost, and what comes faster than the target
 * takes it waits in memory, until there is no more room. Both are reported, as far as they can be known.
 */
export class PubSubReader implements Reader {
  readonly #options: PubSubReaderOptions
  readonly #inbox: Inbox
  readonly #stopping = new AbortController()
  readonly #aborting = new AbortController()
  readonly #ended: Promise<unknown>
  #underWay: readonly Message[] = []
  /** When the oldest of them came. */
  #underWaySince: number | undefined
  /** How far each producer said that it had come, when it was last looked at. */
  readonly #published = new Map<string, number>()
  #dropped = 0
  #droppedAt = -Infinity
  #saidAt = -Infinity

  constructor(options: PubSubReaderOptions) {
    this.#options = options
    this.#inbox = new Inbox(options.room)
    options.subscription.start((message) => {
      this.#receive(message)
    })
    this.#ended = Promise.all([this.#run(), this.#watchProducers()])
  }

  get state(): Reader['state'] {
    return this.#options.subscription.isLive ? 'reading' : 'connecting'
  }

  get problem(): string | undefined {
    const { subscription } = this.#options
    if (!subscription.isLive) return subscription.problem ?? 'no answer from it yet'
    if (Date.now() - this.#droppedAt < UNWELL_FOR) {
      return `messages were dropped, the last at ${new Date(this.#droppedAt).toISOString()}: the target takes them too slowly, or not at all`
    }
    return undefined
  }

  async lag(): Promise<Lag> {
    const oldestAt = this.#underWay.length > 0 ? this.#underWaySince : this.#inbox.oldestAt
    return {
      messages: this.#inbox.messages + this.#underWay.length,
      seconds: oldestAt === undefined ? 0 : (Date.now() - oldestAt) / 1000,
    }
  }

  async stop(): Promise<void> {
    await this.#options.subscription.stop()
    this.#stopping.abort()
    const timer = setTimeout(() => {
      this.#aborting.abort()
    }, this.#options.drain)
    await this.#ended
    this.#drop(await this.#options.burials.end(this.#aborting.signal))
    clearTimeout(timer)
    this.#sayDropped('the end came before they were brought')
  }

  #receive(received: Buffer): void {
    if (this.#inbox.add(separateNumber(received), Date.now())) return
    this.#drop(1)
    this.#sayDropped()
  }

  #drop(count: number): void {
    if (count === 0) return
    this.#options.metrics.lost.inc({ reason: 'dropped' }, count)
    this.#dropped += count
    this.#droppedAt = Date.now()
  }

  /** @param why of the last ones, which are said at once */
  #sayDropped(why?: string): void {
    const now = Date.now()
    if (this.#dropped === 0 || (why === undefined && now - this.#saidAt < SAY_EVERY)) return
    this.#saidAt = now
    this.#options.logger.error(
      { count: this.#dropped, waiting: this.#inbox.messages, room: this.#options.room },
      `messages dropped: ${why ?? 'the target takes them more slowly than they come, or not at all; pub/sub cannot wait, a stream can'}`,
    )
    this.#dropped = 0
  }

  async #run(): Promise<void> {
    const { relay, metrics } = this.#options
    while (!this.#aborting.signal.aborted) {
      await this.#inbox.filled(this.#stopping.signal)
      this.#underWaySince = this.#inbox.oldestAt
      const batch = this.#inbox.take()
      this.#underWay = batch
      this.#sayDropped()
      if (this.#underWay.length > 0) {
        const left = await relay.deliver(
          this.#underWay,
          async (settled) => this.#settle(settled),
          this.#aborting.signal,
        )
        this.#noteNumbers(batch, left)
        this.#drop(left.length)
      } else if (this.#stopping.signal.aborted) break
    }
    // Out of time.
    this.#underWay = []
    this.#drop(this.#inbox.messages)
    metrics.active.set(0)
  }

  async #settle(settled: readonly Settled[]): Promise<void> {
    const { metrics, burials } = this.#options
    for (const { message, verdict } of settled) {
      if (isReason(verdict)) {
        if (!(await burials.add(message, verdict))) this.#drop(1)
      } else {
        metrics.messages.inc({ result: verdict })
      }
    }
    this.#underWay = this.#underWay.filter((message) => !settled.some((one) => one.message === message))
  }

  /** In their order: a number that is noted before those ahead of it makes them look lost. */
  #noteNumbers(batch: readonly Message[], left: readonly Message[]): void {
    const { numbers } = this.#options
    for (const message of batch) {
      if (message.number !== undefined && !left.includes(message)) numbers.note(message.number)
    }
    void numbers.flush()
  }

  /** A producer that falls silent leaves no later number behind that would show the loss. It has written down how far it came. */
  async #watchProducers(): Promise<void> {
    const { numbers, checkEvery = CHECK_EVERY, logger } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await pause(checkEvery, signal)
      try {
        const published = (await numbers.published()).filter(
          ({ producer, number }) => this.#published.get(producer) !== number,
        )
        // What was published before that has been sent to this bridge: on another connection, so it may still be on its way.
        await pause(checkEvery / 2, signal)
        this.#inbox.afterwards(() => {
          for (const number of published) {
            numbers.expect(number)
            this.#published.set(number.producer, number.number)
          }
          void numbers.flush()
        })
      } catch (error) {
        logger.debug({ detail: error instanceof Error ? error.message : String(error) }, 'producers not read')
      }
    }
  }
}
