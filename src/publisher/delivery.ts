import { type Answer, readAnswer } from './answer.ts'
import type { Environment } from './environment.ts'
import { FailedTry } from './failed-try.ts'
import type { Form } from './forms.ts'
import type { Item } from './item.ts'
import type { PublishOptions, Target } from './options.ts'
import { aborted, type Bounds, fetchToken, post } from './post.ts'
import type { Outcome } from './results.ts'
import { pauseAfter } from './retry-after.ts'

/** What the deliveries of a publisher have in common. */
export interface Means {
  readonly target: Target
  readonly environment: Environment
  /** `false`: whoever asks tries again, and wants to know at once. @default true */
  readonly retries?: boolean
}

/**
 * Brings events to the server in one request, and again until it has said of each that it is published or refused, or until time is
 * up. Those that are sent again keep their order; and one that the server failed on has held up those after it that share a recipient,
 * so none is overtaken.
 */
export class Delivery {
  readonly #target: Target
  readonly #environment: Environment
  readonly #form: Form
  readonly #retries: boolean
  readonly #options: PublishOptions
  readonly #items: readonly Item[]
  readonly #outcomes = new Map<Item, Outcome>()
  readonly #deadline: number
  #attempts = 0
  /** What is known of the token. A renewed one is asked for once. */
  #token: 'unused' | 'refused' | 'renewed' = 'unused'

  constructor(items: readonly Item[], form: Form, means: Means, options: PublishOptions) {
    const { target, environment, retries = true } = means
    this.#items = items
    this.#form = form
    this.#retries = retries
    this.#target = target
    this.#options = options
    this.#environment = environment
    this.#deadline = environment.now() + (options.deadline ?? target.deadline)
  }

  /** @returns what became of each */
  async run(): Promise<ReadonlyMap<Item, Outcome>> {
    for (let failed; (failed = await this.#tryOnce());) {
      const pause = this.#pauseAfter(failed)
      if (pause === undefined) this.#giveUp(failed)
      else await this.#wait(pause, failed)
    }
    return this.#outcomes
  }

  get #pending(): readonly Item[] {
    return this.#items.filter((item) => !this.#outcomes.has(item))
  }

  /** @returns why those that are still pending are so */
  async #tryOnce(): Promise<FailedTry | undefined> {
    const pending = this.#pending
    if (pending.length === 0) return undefined
    const { signal } = this.#options
    if (signal?.aborted === true) return aborted(signal.reason, false)
    this.#attempts++
    try {
      return this.#settle(pending, await this.#send(pending))
    } catch (error) {
      if (!(error instanceof FailedTry)) throw error
      for (const item of pending) item.mayBeThere ||= error.facts.reached === true
      return error
    }
  }

  async #send(items: readonly Item[]): Promise<Answer> {
    const renew = this.#token === 'refused'
    const token = await fetchToken(this.#target, renew, this.#bounds, this.#environment)
    if (renew) this.#token = 'renewed'
    const { respondAsync = false } = this.#options
    const message = { body: this.#form.body(items), token, respondAsync }
    return post(this.#target, message, this.#bounds, this.#environment)
  }

  get #bounds(): Bounds {
    const milliseconds = Math.max(0, Math.min(this.#target.tryTimeout, this.#timeLeft))
    return { milliseconds, signal: this.#options.signal }
  }

  get #timeLeft(): number {
    return this.#deadline - this.#environment.now()
  }

  /** @returns why some are to be sent again */
  #settle(items: readonly Item[], answer: Answer): FailedTry | undefined {
    const { origin } = this.#target
    const { respondAsync = false } = this.#options
    const json = readAnswer(answer, origin, this.#form.kind)
    const good = { json, status: answer.status, origin, mayQueue: respondAsync }
    const results = this.#form.results(good, items.length)
    let again: FailedTry | undefined
    for (const [i, item] of items.entries()) {
      const result = results[i]
      if (!(result instanceof FailedTry)) {
        if (result !== undefined) this.#outcomes.set(item, result)
        continue
      }
      item.mayBeThere ||= result.facts.reached === true
      if (result.facts.passes === true) again ??= result
      else this.#outcomes.set(item, { error: result.of(item, this.#attempts) })
    }
    return again
  }

  /** @returns milliseconds until the next try; `undefined` if there shall be none */
  #pauseAfter({ facts: { status, passes, retryAfter } }: FailedTry): number | undefined {
    const isFirstRefusal = status === 401 && this.#token === 'unused'
    if (isFirstRefusal) this.#token = 'refused'
    else if (passes !== true || !this.#retries) return undefined
    const pause = isFirstRefusal
      ? 0
      : pauseAfter(this.#attempts, retryAfter, () => this.#environment.random())
    return pause < this.#timeLeft ? pause : undefined
  }

  async #wait(milliseconds: number, { message }: FailedTry): Promise<void> {
    this.#target.log(`not published yet, trying again in ${Math.ceil(milliseconds)} ms: ${message}`)
    await this.#environment.pause(milliseconds, this.#options.signal)
  }

  #giveUp(failed: FailedTry): void {
    for (const item of this.#pending) this.#outcomes.set(item, { error: failed.of(item, this.#attempts) })
  }
}
