import type { BegunReceipt } from '../core/ports.ts'
import type { EventWay } from '../core/why/event-way.ts'
import { detailOf, Refusal } from './refusal.ts'
import type { Tokens } from './tokens.ts'

/** What is known of an event's way; `begun`, where its publish was never finished. */
export type Found = EventWay | BegunReceipt

/** An answer that takes longer, in milliseconds, will not come. */
const PATIENCE = 10_000

/** What an administrator may ask: `docs/protocol.md`, "For administrators". */
export class Admin {
  readonly #tokens: Tokens
  #token: Promise<string> | undefined

  constructor(tokens: Tokens) {
    this.#tokens = tokens
  }

  /** @throws Error with the server's own words, a `Refusal` if it would say the same again */
  async wayOf(eventId: string): Promise<Found> {
    return (await this.#ask('GET', `/api/v1/events/${encodeURIComponent(eventId)}/receipt`)) as Found
  }

  /**
   * Closes all connections of a user, whose tokens are refused from now on.
   *
   * @returns how many there were
   * @throws Error as `wayOf` does
   */
  async disconnect(userId: string): Promise<number> {
    const path = `/api/v1/users/${encodeURIComponent(userId)}/connections`
    return ((await this.#ask('DELETE', path)) as { readonly closed: number }).closed
  }

  async #ask(method: string, path: string): Promise<unknown> {
    const first = await this.#send(method, path)
    // The token may have ended: once more, with another.
    const response = first.status === 401 ? await this.#sendAnew(method, path) : first
    if (response.ok) return response.json()
    const text = `${response.status} ${detailOf(await response.text())}`
    throw response.status >= 500 ? new Error(text) : new Refusal(text)
  }

  async #sendAnew(method: string, path: string): Promise<Response> {
    this.#token = undefined
    return this.#send(method, path)
  }

  async #send(method: string, path: string): Promise<Response> {
    this.#token ??= this.#tokens.forAdmin().catch((error: unknown) => {
      this.#token = undefined
      throw error
    })
    const authorization = `Bearer ${await this.#token}`
    return fetch(path, { method, headers: { authorization }, signal: AbortSignal.timeout(PATIENCE) })
  }
}
