import { type Outcome, REASONS } from '../../core/codes.ts'
import type { BegunReceipt, Delivery } from '../../core/ports.ts'
import type { DeviceWay } from '../../core/why/device-way.ts'
import type { EventWay, RecipientWay } from '../../core/why/event-way.ts'
import { counted, sinceText, timeText } from './times.ts'

/** An event's way, line by line. Times are those of the server, and how long after it was accepted. */
export function wayLines(way: EventWay | BegunReceipt): string[] {
  if (way.state === 'begun') return begunLines(way)
  const state = way.state === 'logged' ? 'in every log, and pushed' : 'in every log; not known to be pushed'
  return [
    `${way.type}  ${way.eventId}`,
    `accepted ${timeText(way.acceptedAt)}; ${state}`,
    ...way.recipients.flatMap((recipient) => ['', ...recipientLines(recipient, way.acceptedAt)]),
  ]
}

function begunLines({ type, eventId, acceptedAt, recipients }: BegunReceipt): string[] {
  const places = recipients.map(({ userId, field, offset }) => {
    const place = offset === undefined ? 'not in the log' : `in the log, at offset ${offset}`
    return `${userId}  by ${field}, ${place}`
  })
  return [
    `${type}  ${eventId}`,
    `begun ${timeText(acceptedAt)}, and not finished: nothing was pushed`,
    'Publish the same event again: that finishes it, and duplicates nothing.',
    '',
    ...places,
  ]
}

function recipientLines(way: RecipientWay, acceptedAt: number): string[] {
  const { userId, field, offset, isKept, devices, reason } = way
  const kept = isKept ? '' : ', no longer kept'
  return [
    `${userId}  by ${field}, offset ${offset}${kept}`,
    `  ${reason}: ${REASONS[reason].meaning}`,
    `  ${pushText(way)}`,
    ...devices.flatMap((device) => deviceLines(device, offset, acceptedAt)),
  ]
}

function pushText({ connections, sent, omitted = {} }: RecipientWay): string {
  if (connections === 0) return 'nobody was connected when it was pushed'
  const found = `${counted(connections, 'connection')} found, ${sent} took it`
  const rest = Object.entries(omitted).map(([outcome, count]) => `${count} ${outcome}`)
  return rest.length === 0 ? found : `${found}; only counted: ${rest.join(', ')}`
}

function deviceLines(way: DeviceWay, offset: number, acceptedAt: number): string[] {
  const { device, isNamed, isConnected, reason } = way
  const name = isNamed ? `device ${device}` : `connection ${device}, which has no device name`
  const lines = momentsOf(way, offset).map(({ at, text }) => `      ${sinceText(at, acceptedAt)}  ${text}`)
  return [
    `    ${name}${isConnected ? ', connected' : ''}: ${reason}`,
    ...lines,
    ...(way.applied === undefined ? [`      ${progressText(way, offset)}`] : []),
  ]
}

interface Moment {
  readonly at: number
  readonly text: string
}

function momentsOf({ deliveries, applied, report, seenAt }: DeviceWay, offset: number): Moment[] {
  const moments = deliveries.map(deliveryMoment)
  if (report !== undefined) moments.push({ at: report.at, text: `its handler failed: ${report.error}` })
  if (applied !== undefined) {
    moments.push({ at: applied.at, text: appliedText(applied.offset, offset, report !== undefined) })
  } else if (seenAt !== undefined) {
    moments.push({ at: seenAt, text: 'about the last time that it told anything' })
  }
  return moments.sort((one, other) => one.at - other.at)
}

/** A device that failed on an event acknowledges it as well: it went on to the next. */
function appliedText(acknowledged: number, offset: number, hasFailed: boolean): string {
  if (hasFailed) return `went on (acknowledged ${acknowledged})`
  return acknowledged === offset ? 'applied' : `applied, at the latest (acknowledged ${acknowledged})`
}

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  sent: 'pushed: handed to its socket',
  gone: 'not pushed: the connection was gone',
  throttled: 'not pushed: throttled',
  failed: 'not pushed: the push failed',
  expired: 'not pushed: its token had ended',
}

function deliveryMoment({ outcome, at, connectionId, device }: Delivery): Moment {
  const which = device === undefined ? '' : `, connection ${connectionId}`
  return { at, text: `${OUTCOMES[outcome]}${which}` }
}

function progressText({ acknowledged }: DeviceWay, offset: number): string {
  if (acknowledged === undefined) return 'has never acknowledged anything'
  return `has acknowledged up to ${acknowledged}, ${counted(offset - acknowledged, 'offset')} before this one`
}
