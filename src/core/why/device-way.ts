import type { Outcome, Reason } from '../codes.ts'
import type {
  Acknowledgement,
  Connection,
  Delivery,
  DeviceState,
  HandlerReport,
  ReceiptRecipient,
} from '../ports.ts'
import {
  appliedTexts,
  awayTexts,
  deliveryText,
  openText,
  progressText,
  startText,
  threwText,
} from './texts.ts'

/** What is known of one event and one of its recipients. */
export interface Facts {
  readonly recipient: ReceiptRecipient
  readonly acceptedAt: number
  /** Whether the event is still in the log. */
  readonly isKept: boolean
  readonly devices: readonly DeviceState[]
  /** Open now, as far as the registry knows. */
  readonly connections: readonly Connection[]
}

/** Where one device stands with one event. */
export interface DeviceWay {
  /** What the device calls itself, else the id of its connection. */
  readonly device: string
  /** Whether it has a name: clients with the SDK do, `wscat` does not. */
  readonly isNamed: boolean
  readonly isConnected: boolean
  readonly reason: Reason
  readonly evidence: readonly string[]
  readonly deliveries: readonly Delivery[]
  /** Its last acknowledged offset. */
  readonly acknowledged?: number
  /** The acknowledgement that covers the event: it was applied then, or before. */
  readonly applied?: Acknowledgement
  readonly report?: { readonly error: string; readonly at: number }
  readonly seenAt?: number
}

/** What an outcome says of a device that has not acknowledged the event since. */
export const REASON_OF: Readonly<Record<Outcome, Reason>> = {
  sent: 'not_acknowledged',
  gone: 'dead_socket',
  throttled: 'throttled',
  failed: 'push_failed',
  expired: 'token_expired',
}

/** Every device that had to do with the event, or could have. */
export function waysOf(facts: Facts): readonly DeviceWay[] {
  const names = [
    ...facts.devices.map(({ device }) => device),
    ...facts.recipient.deliveries.map(nameOf),
    ...facts.connections.map(({ device, id }) => device ?? id),
  ]
  return [...new Set(names)].map((name) => wayOf(facts, name))
}

function wayOf(facts: Facts, name: string): DeviceWay {
  const known = knownOf(facts, name)
  const { deliveries, open, state, report, covering } = known
  const acknowledged = state?.acknowledgements.at(-1)?.offset
  const hasName = open?.device !== undefined || deliveries.some(({ device }) => device !== undefined)
  return {
    device: name,
    // A connection without a name acknowledges under its own id, which is no name of a device.
    isNamed: hasName || (state !== undefined && deliveries.length === 0 && open === undefined),
    isConnected: open !== undefined,
    ...findOut(facts, known),
    deliveries,
    ...(acknowledged !== undefined && { acknowledged }),
    ...(covering !== undefined && covering.isStart !== true && { applied: covering }),
    ...(report !== undefined && { report: { error: report.error, at: report.at } }),
    ...(state !== undefined && { seenAt: state.seenAt }),
  }
}

/** What is known of one device and the event. */
interface Known {
  readonly deliveries: readonly Delivery[]
  readonly open: Connection | undefined
  readonly state: DeviceState | undefined
  readonly report: HandlerReport | undefined
  /** The first acknowledgement at or above the event. */
  readonly covering: Acknowledgement | undefined
}

function knownOf({ recipient, connections, devices }: Facts, name: string): Known {
  const state = devices.find(({ device }) => device === name)
  return {
    deliveries: recipient.deliveries.filter((delivery) => nameOf(delivery) === name),
    open: connections.find(({ device, id }) => (device ?? id) === name),
    state,
    report: state?.reports.find(({ offset }) => offset === recipient.offset),
    covering: state?.acknowledgements.find(({ offset }) => offset >= recipient.offset),
  }
}

/** What the app said counts before what the server did: the event may have come by a resume or a poll as well. */
function findOut(
  { recipient: { offset }, acceptedAt }: Facts,
  { deliveries, open, state, report, covering }: Known,
): Pick<DeviceWay, 'reason' | 'evidence'> {
  if (report !== undefined) return { reason: 'handler_threw', evidence: [threwText(report)] }
  if (covering?.isStart === true) return { reason: 'started_later', evidence: [startText(covering)] }
  if (state !== undefined && covering !== undefined) {
    return { reason: 'applied', evidence: appliedTexts(offset, covering, state) }
  }
  const progress = progressText(offset, state?.acknowledgements.at(-1)?.offset)
  // One that took it counts before one that did not: a device may have a new connection beside a dead one.
  const delivery = deliveries.find(({ outcome }) => outcome === 'sent') ?? deliveries.at(-1)
  if (delivery !== undefined) {
    return { reason: REASON_OF[delivery.outcome], evidence: [deliveryText(delivery), progress] }
  }
  if (open !== undefined) {
    return { reason: 'not_acknowledged', evidence: [openText(open.registeredAt, acceptedAt), progress] }
  }
  return { reason: 'no_device_connected', evidence: state === undefined ? [] : awayTexts(offset, state) }
}

function nameOf({ device, connectionId }: Delivery): string {
  return device ?? connectionId
}
