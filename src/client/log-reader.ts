import type { Applier } from './applier.ts'
import type { Arrival, RefetchReason } from './event-client.ts'
import { ROOM } from './limits.ts'
import type { LoggedEvent, Page } from './protocol.ts'

/** What the app is to be given next: an event, or word that it has to fetch its state. */
export type Item =
  | (LoggedEvent & { readonly via: Arrival['via'] })
  | { readonly offset: number; readonly refetch: RefetchReason }

/**
 * Puts one log together from pushes and pages that may be lost, doubled or out of order. It knows nothing of sockets and polls,
 * so it outlives them.
 */
export interface LogReader {
  /** All up to here was taken. `undefined` until the first page, if no cursor was kept. */
  readonly cursor: () => number | undefined
  readonly start: (cursor: number | undefined) => void
  /** There is an event at this offset, or was. @param isPushed if it is above the cursor, a push was lost */
  readonly heard: (offset: number, isPushed?: boolean) => void
  /** @param asked what the page comes after; `undefined`: only its head was asked for */
  readonly read: (page: Page, via: Arrival['via'], asked: number | undefined) => void
  /** There is room again, or an answer has not come. */
  readonly resume: () => void
}

/**
 * @param applier given each item once, in the log's order; while it does not keep up, nothing is taken or asked for
 * @param ask something is missing: ask the server for what comes after the cursor; may be called while that is under way
 */
export function createLogReader(
  { add, waiting }: Pick<Applier<Item>, 'add' | 'waiting'>,
  ask: (repair?: boolean) => void,
): LogReader {
  let cursor: number | undefined
  /** The highest offset heard of. While it is above the cursor, something is missing. */
  let highest = 0
  /** The lowest one pushed before the start was known. */
  let firstPushed = Infinity

  const resume = (repair?: boolean): void => {
    if (waiting() < ROOM && highest > (cursor ?? -1)) ask(repair)
  }

  const heard = (offset: number, repair?: boolean): void => {
    highest = Math.max(highest, offset)
    resume(repair)
  }

  /** Goes on from an offset without what comes before it. */
  const jump = (to: number, refetch: RefetchReason): void => {
    cursor = to
    add({ offset: to, refetch })
  }

  const read: LogReader['read'] = ({ events, head, more, truncated }, via, asked = NaN) => {
    if (cursor === undefined && via === 'push') firstPushed = Math.min(firstPushed, head)
    else if (cursor === undefined) {
      // What was pushed since the connection was made is "from now" as well.
      jump(Math.min(head, firstPushed - 1), 'start')
    } else if (truncated && asked === cursor) {
      // What was heard of may belong to a log that is no more. One more page tells; it must not be asked for for ever.
      highest = head
      jump(head, 'truncated')
      ask()
    } else if (!truncated && asked <= cursor && waiting() < ROOM) {
      for (const entry of events)
        if (entry.offset > cursor) {
          cursor = entry.offset
          add({ ...entry, via })
        }
      // What was heard of came after this page, or the server's log was put back: one more page tells which.
      if (!events.length && highest > head) {
        highest = head
        ask()
      }
      // A log that started again has skipped offsets: below the head there is nothing more to wait for.
      if (!more) cursor = Math.max(cursor, head)
    }
    heard(head, via === 'push' || undefined)
  }

  return {
    cursor: () => cursor,
    start: (kept) => {
      cursor = kept
    },
    heard,
    read,
    resume,
  }
}
