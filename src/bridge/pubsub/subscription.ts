import type { Logger } from '../../core/ports.ts'
import { backoff, pause } from '../pause.ts'
import { whenReady } from '../redis/connect.ts'
import type { Connection } from '../redis/connection.ts'

export interface SubscriptionOptions {
  /** For this alone. */
  readonly redis: Connection
  readonly channel: string
  readonly logger: Logger
}

/** How often it is made sure that Redis is still there: a connection that died quietly looks like a channel without news. In milliseconds. */
const ALIVE_EVERY = 5000

/** Longer than the connection's own limit, if it has one. In milliseconds. */
const ANSWER_WITHIN = 12_000

/** Every moment without a subscription loses messages. In milliseconds. */
const LONGEST_BACKOFF = 500

class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

/** A subscription that comes back by itself. */
export class Subscription {
  readonly #options: SubscriptionOptions
  readonly #stopping = new AbortController()
  #isLive = false
  #problem: string | undefined
  #running: Promise<void> | undefined
  /** Ended early when the connection changes. */
  #nap = new AbortController()

  constructor(options: SubscriptionOptions) {
    this.#options = options
  }

  get isLive(): boolean {
    return this.#isLive
  }

  get problem(): string | undefined {
    return this.#problem
  }

  /** @param onMessage is called for each message, in the order of Redis */
  start(onMessage: (message: Buffer) => void): void {
    const { redis } = this.#options
    redis.on('messageBuffer', (_channel: Buffer, message: Buffer) => {
      onMessage(message)
    })
    redis.on('close', () => {
      this.#isLive = false
    })
    redis.on('ready', () => {
      this.#nap.abort()
    })
    this.#running = this.#keep()
  }

  /** No more messages come after it. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#nap.abort()
    await this.#running
    this.#isLive = false
    await this.#options.redis.unsubscribe(this.#options.channel).catch(() => undefined)
  }

  /** Subscribing again where one is subscribed already changes nothing, and shows whether Redis is there. */
  async #keep(): Promise<void> {
    const { redis, channel, logger } = this.#options
    const { signal } = this.#stopping
    for (let failures = 0; !signal.aborted;) {
      this.#nap = new AbortController()
      await whenReady(redis, signal)
      try {
        await withinReason(redis.subscribe(channel))
        failures = 0
        if (!this.#isLive) logger.info({ channel }, 'subscribed')
        this.#isLive = true
        this.#problem = undefined
      } catch (error) {
        failures++
        this.#isLive = false
        if (error instanceof NoAnswer) redis.disconnect(true)
        this.#problem = error instanceof Error ? error.message : String(error)
      }
      const milliseconds = failures === 0 ? ALIVE_EVERY : Math.min(LONGEST_BACKOFF, backoff(failures))
      await pause(milliseconds, this.#nap.signal)
    }
  }
}

/** A subscriber of a cluster has no time limit of its own. */
async function withinReason<T>(asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new NoAnswer(`Redis did not answer within ${ANSWER_WITHIN} ms`))
    }, ANSWER_WITHIN)
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
  }
}
