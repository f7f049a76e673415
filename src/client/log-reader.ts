import type { Arrival, RefetchReason } from './event-client.ts'
import type { LoggedEvent, Page } from './protocol.ts'

/** What the app is to be given next: an event, or word that it has to fetch its state. */
export type Item =
  | (LoggedEvent & { readonly via: Arrival['via'] })
  | { readonly offset: number; readonly refetch: RefetchReason }

export interface LogReaderOptions {
  /** Given each item once, in the log's order. */
  readonly take: (item: Item) => void
  /** Whether the app keeps up. If not, nothing is taken until `resumeReading`. */
  readonly hasRoom: () => boolean
  /** Something is missing: ask the server for what comes after the cursor. May be called while that is under way. */
  readonly ask: () => void
}

/**
 * Puts one log together from pushes and pages that may be lost, doubled or out of order. It knows nothing of sockets and polls,
 * so it outlives them.
 */
export interface LogReader {
  /** All up to here was taken. `undefined` until the first page, if no cursor was kept. */
  readonly cursor: () => number | undefined
  readonly start: (cursor: number | undefined) => void
  readonly pushed: (entry: LoggedEvent) => void
  /** There is an event at this offset, or was: the head, as a pong tells it. */
  readonly heard: (offset: number) => void
  /**
   * @param asked what the page comes after; `undefined`: only its head was asked for
   * @returns how many events of the page were new
   */
  readonly read: (page: Page, via: Arrival['via'], asked: number | undefined) => number
  /** There is room again, or an answer has not come. */
  readonly resumeReading: () => void
}

export function createLogReader({ take, hasRoom, ask }: LogReaderOptions): LogReader {
  let cursor: number | undefined
  /** The highest offset heard of. While it is above the cursor, something is missing. */
  let highest = 0
  /** The lowest one pushed before the start was known. */
  let firstPushed = Infinity

  const resumeReading = (): void => {
    if (cursor === undefined || highest > cursor) ask()
  }

  const heard = (offset: number): void => {
    highest = Math.max(highest, offset)
    resumeReading()
  }

  const takeEvent = (entry: LoggedEvent, via: Arrival['via']): void => {
    cursor = entry.offset
    take({ ...entry, via })
  }

  /** Goes on from an offset without what comes before it. */
  const jump = (to: number, refetch: RefetchReason): void => {
    cursor = to
    take({ offset: to, refetch })
  }

  const takePage = ({ events, head, more }: Page, via: Arrival['via'], known: number): number => {
    const news = hasRoom() ? events.filter(({ offset }) => offset > known) : []
    for (const entry of news) takeEvent(entry, via)
    // A log that started again has skipped offsets: below the head there is nothing more to wait for.
    if (!more && hasRoom()) cursor = Math.max(cursor ?? 0, head)
    heard(head)
    return news.length
  }

  return {
    cursor: () => cursor,
    start: (kept) => {
      cursor = kept
    },
    pushed: (entry) => {
      if (cursor === undefined) firstPushed = Math.min(firstPushed, entry.offset)
      if (entry.offset === (cursor ?? NaN) + 1 && hasRoom()) takeEvent(entry, 'push')
      // A gap: the page brings this one, too. Below the cursor: it was taken before.
      heard(entry.offset)
    },
    heard,
    read: (page, via, asked) => {
      const { head, truncated } = page
      if (cursor === undefined) {
        // What was pushed since the connection was made is "from now" as well.
        jump(Math.min(head, firstPushed - 1), 'start')
      } else if (truncated && asked === cursor) {
        // What was heard of may belong to a log that is no more. One more page tells; it must not be asked for for ever.
        const wasAhead = highest > head
        highest = head
        jump(head, 'truncated')
        if (wasAhead) ask()
      } else if (asked !== undefined && !truncated) {
        return takePage(page, via, cursor)
      }
      heard(head)
      return 0
    },
    resumeReading,
  }
}
