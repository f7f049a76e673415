import type { BridgeKeys } from '../keys.ts'
import { isReason, type Message, type Settled } from '../message.ts'
import type { Lag } from '../metrics.ts'
import { backoff, pause } from '../pause.ts'
import type { Reader, ReaderDependencies } from '../reader.ts'
import { whenReady } from '../redis/connect.ts'
import type { Connection } from '../redis/connection.ts'
import { isLeaseLost, type Lease } from './lease.ts'
import type { Batch, Group } from './group.ts'

export interface StreamReaderOptions extends ReaderDependencies {
  readonly redis: Connection
  /** Waits for new entries, and does nothing else. */
  readonly waiting: Connection
  readonly keys: BridgeKeys
  readonly group: string
  readonly lease: Lease
  readonly entries: Group
  /** Milliseconds of failure of the target after which another reader may try. */
  readonly yieldAfter: number
  /** Milliseconds that an end may take. */
  readonly drain: number
}

/** How long one wait for a new entry lasts at most; the lease is renewed in between. In milliseconds. */
const WAIT = 1000

/** A failure after so long is a new one. In milliseconds. */
const LONG_TERM = 10_000

/** The target takes nothing from this bridge: another one may have more luck. */
class Yielded extends Error {
  override readonly name = 'Yielded'
}

/**
 * Reads a stream for its consumer group, as the one that has the lease, and no faster than the target takes it. Every term begins with
 * what was given out before and never acknowledged, so that nothing overtakes it: by a reader that died, or by this one when an answer
 * got lost.
 */
export class StreamReader implements Reader {
  readonly #options: StreamReaderOptions
  /** Nothing more is read. */
  readonly #stopping = new AbortController()
  /** What is under way is given up. */
  readonly #aborting = new AbortController()
  readonly #ended: Promise<void>
  #state: Reader['state'] = 'connecting'
  #problem: string | undefined
  #readingSince = 0

  constructor(options: StreamReaderOptions) {
    this.#options = options
    this.#ended = this.#run()
  }

  get state(): Reader['state'] {
    return this.#state
  }

  get problem(): string | undefined {
    return this.#problem
  }

  async lag(): Promise<Lag> {
    const { entries, oldestAt } = await this.#options.entries.lag()
    return {
      messages: entries,
      seconds: oldestAt === undefined ? 0 : Math.max(0, Date.now() - oldestAt) / 1000,
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    const timer = setTimeout(() => {
      this.#aborting.abort()
    }, this.#options.drain)
    await this.#ended
    clearTimeout(timer)
  }

  async #run(): Promise<void> {
    const { redis, lease, logger } = this.#options
    for (let failures = 0; !this.#stopping.signal.aborted;) {
      await whenReady(redis, this.#stopping.signal)
      const since = Date.now()
      try {
        if (await lease.acquire(this.#stopping.signal, this.#standBy)) await this.#term()
        failures = 0
      } catch (error) {
        failures = Date.now() - since > LONG_TERM ? 1 : failures + 1
        await this.#hasFailed(error, failures)
      }
    }
    await this.#options.burials.end(this.#aborting.signal)
    await lease.release()
    this.#state = 'standby'
    this.#options.metrics.active.set(0)
    logger.debug({}, 'reader ended')
  }

  readonly #standBy = (): void => {
    this.#state = 'standby'
    this.#problem = undefined
  }

  async #hasFailed(error: unknown, failures: number): Promise<void> {
    const { lease, logger, metrics } = this.#options
    metrics.active.set(0)
    const detail = error instanceof Error ? error.message : String(error)
    if (error instanceof Yielded) {
      await lease.release()
      this.#state = 'standby'
      logger.warn({ detail }, 'letting another bridge read, if there is one')
      // Longer than who stands by takes to look.
      await pause(lease.ttl / 2, this.#stopping.signal)
    } else if (isLeaseLost(error)) {
      logger.warn({ detail }, 'the lease is lost')
    } else {
      this.#state = 'connecting'
      this.#problem = detail
      logger.warn({ detail, failures }, 'reading from Redis failed, trying again')
      await pause(backoff(failures), this.#stopping.signal)
    }
  }

  /** As long as the lease is ours. @throws Yielded if the target has been failing for too long */
  async #term(): Promise<void> {
    const { lease, metrics, logger } = this.#options
    const over = new AbortController()
    const { signal } = over
    // By hand: "any" of a signal that lives as long as the process leaves something behind in it each time.
    const end = (): void => {
      over.abort()
    }
    this.#aborting.signal.addEventListener('abort', end)
    if (this.#aborting.signal.aborted) end()
    const keeping = lease.keep(signal, (holder) => {
      logger.warn({ reader: holder }, 'the lease is lost')
      over.abort()
    })
    const failing: { error?: Error } = {}
    const watching = this.#whenTargetFails((error) => {
      failing.error = error
      over.abort()
    })
    try {
      await this.#options.entries.ensure()
      this.#state = 'reading'
      this.#problem = undefined
      this.#readingSince = Date.now()
      metrics.active.set(1)
      logger.info({ reader: lease.owner }, 'reading the stream')
      await this.#finishPending(signal)
      await this.#readOn(signal)
    } finally {
      over.abort()
      clearInterval(watching)
      this.#aborting.signal.removeEventListener('abort', end)
      // What waits there is pending, and whoever reads next finds it.
      if (!this.#stopping.signal.aborted) this.#options.burials.forget()
      await keeping
    }
    if (failing.error !== undefined) throw new Yielded(failing.error.message)
  }

  #whenTargetFails(yieldIt: (error: Error) => void): NodeJS.Timeout {
    const { relay, yieldAfter } = this.#options
    return setInterval(() => {
      const { failure } = relay
      if (failure === undefined) return
      if (Date.now() - Math.max(failure.since, this.#readingSince) >= yieldAfter) yieldIt(failure.error)
    }, yieldAfter / 10)
  }

  async #finishPending(signal: AbortSignal): Promise<void> {
    const { entries, logger } = this.#options
    for (let from: string | undefined = '0-0'; from !== undefined && !this.#isOver(signal);) {
      const { messages, next } = await entries.takeOver(from)
      if (messages.length > 0) logger.info({ count: messages.length }, 'finishing what was not acknowledged')
      await this.#bring(messages, signal)
      from = next === '0-0' ? undefined : next
    }
  }

  async #readOn(signal: AbortSignal): Promise<void> {
    const { entries } = this.#options
    let reading = entries.read()
    while (!this.#isOver(signal)) {
      const batch = await reading
      await this.#reportTrimmed(batch)
      if (batch.messages.length === 0) {
        await this.#waitAfter(batch.last)
        if (!this.#isOver(signal)) reading = entries.read()
        continue
      }
      // Read ahead while the target works; if it fails, that is said when its turn comes.
      if (!this.#stopping.signal.aborted) reading = entries.read()
      reading.catch(() => undefined)
      await this.#bring(batch.messages, signal)
    }
    await reading.catch(() => undefined)
  }

  #isOver(signal: AbortSignal): boolean {
    return signal.aborted || this.#stopping.signal.aborted
  }

  async #reportTrimmed({ trimmed: { count, after, before } }: Batch): Promise<void> {
    if (count === 0) return
    const { lease, losses, entries } = this.#options
    // Whoever was replaced while the answer was on its way leaves it to the next one, who is told as well.
    if ((await lease.renew()) !== lease.owner) return
    losses.trimmed(count, after, before)
    await entries.reported(count)
  }

  async #waitAfter(last: string): Promise<void> {
    const { waiting, keys } = this.#options
    // Only a hint: without this connection it is looked every now and then.
    await waiting
      .xread('COUNT', 1, 'BLOCK', WAIT, 'STREAMS', keys.stream, last)
      .catch(async () => pause(WAIT / 5, this.#stopping.signal))
  }

  async #bring(messages: readonly Message[], signal: AbortSignal): Promise<void> {
    const { relay, entries, numbers, metrics } = this.#options
    const taken: string[] = []
    const poison: Settled[] = []
    const left = await relay.deliver(
      messages,
      async (settled) => {
        for (const one of settled) {
          if (isReason(one.verdict)) poison.push(one)
          else {
            metrics.messages.inc({ result: one.verdict })
            taken.push(one.message.entry ?? '')
          }
        }
      },
      signal,
    )
    this.#noteNumbers(messages, left)
    // First: what is acknowledged does not come again, and a number that was not written would look lost for ever.
    await numbers.flush()
    await entries.acknowledge(taken)
    // What is left is for the next term, and the poison with it.
    if (left.length === 0) await this.#bury(poison)
  }

  /** In their order: a number that is noted before those ahead of it makes them look lost. */
  #noteNumbers(messages: readonly Message[], left: readonly Message[]): void {
    for (const message of messages) {
      if (message.number !== undefined && !left.includes(message)) this.#options.numbers.note(message.number)
    }
  }

  async #bury(poison: readonly Settled[]): Promise<void> {
    const { burials, keys, group } = this.#options
    for (const { message, verdict } of poison) {
      const { entry = '' } = message
      // Without room for it, it stays pending: the next term finds it.
      if (isReason(verdict)) await burials.add(message, verdict, { stream: keys.stream, group, entry })
    }
  }
}
