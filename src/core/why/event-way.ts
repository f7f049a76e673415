import type { Reason } from '../codes.ts'
import { tallyOf } from '../delivery-detail.ts'
import { mapBounded } from '../map-bounded.ts'
import type {
  BegunReceipt,
  Clock,
  ConnectionRegistry,
  DeviceLedger,
  EventLog,
  LogEntry,
  Receipt,
  ReceiptRecipient,
  RefusalLedger,
} from '../ports.ts'
import { type DeviceWay, type Facts, waysOf } from './device-way.ts'
import { unknownDeviceText } from './texts.ts'
import { judge, type Verdict } from './verdict.ts'

export interface InspectDependencies {
  readonly log: EventLog
  readonly devices: DeviceLedger
  readonly connections: ConnectionRegistry
  readonly refusals: RefusalLedger
  readonly clock: Clock
}

/** One recipient of one event: where it stands in their log, who was connected, how far their devices have come. */
export interface RecipientWay extends ReceiptRecipient {
  readonly reason: Reason
  readonly evidence: readonly string[]
  /** Found when the event was pushed. */
  readonly connections: number
  /** Of those, how many took it at once. */
  readonly sent: number
  /** Whether the event is still in the log. */
  readonly isKept: boolean
  readonly devices: readonly DeviceWay[]
}

/** One event's way to everybody whom it concerns. Without the event itself. */
export interface EventWay extends Omit<Receipt, 'recipients'> {
  readonly recipients: readonly RecipientWay[]
}

/** Recipients that are looked at at the same time. */
const CONCURRENCY = 10

/** @returns nothing if there is no receipt, or one of a publish that was only begun, which is returned as it is */
export async function eventWay(
  dependencies: InspectDependencies,
  eventId: string,
): Promise<EventWay | BegunReceipt | undefined> {
  const receipt = await dependencies.log.receipt(eventId)
  if (receipt === undefined || receipt.state === 'begun') return receipt
  const recipients = await mapBounded(receipt.recipients, CONCURRENCY, async (recipient) =>
    recipientWay(await factsOf(dependencies, receipt, recipient)),
  )
  return { ...receipt, recipients }
}

/** @param device of whom alone is to be judged */
export function recipientWay(facts: Facts, device?: string): RecipientWay {
  const all = waysOf(facts)
  const devices = device === undefined ? all : all.filter((way) => way.device === device)
  const { isKept, recipient } = facts
  return { ...recipient, ...tallyOf(recipient), isKept, devices, ...verdictOn(facts, devices, all) }
}

function verdictOn(facts: Facts, asked: readonly DeviceWay[], all: readonly DeviceWay[]): Verdict {
  const verdict = judge(facts, asked, asked.length === all.length)
  if (verdict.reason !== 'never_seen' || all.length === 0) return verdict
  // The user is well known, and the name of the device that is asked about is not.
  return { reason: 'unknown_device', evidence: [unknownDeviceText(all.map(({ device }) => device))] }
}

export async function factsOf(
  { log, devices, connections }: InspectDependencies,
  { acceptedAt }: Receipt,
  recipient: ReceiptRecipient,
): Promise<Facts> {
  const { userId, offset } = recipient
  const [entry, states, open] = await Promise.all([
    entryAt(log, userId, offset),
    devices.ofUser(userId),
    connections.ofUser(userId),
  ])
  return { recipient, acceptedAt, isKept: entry !== undefined, devices: states, connections: open }
}

/** What is at an offset, if it is still kept. */
export async function entryAt(log: EventLog, userId: string, offset: number): Promise<LogEntry | undefined> {
  const { entries } = await log.after(userId, offset - 1, { events: 1, bytes: 1 })
  return entries.find((entry) => entry.offset === offset)
}
