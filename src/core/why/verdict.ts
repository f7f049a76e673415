import type { Outcome, Reason } from '../codes.ts'
import type { ReceiptRecipient } from '../ports.ts'
import { type DeviceWay, type Facts, REASON_OF } from './device-way.ts'
import { countedText, expiredText, neverSeenText } from './texts.ts'

/** Why a user’s screens did or did not show an event. */
export interface Verdict {
  readonly reason: Reason
  readonly evidence: readonly string[]
}

/** What can go wrong for a device that had a connection, the most telling first. */
const TROUBLES: readonly Reason[] = [
  'handler_threw',
  'token_expired',
  'dead_socket',
  'throttled',
  'push_failed',
  'not_acknowledged',
]

/**
 * One reason for all of a user's devices.
 *
 * @param ways where they stand, or where the one device stands that is asked about
 * @param isAll whether these are all: deliveries that are only counted cannot be laid to one of several
 */
export function judge(facts: Facts, ways: readonly DeviceWay[], isAll: boolean): Verdict {
  const { recipient, isKept } = facts
  const isApplied = ways.some(({ reason }) => reason === 'applied')
  // A connection without a name may be anybody's who looks on: beside a real device it says nothing about a screen.
  const named = ways.filter(({ isNamed }) => isNamed)
  const telling = named.length > 0 ? named : ways
  const counted = isApplied || !isAll ? new Set<Reason>() : reasonsCounted(recipient)
  const trouble = TROUBLES.find(
    (reason) => counted.has(reason) || telling.some((way) => way.reason === reason),
  )
  if (trouble === 'handler_threw' || (trouble !== undefined && isKept)) {
    const told = evidenceOf(telling.filter(({ reason }) => reason === trouble))
    return { reason: trouble, evidence: counted.has(trouble) ? [...told, countedText(recipient)] : told }
  }
  if (isApplied) return verdict('applied', ways)
  // What it missed it could have come for, as long as the event was kept.
  if (!isKept) {
    const text = expiredText(recipient.offset, facts.acceptedAt)
    return { reason: 'expired', evidence: [text, ...evidenceOf(ways)] }
  }
  if (ways.length === 0) return { reason: 'never_seen', evidence: [neverSeenText(recipient)] }
  const isAway = telling.some(({ reason }) => reason === 'no_device_connected')
  return verdict(isAway ? 'no_device_connected' : 'started_later', telling)
}

function verdict(reason: Reason, ways: readonly DeviceWay[]): Verdict {
  return { reason, evidence: evidenceOf(ways.filter((way) => way.reason === reason)) }
}

/** What deliveries mean that are only counted. */
function reasonsCounted({ omitted = {} }: ReceiptRecipient): Set<Reason> {
  return new Set((Object.keys(omitted) as Outcome[]).map((outcome) => REASON_OF[outcome]))
}

function evidenceOf(ways: readonly DeviceWay[]): string[] {
  return ways.flatMap(({ device, evidence }) => evidence.map((text) => `${device}: ${text}`))
}
