/** The evidence for a reason, as people read it. */
import type { Outcome } from '../codes.ts'
import { LIMITS } from '../limits.ts'
import type { Acknowledgement, Delivery, DeviceState, HandlerReport, ReceiptRecipient } from '../ports.ts'

/** As the log writes it: sortable, and of no zone. */
export function timeText(at: number): string {
  return new Date(at).toISOString()
}

/** What evidence tells of an error; the whole of it is beside it. */
const ERROR_LENGTH = 300

export function threwText({ error, at }: Pick<HandlerReport, 'error' | 'at'>): string {
  return `its handler failed, which it reported at ${timeText(at)}: ${error.slice(0, ERROR_LENGTH).toWellFormed()}`
}

export function appliedTexts(offset: number, applied: Acknowledgement, state: DeviceState): string[] {
  const when = applied.offset === offset ? 'applied at' : 'applied at the latest at'
  const texts = [`${when} ${timeText(applied.at)}: it acknowledged offset ${applied.offset}`]
  if (applied.isPoll === true) {
    texts.push(
      'that was by a poll, which tells nothing of handlers that failed: those are reported over a socket',
    )
  }
  const [oldest] = state.reports
  // The ledger keeps few: an older failure may have been pushed out by newer ones.
  if (state.reports.length === LIMITS.reports && oldest !== undefined && offset < oldest.offset) {
    texts.push('its handlers failed so often since that a failure on this event would no longer be known')
  }
  return texts
}

export function startText({ offset, at }: Acknowledgement): string {
  return `it began at offset ${offset}, at ${timeText(at)}, and was not given what came before`
}

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  sent: 'handed to its socket',
  gone: 'there was no such connection any more',
  throttled: 'throttled',
  failed: 'the push failed',
  expired: 'not pushed, for its token had ended,',
}

export function deliveryText({ outcome, at, connectionId }: Delivery): string {
  return `${OUTCOMES[outcome]} at ${timeText(at)}, connection ${connectionId}`
}

export function progressText(offset: number, acknowledged: number | undefined): string {
  if (acknowledged === undefined) return 'it has never acknowledged anything'
  return `its last acknowledgement is offset ${acknowledged}, the event is at ${offset}`
}

export function awayTexts(offset: number, state: DeviceState): string[] {
  const seen = `not connected; it last told anything about ${timeText(state.seenAt)}`
  return [seen, progressText(offset, state.acknowledgements.at(-1)?.offset)]
}

export function openText(registeredAt: number, acceptedAt: number): string {
  const since = `connected since ${timeText(registeredAt)}`
  return registeredAt >= acceptedAt
    ? `${since}, after the event was published: it gets it by its resume`
    : `${since}; its delivery is not among those that the receipt tells of`
}

export function countedText({ omitted = {} }: ReceiptRecipient): string {
  const counts = Object.entries(omitted).map(([outcome, count]) => `${count} ${outcome}`)
  return `deliveries that are only counted: ${counts.join(', ')}`
}

export function expiredText(offset: number, acceptedAt: number): string {
  return `published at ${timeText(acceptedAt)}; offset ${offset} is no longer in the log`
}

export function neverSeenText({ userId, offset }: ReceiptRecipient): string {
  return `it is at offset ${offset} of the log of ${JSON.stringify(userId)}; no device of this id is connected, was connected when it was published, or ever said its name`
}

export function unknownDeviceText(known: readonly string[]): string {
  return `the user has no device of this name; those that are known: ${known.join(', ')}`
}
