import type { Logger } from '../core/ports.ts'
import type { Acknowledgement, DeadLetters } from './dead-letters.ts'
import type { Message, Reason } from './message.ts'
import type { BridgeMetrics } from './metrics.ts'
import { backoff, pause } from './pause.ts'

export interface BurialsOptions {
  readonly deadLetters: DeadLetters
  readonly metrics: BridgeMetrics
  readonly logger: Logger
}

interface Burial {
  readonly message: Message
  readonly reason: Reason
  readonly acknowledgement: Acknowledgement | undefined
}

/** What may wait for Redis to take it. */
const ROOM = { letters: 1000, bytes: 16 * 1024 * 1024 }
/** Whether there is room now. In milliseconds. */
const LOOK_EVERY = 20
/** A backend that sends nothing but nonsense must not fill the log. In milliseconds. */
const SAY_EVERY = 1000

/** Puts what can never be published among the dead letters, beside everything else, so that it holds up nothing, even if Redis refuses it. */
export class Burials {
  readonly #options: BurialsOptions
  readonly #ending = new AbortController()
  #waiting: Burial[] = []
  #bytes = 0
  #working: Promise<void> | undefined
  #problem: string | undefined
  #buried = 0
  #saidAt = -Infinity

  constructor(options: BurialsOptions) {
    this.#options = options
  }

  /** Why dead letters cannot be written now. */
  get problem(): string | undefined {
    return this.#problem === undefined ? undefined : `dead letters cannot be written: ${this.#problem}`
  }

  /** Waits for room, unless Redis refuses dead letters. @returns `false` if there is no room for it */
  async add(message: Message, reason: Reason, acknowledgement?: Acknowledgement): Promise<boolean> {
    while (this.#isFullFor(message)) {
      if (this.#problem !== undefined || this.#ending.signal.aborted) return false
      await pause(LOOK_EVERY, this.#ending.signal)
    }
    this.#waiting.push({ message, reason, acknowledgement })
    this.#bytes += message.bytes.length
    this.#start()
    return true
  }

  #start(): void {
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined
      // One may have come after the last look.
      if (this.#waiting.length > 0 && !this.#ending.signal.aborted) this.#start()
    })
  }

  #isFullFor({ bytes }: Message): boolean {
    const isFull = this.#waiting.length >= ROOM.letters || this.#bytes + bytes.length > ROOM.bytes
    return isFull && this.#waiting.length > 0
  }

  /** Those that wait are somebody else's: Redis still has them, and gives them to whoever reads next. */
  forget(): void {
    this.#waiting = []
    this.#bytes = 0
    this.#problem = undefined
  }

  /** Writes what waits, until the signal is aborted. @returns how many were not written */
  async end(signal: AbortSignal): Promise<number> {
    const abort = (): void => {
      this.#ending.abort()
    }
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    while (this.#working !== undefined) await this.#working
    signal.removeEventListener('abort', abort)
    return this.#waiting.length
  }

  async #work(): Promise<void> {
    for (let failures = 0; ;) {
      const [burial] = this.#waiting
      if (burial === undefined || this.#ending.signal.aborted) return
      if (await this.#bury(burial)) {
        failures = 0
        if (this.#waiting[0] === burial) this.#done(burial)
      } else await pause(backoff(++failures), this.#ending.signal)
    }
  }

  #done({ message }: Burial): void {
    this.#waiting.shift()
    this.#bytes -= message.bytes.length
  }

  async #bury({ message, reason, acknowledgement }: Burial): Promise<boolean> {
    const { deadLetters, metrics, logger } = this.#options
    try {
      await deadLetters.put(message, reason, acknowledgement)
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      if (detail !== this.#problem)
        logger.warn({ detail, code: reason.code }, 'dead letter not written, trying again')
      this.#problem = detail
      return false
    }
    this.#problem = undefined
    metrics.messages.inc({ result: 'dead' })
    this.#say(message, reason)
    return true
  }

  #say({ entry, number }: Message, { code, message, path }: Reason): void {
    this.#buried++
    const now = Date.now()
    if (now - this.#saidAt < SAY_EVERY) return
    this.#saidAt = now
    this.#options.logger.warn(
      { count: this.#buried, code, reason: message, path, entry, producer: number?.producer },
      'cannot be published, and is among the dead letters: see "fanout bridge dead"',
    )
    this.#buried = 0
  }
}
