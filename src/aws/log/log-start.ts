import type { LogLife, Phase } from './log-life.ts'
import type { Head, LogStore, StoredEntry, Tail } from './log-store.ts'

/** From where a writer goes on: nobody but its rivals for the next offset puts anything above `floor`. */
export interface Start {
  readonly floor: number
  /** The entry at `floor`, if there is one. */
  readonly entry?: StoredEntry
  /** What is put right above `floor` may not vanish before this, in seconds since 1970. */
  readonly minTtl: number
}

/** Where a log ends in a reader's eyes. */
export interface End {
  readonly head: number
  /** A lower cursor from which, too, nothing was missed. */
  readonly prev?: number
}

/**
 * Where a log goes on, whatever is left of it.
 *
 * While the last entry lives long enough, at the next offset. After that the head decides, which is only ever replaced on
 * condition that it is what was read: so all writers that find the log (nearly) gone at the same time get the same base,
 * and collide on one offset instead of overtaking each other.
 */
export class LogStarts {
  readonly #store: LogStore
  readonly #life: LogLife

  constructor(store: LogStore, life: LogLife) {
    this.#store = store
    this.#life = life
  }

  /** For a writer. */
  async find(userId: string): Promise<Start> {
    // A stale tail does no harm, the offset above it is taken then; one that is missing or nearly gone decides too much.
    const glimpse = await this.#store.tail(userId, 'eventual')
    if (this.#continues(glimpse.entry)) return startAt(glimpse.entry)
    const tail = await this.#store.tail(userId, 'consistent')
    if (this.#continues(tail.entry)) return startAt(tail.entry)
    const head = await this.#settle(userId, tail, (current) => this.#writersHead(current, tail.entry))
    return { floor: head.base - 1, minTtl: Math.ceil((head.at + head.lifeMs) / 1000) }
  }

  /** For a reader, from the consistent end of a log. Starts a log that is empty, so that the answer stays true. */
  async endOf(userId: string, tail: Tail): Promise<End> {
    const { entry } = tail
    const phase = this.#life.phaseOf(entry)
    if (entry === undefined || phase === 'restarts') {
      return endBelow(await this.#settle(userId, tail, (head) => this.#readersHead(head, entry)))
    }
    if (phase === 'continues') return { head: entry.offset }
    // Somebody whose clock is ahead may have started the log again already, and told its new head.
    const head = await this.#store.head(userId)
    return head !== undefined && head.base > entry.offset ? endBelow(head) : { head: entry.offset }
  }

  #continues(entry: StoredEntry | undefined): entry is StoredEntry {
    return this.#life.phaseOf(entry) === 'continues'
  }

  /** Brings the head to what it should be, as `next` sees it; `next` leaves it as it is by returning it. */
  async #settle(userId: string, tail: Tail, next: (head: Head | undefined) => Head): Promise<Head> {
    let current = tail.head ?? (await this.#store.head(userId))
    for (;;) {
      const wanted = next(current)
      if (wanted === current || (await this.#store.putHead(userId, wanted, current))) return wanted
      current = await this.#store.head(userId)
    }
  }

  #writersHead(head: Head | undefined, entry: StoredEntry | undefined): Head {
    // No entry was ever put there, however old it is; that changes now.
    if (head !== undefined && !head.used) return { ...head, ...this.#written(), used: true }
    const phase = this.#phaseOf(head, entry)
    if (head !== undefined && phase === 'continues') return head
    if (head !== undefined && phase === 'renews') return { ...head, ...this.#renewed(head) }
    if (entry !== undefined && this.#life.phaseOf(entry) === 'renews') {
      return { base: entry.offset + 1, prev: entry.offset, ...this.#renewed(), used: true }
    }
    return { ...this.#restarted(head, entry), used: true }
  }

  #readersHead(head: Head | undefined, entry: StoredEntry | undefined): Head {
    if (head !== undefined && (!head.used || this.#phaseOf(head, entry) !== 'restarts')) return head
    return { ...this.#restarted(head, entry), used: false }
  }

  /** Above every offset that was ever given: those came from a clock as well, one a millisecond at the most. */
  #restarted(head: Head | undefined, entry: StoredEntry | undefined): Omit<Head, 'used'> {
    const base = Math.max(this.#life.now(), (head?.base ?? 0) + 1, (entry?.offset ?? 0) + 1)
    const isLast = entry !== undefined && this.#life.isCertain(entry)
    return { base, ...this.#written(), ...(isLast && { prev: entry.offset }) }
  }

  /** A head that lies below the last entry says nothing of what comes above that. */
  #phaseOf(head: Head | undefined, entry: StoredEntry | undefined): Phase {
    const isSilent = head === undefined || (entry !== undefined && entry.offset >= head.base)
    return isSilent ? 'restarts' : this.#life.phaseOfHead(head)
  }

  #written(): Pick<Head, 'at' | 'lifeMs'> {
    return { at: this.#life.now(), lifeMs: this.#life.lifeMs }
  }

  /**
   * Of a head whose base others have as well, who do not know that it was written again: how long the entry that one of them
   * puts there will live is theirs to say, or the head's that they know.
   */
  #renewed(known?: Head): Pick<Head, 'at' | 'lifeMs'> {
    const at = this.#life.now()
    const end = known === undefined ? 0 : known.at + known.lifeMs
    return { at, lifeMs: Math.max(end - at, this.#life.sharedLifeMs) }
  }
}

function endBelow({ base, prev }: Head): End {
  return { head: base - 1, ...(prev !== undefined && { prev }) }
}

export function startAt(entry: StoredEntry): Start {
  return { floor: entry.offset, entry, minTtl: entry.ttl }
}
