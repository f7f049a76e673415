import type { Identity } from '../core/ports.ts'

/**
 * How long a token is taken on trust once it was verified, in milliseconds. A key that its issuer withdraws counts for as long as
 * keys are kept, and so much longer.
 */
const TRUSTED_MS = 5 * 60 * 1000

/** The newest are kept. A backend has one; a storm of reconnects brings each user's again. */
const MOST = 10_000

interface Verified {
  readonly identity: Identity
  readonly at: number
}

/**
 * The tokens that were good, until they end: a backend publishes thousands of events with the same one, and to verify it costs
 * more than all else that is done for an event. What was refused is not kept: it would let anybody fill the memory.
 */
export class VerifiedTokens {
  readonly #verified = new Map<string, Verified>()

  get(token: string, now: number): Identity | undefined {
    const known = this.#verified.get(token)
    if (known === undefined) return undefined
    if (isCurrent(known, now)) return known.identity
    this.#verified.delete(token)
    return undefined
  }

  add(token: string, identity: Identity, now: number): void {
    this.#verified.set(token, { identity, at: now })
    // A map keeps the order in which keys came: the first is the oldest.
    if (this.#verified.size <= MOST) return
    const oldest = this.#verified.keys().next()
    if (oldest.done !== true) this.#verified.delete(oldest.value)
  }
}

/** Also after the clock was put back, which says nothing about how old the verdict is. */
function isCurrent({ identity, at }: Verified, now: number): boolean {
  return now < identity.expiresAt && now >= at && now - at < TRUSTED_MS
}
