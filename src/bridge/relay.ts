import type { AcceptedEvent } from '../core/event.ts'
import type { Logger } from '../core/ports.ts'
import { eventOf, isReason, type Message, type Settled } from './message.ts'
import { backoff, pause } from './pause.ts'
import type { Outcome, Target } from './targets/target.ts'

export interface RelayDependencies {
  readonly target: Target
  readonly logger: Logger
  /** Told of every try that failed. */
  readonly onRetry?: () => void
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/** Told which messages are done with, as soon as they are. What it throws ends the delivery. */
export type Settle = (settled: readonly Settled[]) => Promise<void>

interface Waiting {
  readonly message: Message
  readonly event: AcceptedEvent
}

/** Brings messages to the target, in their order, and tries for as long as it takes. */
export class Relay {
  readonly #dependencies: RelayDependencies
  #failure: { readonly since: number; readonly error: Error } | undefined

  constructor(dependencies: RelayDependencies) {
    this.#dependencies = dependencies
  }

  /** Since when the target takes nothing of what it is given, and why; `undefined` while it works. */
  get failure(): { readonly since: number; readonly error: Error } | undefined {
    return this.#failure
  }

  /**
   * Resolves when the target has taken, or refused for good, every message, and `settle` knows; or when the signal is aborted.
   *
   * @returns what was not settled; some of it may be in the logs all the same
   */
  async deliver(
    messages: readonly Message[],
    settle: Settle,
    signal: AbortSignal,
  ): Promise<readonly Message[]> {
    const { waiting, poison } = sorted(messages)
    if (poison.length > 0) {
      await this.#tell(poison)
      await settle(poison)
    }
    let left = waiting
    for (let failures = 0; left.length > 0 && !signal.aborted;) {
      const outcomes = await this.#dependencies.target.publish(
        left.map(({ event }) => event),
        signal,
      )
      const { settled, again, error } = judged(left, outcomes)
      if (settled.length > 0) await settle(settled)
      failures = settled.length > 0 ? 1 : failures + 1
      left = again
      if (error === undefined) this.#works()
      else await this.#fails(error, left.length, failures, settled.length > 0, signal)
    }
    return left.map(({ message }) => message)
  }

  async #tell(poison: readonly Settled[]): Promise<void> {
    const { target } = this.#dependencies
    await Promise.all(
      poison.map(async ({ verdict }) => {
        if (isReason(verdict) && verdict.error !== undefined) await target.refused?.(verdict.error)
      }),
    )
  }

  #works(): void {
    if (this.#failure === undefined) return
    const seconds = Math.round((Date.now() - this.#failure.since) / 1000)
    this.#dependencies.logger.info(
      { target: this.#dependencies.target.name, seconds },
      'target takes events again',
    )
    this.#failure = undefined
  }

  /** @param took something, though not all: then it is failing only since now */
  async #fails(
    error: Error,
    waiting: number,
    failures: number,
    took: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return
    const { target, logger, onRetry } = this.#dependencies
    this.#failure = { since: (took ? undefined : this.#failure?.since) ?? Date.now(), error }
    const milliseconds = Math.ceil(backoff(failures))
    logger.warn(
      { target: target.name, detail: error.message, waiting, failures, milliseconds },
      'target did not take events, trying again',
    )
    onRetry?.()
    await (this.#dependencies.pause ?? pause)(milliseconds, signal)
  }
}

function sorted(messages: readonly Message[]): { waiting: readonly Waiting[]; poison: readonly Settled[] } {
  const waiting: Waiting[] = []
  const poison: Settled[] = []
  for (const message of messages) {
    const event = eventOf(message)
    if (isReason(event)) poison.push({ message, verdict: event })
    else waiting.push({ message, event })
  }
  return { waiting, poison }
}

interface Judged {
  readonly settled: readonly Settled[]
  readonly again: readonly Waiting[]
  /** Why some are to be tried again. */
  readonly error: Error | undefined
}

function judged(tried: readonly Waiting[], outcomes: readonly Outcome[]): Judged {
  const settled: Settled[] = []
  const again: Waiting[] = []
  let error: Error | undefined
  for (const [i, waiting] of tried.entries()) {
    const outcome = outcomes[i] ?? {
      status: 'failed',
      error: new Error('the target gave no answer for an event'),
    }
    if (outcome.status === 'failed') {
      again.push(waiting)
      error ??= outcome.error
    } else {
      const verdict = outcome.status === 'refused' ? outcome.reason : outcome.status
      settled.push({ message: waiting.message, verdict })
    }
  }
  return { settled, again, error }
}
