import { setTimeout as pause } from 'node:timers/promises'
import type { HttpClient } from '../http-client.ts'
import type { Ledger, LogAnswer } from './ledger.ts'

const EVERY_MS = 1500

/** A device that has no socket and polls. */
export class Poller {
  readonly counts = { polls: 0, unanswered: 0 }
  readonly userId: string
  readonly #client: HttpClient
  readonly #ledger: Ledger
  readonly #report: (fault: string) => void
  #cursor = 0
  #stopped = false

  constructor(userId: string, client: HttpClient, ledger: Ledger, report: (fault: string) => void) {
    this.userId = userId
    this.#client = client
    this.#ledger = ledger
    this.#report = report
    void this.#run()
  }

  /** It has everything up to here. */
  get cursor(): number {
    return this.#cursor
  }

  stop(): void {
    this.#stopped = true
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const more = await this.#poll()
      if (!more) await pause(EVERY_MS * (0.5 + Math.random()))
    }
  }

  async #poll(): Promise<boolean> {
    const query = `after=${this.#cursor}&device=poller`
    const answer = await this.#client.call('GET', `/api/v1/events/recent?${query}`).catch(() => undefined)
    if (answer?.status !== 200) {
      this.counts.unanswered++
      if (answer !== undefined && answer.status !== 503) {
        this.#report(`a poll of ${this.userId} was answered ${answer.status} ${answer.body.slice(0, 300)}`)
      }
      return false
    }
    this.counts.polls++
    const { events, more } = JSON.parse(answer.body) as LogAnswer
    for (const { offset, event } of events) {
      if (this.#cursor !== 0 && offset !== this.#cursor + 1) {
        this.#report(`a poll of ${this.userId} goes from ${this.#cursor} to ${offset}`)
      }
      this.#ledger.seen('a poller', this.userId, offset, JSON.stringify(event))
      this.#cursor = offset
    }
    return more
  }
}
