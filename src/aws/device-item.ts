/**
 * How a device stands in the connections' table, beside its user's connections: in one item what it has acknowledged, in
 * another what its handlers failed on, so that an acknowledgement stays one write unit.
 */
import { withReport as withOneMore } from '../core/handler-reports.ts'
import { LIMITS } from '../core/limits.ts'
import type { Acknowledgement, DeviceState, HandlerReport } from '../core/ports.ts'

export interface DeviceItem {
  /** When it was last written, in milliseconds: it counts as absent once this is older than the retention. */
  readonly seen: number
  /** The last acknowledged offset, by itself: conditions compare it. */
  readonly acknowledged: number
  /** The newest acknowledgements as JSON: in DynamoDB's own lists each element takes bytes of its own. */
  readonly acks?: string
  /** Of an item that has no `acks`, as there were before. */
  readonly acknowledgedAt?: number
}

export interface ReportsItem {
  readonly seen: number
  /** One more with every write, which is on condition that it is what was read: none gets lost. */
  readonly version: number
  /** As JSON. */
  readonly reports: string
}

/** Begins the sort keys of both. */
export const DEVICE_PREFIX = 'device'
const STATE_PREFIX = `${DEVICE_PREFIX}#`
const REPORTS_PREFIX = `${DEVICE_PREFIX}-reports#`

export interface Key {
  readonly pk: string
  readonly sk: string
}

export function keyOfDevice(userId: string, device: string): Key {
  return { pk: userId, sk: `${STATE_PREFIX}${device}` }
}

export function keyOfReports(userId: string, device: string): Key {
  return { pk: userId, sk: `${REPORTS_PREFIX}${device}` }
}

type AckRow = readonly [offset: number, at: number]

export function acknowledgementsIn(item: DeviceItem | undefined): readonly Acknowledgement[] {
  if (item === undefined) return []
  const { acks, acknowledged, acknowledgedAt = item.seen } = item
  if (acks === undefined) return [{ offset: acknowledged, at: acknowledgedAt }]
  return (JSON.parse(acks) as readonly AckRow[]).map(([offset, at]) => ({ offset, at }))
}

/** Of a device that was seen and has not told anything yet. No offset is so low. */
export const NOTHING_ACKNOWLEDGED = { acknowledged: -1, acks: '[]' } as const

/** What an item says after one more acknowledgement, the last. */
export function withAcknowledgement(
  item: DeviceItem | undefined,
  { offset, at }: Acknowledgement,
): Required<Pick<DeviceItem, 'acknowledged' | 'acks'>> {
  const all = [...acknowledgementsIn(item), { offset, at }].slice(-LIMITS.acknowledgements)
  return { acknowledged: offset, acks: JSON.stringify(all.map((one): AckRow => [one.offset, one.at])) }
}

type ReportRow = readonly [offset: number, at: number, error: string]

export function reportsIn(item: ReportsItem | undefined): readonly HandlerReport[] {
  if (item === undefined) return []
  const rows = JSON.parse(item.reports) as readonly ReportRow[]
  return rows.map(([offset, at, error]) => ({ offset, error, at }))
}

/** Those with the highest offsets, one for each: what fails again has failed once. */
export function withReport(item: ReportsItem | undefined, report: HandlerReport): string {
  const all = withOneMore(reportsIn(item), report)
  return JSON.stringify(all.map(({ offset, at, error }): ReportRow => [offset, at, error]))
}

interface Items {
  readonly state?: DeviceItem
  readonly reports?: ReportsItem
}

/** The devices that these items tell of, without what was last written before `since`: DynamoDB deletes it days late. */
export function devicesIn(
  items: readonly Readonly<Record<string, unknown>>[],
  since: number,
): readonly DeviceState[] {
  const devices = new Map<string, Items>()
  for (const item of items.filter(({ seen }) => (seen as number) >= since)) {
    const sk = item['sk'] as string
    const isReports = sk.startsWith(REPORTS_PREFIX)
    const device = sk.slice((isReports ? REPORTS_PREFIX : STATE_PREFIX).length)
    devices.set(device, { ...devices.get(device), [isReports ? 'reports' : 'state']: item })
  }
  return [...devices].map(([device, both]) => stateOf(device, both))
}

function stateOf(device: string, { state, reports }: Items): DeviceState {
  return {
    device,
    seenAt: Math.max(state?.seen ?? 0, reports?.seen ?? 0),
    acknowledgements: acknowledgementsIn(state),
    reports: reportsIn(reports),
  }
}
