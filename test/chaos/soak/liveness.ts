import type { Calm } from './calm.ts'
import type { Ledger } from './ledger.ts'

/** Whoever wants to have all of a log: a device at a socket, or one that polls. */
export interface Follower {
  readonly userId: string
  readonly cursor: number
  readonly isPaused?: boolean
}

/** Generous: on a shared machine a second is nothing. */
export const BEHIND_MS = 30_000

interface Watch {
  /** What was in the log when it was looked at last. */
  readonly target: number
  readonly since: number
}

/** Nobody who can read is behind for long while nothing is done to the server. */
export class Liveness {
  readonly #ledger: Ledger
  readonly #calm: Pick<Calm, 'ms'>
  readonly #report: (fault: string) => void
  readonly #watches = new Map<Follower, Watch>()

  constructor(ledger: Ledger, calm: Pick<Calm, 'ms'>, report: (fault: string) => void) {
    this.#ledger = ledger
    this.#calm = calm
    this.#report = report
  }

  look(followers: readonly Follower[]): void {
    for (const follower of followers) this.#look(follower)
    const late = this.#ledger.lateInStream(this.#calm.ms - 2 * BEHIND_MS)
    if (late.length > 0) this.#report(`still not in the logs, though added to the stream: ${late.join()}`)
  }

  #look(follower: Follower): void {
    const { target, since } = this.#watches.get(follower) ?? { target: 0, since: 0 }
    const now = this.#calm.ms
    const head = this.#ledger.headOf(follower.userId)
    if (follower.cursor >= target || follower.isPaused === true) {
      this.#watches.set(follower, { target: head, since: now })
    } else if (now - since > BEHIND_MS) {
      const { userId, cursor } = follower
      this.#report(`a reader of ${userId} is at ${cursor} and the log was at ${target} ${BEHIND_MS} ms ago`)
      this.#watches.set(follower, { target: head, since: now })
    }
  }
}
