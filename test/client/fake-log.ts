import type { LoggedEvent, Page } from '../../src/client/protocol.ts'

/** One user's log, as `docs/protocol.md` describes it. */
export class FakeLog {
  #entries: (LoggedEvent & { readonly loggedAt: number })[] = []
  #head: number

  /** @param head one below the offset that the first event will get */
  constructor(head: number) {
    this.#head = head
  }

  get head(): number {
    return this.#head
  }

  get offsets(): number[] {
    return this.#entries.map(({ offset }) => offset)
  }

  append(type: string, now: number): LoggedEvent {
    const offset = ++this.#head
    const entry = { offset, loggedAt: now, event: { type, id: `event ${offset}` } }
    this.#entries.push(entry)
    return entry
  }

  /** What came after a cursor; a page at most. */
  read(after: number, limit: number): Page {
    const oldest = this.#entries[0]?.offset ?? this.#head + 1
    if (after > this.#head || (after !== 0 && after < oldest - 1))
      return { events: [], head: this.#head, more: false, truncated: true }
    const rest = this.#entries.slice(Math.max(0, after + 1 - oldest))
    return { events: rest.slice(0, limit), head: this.#head, more: rest.length > limit, truncated: false }
  }

  newest(limit: number): Page {
    const events = limit > 0 ? this.#entries.slice(-limit) : []
    return { events, head: this.#head, more: false, truncated: false }
  }

  /** Only the newest events are kept: the others have expired. */
  keep(newest: number): void {
    this.#entries = newest > 0 ? this.#entries.slice(-newest) : []
  }

  /** The server's data is lost: another log, with its own offsets. */
  reset(head: number): void {
    this.#entries = []
    this.#head = head
  }
}
