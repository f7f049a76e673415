import type { HttpClient } from '../http-client.ts'
import type { Ledger, LogAnswer } from './ledger.ts'

/** How much of what was read before a restart is read again after it. */
const AGAIN = 20

export interface CheckerOptions {
  /** Each user's own: with their token. */
  readonly clients: ReadonlyMap<string, HttpClient>
  readonly ledger: Ledger
  readonly report: (fault: string) => void
}

/** Reads every log on, again and again, and hands what it reads to the ledger. */
export class Checker {
  readonly counts = { pages: 0, passes: 0 }
  readonly #options: CheckerOptions
  #readAgain = false

  constructor(options: CheckerOptions) {
    this.#options = options
  }

  /** Another process serves the logs: what was read is looked at once more. */
  readonly restarted = (): void => {
    this.#readAgain = true
  }

  /** Reads all logs to their ends, or as far as the server answers. */
  async pass(): Promise<void> {
    const again = this.#readAgain
    this.#readAgain = false
    const users = [...this.#options.clients.keys()].values()
    const work = async (): Promise<void> => {
      for (const userId of users) {
        const done = await this.#readOn(userId, again)
        // Not now: then all of it at the next pass.
        if (!done && again) this.#readAgain = true
      }
    }
    await Promise.all(Array.from({ length: 4 }, work))
    this.counts.passes++
  }

  /** Everything from the beginning, compared with what was ever read. @throws if the server does not answer */
  async readAllAgain(): Promise<void> {
    for (const userId of this.#options.clients.keys()) {
      let after = 0
      for (let more = true; more;) {
        const page = await this.#page(userId, after)
        if (page === undefined) throw new Error(`the log of ${userId} cannot be read in the end`)
        this.#options.ledger.readAgain(userId, page.events)
        if (after !== 0 && page.events[0] !== undefined && page.events[0].offset !== after + 1) {
          this.#options.report(`${userId}: read again, ${page.events[0].offset} comes after ${after}`)
        }
        after = page.events.at(-1)?.offset ?? after
        more = page.more
      }
      const head = this.#options.ledger.headOf(userId)
      if (after < head) this.#options.report(`${userId}: the log ended at ${head} and now ends at ${after}`)
    }
  }

  /** @returns whether the end was reached */
  async #readOn(userId: string, again: boolean): Promise<boolean> {
    const { ledger } = this.#options
    const claimed = ledger.claimOf(userId)
    if (again && ledger.headOf(userId) > 0) {
      const page = await this.#page(userId, Math.max(1, ledger.headOf(userId) - AGAIN))
      if (page === undefined) return false
      ledger.readAgain(userId, page.events)
    }
    for (let more = true; more;) {
      const page = await this.#page(userId, ledger.headOf(userId))
      if (page === undefined) return false
      ledger.read(userId, page)
      more = page.more
    }
    ledger.readToEnd(userId, claimed)
    return true
  }

  async #page(userId: string, after: number): Promise<LogAnswer | undefined> {
    const client = this.#options.clients.get(userId)
    const answer = await client?.call('GET', `/api/v1/events/recent?after=${after}`).catch(() => undefined)
    if (answer === undefined || answer.status === 503) return undefined
    if (answer.status !== 200) {
      this.#options.report(`a read was answered ${answer.status} ${answer.body.slice(0, 300)}`)
      return undefined
    }
    this.counts.pages++
    return JSON.parse(answer.body) as LogAnswer
  }
}
