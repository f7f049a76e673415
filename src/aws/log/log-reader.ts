import { PageBudget } from '../../core/page.ts'
import type { LogEnd, LogEntry, LogPage, PageLimits } from '../../core/ports.ts'
import type { LogLife } from './log-life.ts'
import { type End, LogStarts } from './log-start.ts'
import type { LogStore, StoredEntry } from './log-store.ts'

/** Entries that one query asks for at most: more come in further queries. */
const QUERY_ENTRIES = 200

/** What a walk up from a cursor found. */
interface Walk {
  /** Above the cursor and kept, as many as make a page. */
  readonly kept: readonly StoredEntry[]
  /** An entry above the cursor that is no longer kept was still there. */
  readonly sawExpired: boolean
  /** The last entry of the log, if the walk came that far and there was one at or above the cursor. */
  readonly last?: StoredEntry
  readonly isAtEnd: boolean
}

/** Reading one user's log. Every read is consistent. */
export class LogReader {
  readonly #store: LogStore
  readonly #life: LogLife
  readonly #starts: LogStarts

  constructor(store: LogStore, life: LogLife) {
    this.#store = store
    this.#life = life
    this.#starts = new LogStarts(store, life)
  }

  async head(userId: string): Promise<number> {
    return (await this.end(userId)).head
  }

  async end(userId: string): Promise<LogEnd> {
    const now = this.#life.now()
    const tail = await this.#tail(userId)
    const { head } = await this.#starts.endOf(userId, tail)
    const { entry } = tail
    // A log that goes on above what is left of it has no entry at its head.
    if (entry?.offset !== head || !this.#life.isKept(entry, now)) return { head }
    return { head, loggedAt: entry.loggedAt }
  }

  async after(userId: string, cursor: number, limits: PageLimits): Promise<LogPage> {
    const { walk, end } = await this.#walkToEnd(userId, cursor, limits)
    const [first] = walk.kept
    const entries = walk.kept.map(entryOf)
    if (first !== undefined) {
      const gap = first.offset > cursor + 1 && (await this.#hasGap(userId, cursor, first, walk.sawExpired))
      return { entries, head: end.head, more: !walk.isAtEnd, gap }
    }
    return { entries, head: end.head, more: false, gap: cursor < end.head && cursor !== end.prev }
  }

  async newest(userId: string, limits: PageLimits): Promise<LogPage> {
    const now = this.#life.now()
    const budget = new PageBudget(limits)
    const entries: StoredEntry[] = []
    let top: StoredEntry | undefined
    for await (const entry of this.#descending(userId, limits.events + 1)) {
      top ??= entry
      if (!this.#life.isKept(entry, now) || !budget.admits(entry)) break
      entries.unshift(entry)
    }
    const tail = top === undefined ? await this.#tail(userId) : { entry: top }
    // The log has begun since: its head with none of its entries would hide them.
    if (top === undefined && tail.entry !== undefined) return this.newest(userId, limits)
    const { head } = await this.#starts.endOf(userId, tail)
    return { entries: entries.map(entryOf), head, more: false, gap: false }
  }

  async cursorAt(
    userId: string,
    since: number,
    walk: number,
  ): Promise<{ cursor: number; complete: boolean }> {
    const now = this.#life.now()
    let cursor: number | undefined
    let walked = 0
    for await (const entry of this.#descending(userId, walk + 1)) {
      cursor ??= entry.offset
      if (!this.#life.isKept(entry, now)) return { cursor, complete: true }
      // Before the walk's end is looked at: one that is older shows that there is no more, also right behind the last step.
      if (entry.loggedAt < since) return { cursor, complete: true }
      if (walked === walk) return { cursor, complete: false }
      cursor = entry.offset - 1
      walked++
    }
    if (cursor !== undefined) return { cursor, complete: true }
    const tail = await this.#tail(userId)
    if (tail.entry !== undefined) return this.cursorAt(userId, since, walk)
    return { cursor: (await this.#starts.endOf(userId, tail)).head, complete: true }
  }

  async #tail(userId: string) {
    return this.#store.tail(userId, 'consistent')
  }

  /** Reads what comes after a cursor, and where the log ended at that time or later. */
  async #walkToEnd(userId: string, cursor: number, limits: PageLimits): Promise<{ walk: Walk; end: End }> {
    const walk = await this.#walkUp(userId, cursor, limits)
    const { last, isAtEnd } = walk
    const tail = isAtEnd && last !== undefined ? { entry: last } : await this.#tail(userId)
    // What has come since is not a loss.
    const isNews =
      isAtEnd && last === undefined && tail.entry !== undefined && tail.entry.offset >= Math.max(cursor, 1)
    if (isNews) return this.#walkToEnd(userId, cursor, limits)
    return { walk, end: await this.#starts.endOf(userId, tail) }
  }

  /**
   * Reads from the cursor itself: the entry there, if it still is, shows without a further read that the cursor is of this
   * log, and often that it is its end.
   */
  async #walkUp(userId: string, cursor: number, limits: PageLimits): Promise<Walk> {
    const now = this.#life.now()
    const budget = new PageBudget(limits)
    const kept: StoredEntry[] = []
    let sawExpired = false
    let last: StoredEntry | undefined
    let from = Math.max(cursor, 1)
    for (let more = true; more;) {
      const limit = Math.min(limits.events - kept.length + 2, QUERY_ENTRIES)
      const page = await this.#store.range(userId, { from, limit })
      for (const entry of page.entries) {
        if (entry.offset > cursor && !this.#life.isKept(entry, now)) sawExpired = true
        else if (entry.offset > cursor) {
          if (!budget.admits(entry)) return { kept, sawExpired, isAtEnd: false }
          kept.push(entry)
        }
        last = entry
      }
      from = (last?.offset ?? from) + 1
      more = page.more && page.entries.length > 0
    }
    return { kept, sawExpired, isAtEnd: true, ...(last !== undefined && { last }) }
  }

  /** Whether there was something between a cursor and the first entry above it that is kept, which is not the next. */
  async #hasGap(userId: string, cursor: number, first: StoredEntry, sawExpired: boolean): Promise<boolean> {
    if (sawExpired || cursor === 0) return true
    const head = await this.#store.head(userId)
    return !(head?.base === first.offset && head.prev === cursor)
  }

  /** From the end of the log down. */
  async *#descending(userId: string, atMost: number): AsyncGenerator<StoredEntry> {
    let to = Number.MAX_SAFE_INTEGER
    for (let more = true; more;) {
      const limit = Math.min(atMost, QUERY_ENTRIES)
      const page = await this.#store.range(userId, { to, descending: true, limit })
      yield* page.entries
      to = (page.entries.at(-1)?.offset ?? 1) - 1
      more = page.more && to >= 1
    }
  }
}

function entryOf({ offset, loggedAt, text }: StoredEntry): LogEntry {
  return { offset, loggedAt, text }
}
