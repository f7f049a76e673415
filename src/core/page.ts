import { utf8Bytes } from './json-text.ts'
import type { LogEntry, PageLimits } from './ports.ts'

/** What a page adds around each event's text (`{"offset":…,"loggedAt":…,"event":…},`), at most. */
const ENTRY_OVERHEAD = 72

/** How many bytes of a page an entry takes. */
export function entryBytes(entry: LogEntry): number {
  return utf8Bytes(entry.text) + ENTRY_OVERHEAD
}

/** Decides where a page ends: before a limit is exceeded, but never before its first entry. */
export class PageBudget {
  #events: number
  #bytes: number
  #taken = 0

  constructor(limits: PageLimits) {
    this.#events = limits.events
    this.#bytes = limits.bytes
  }

  /** Whether the entry still belongs to the page; counts it if so. */
  admits(entry: LogEntry): boolean {
    const bytes = entryBytes(entry)
    if (this.#taken > 0 && (this.#events < 1 || this.#bytes < bytes)) return false
    this.#taken++
    this.#events--
    this.#bytes -= bytes
    return true
  }
}
