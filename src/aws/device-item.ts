/**
 * How a device stands in the connections' table, beside its user's connections: in one item what it has acknowledged, in
 * another what its handlers failed on, so that an acknowledgement stays one write unit.
 */
import { withReport as withOneMore } from '../core/handler-reports.ts'
import { LIMITS } from '../core/limits.ts'
import type { Acknowledgement, DeviceState, HandlerReport } from '../core/ports.ts'
import { cutAsJson } from './cut-as-json.ts'

export interface DeviceItem {
  /** When it was last written, in milliseconds: it counts as absent once this is older than the retention. */
  readonly seen: number
  /** The last acknowledged offset, by itself: conditions compare it. */
  readonly acknowledged?: number
  /** The newest acknowledgements as JSON: in DynamoDB's own lists each element takes bytes of its own. */
  readonly acks?: string
  /**
   * What follows is of an older version, whose functions may run beside ours for a while. It kept the last acknowledgement
   * and the last report alone, either of which may be missing, and moves `acknowledged` without `acks`.
   */
  readonly acknowledgedAt?: number
  readonly reportOffset?: number
  readonly reportError?: string
  readonly reportAt?: number
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

/** How it was told, as a sum of these; left out if it is none. */
const IS_POLL = 1
const IS_START = 2
type AckRow = readonly [offset: number, at: number, how?: number]

/** Of a device that was seen and has not told anything yet. No offset is so low. */
export const NOTHING_ACKNOWLEDGED = { acknowledged: -1, acks: '[]' } as const

export function acknowledgedIn({ acknowledged = NOTHING_ACKNOWLEDGED.acknowledged }: DeviceItem): number {
  return acknowledged
}

export function acknowledgementsIn(item: DeviceItem | undefined): readonly Acknowledgement[] {
  if (item === undefined) return []
  const rows = JSON.parse(item.acks ?? '[]') as readonly AckRow[]
  const told = rows.map(acknowledgementOf)
  const offset = acknowledgedIn(item)
  if (offset <= (told.at(-1)?.offset ?? NOTHING_ACKNOWLEDGED.acknowledged)) return told
  return [...told, { offset, at: item.acknowledgedAt ?? item.seen }].slice(-LIMITS.acknowledgements)
}

/** What an item says after one more acknowledgement, the last. */
export function withAcknowledgement(
  item: DeviceItem | undefined,
  acknowledgement: Acknowledgement,
): Required<Pick<DeviceItem, 'acknowledged' | 'acks'>> {
  const all = [...acknowledgementsIn(item), acknowledgement].slice(-LIMITS.acknowledgements)
  return { acknowledged: acknowledgement.offset, acks: JSON.stringify(all.map(rowOf)) }
}

function acknowledgementOf([offset, at, how = 0]: AckRow): Acknowledgement {
  const isPoll = (how & IS_POLL) !== 0 && ({ isPoll: true } as const)
  const isStart = (how & IS_START) !== 0 && ({ isStart: true } as const)
  return { offset, at, ...isPoll, ...isStart }
}

function rowOf({ offset, at, isPoll, isStart }: Acknowledgement): AckRow {
  const how = (isPoll === true ? IS_POLL : 0) + (isStart === true ? IS_START : 0)
  return how === 0 ? [offset, at] : [offset, at, how]
}

type ReportRow = readonly [offset: number, at: number, error: string]

/**
 * What a text takes at most, in bytes as it is written. No text of `LIMITS.reportLength` takes more, but for one that JSON
 * has to escape, up to sixfold; so what a device's reports cost is bounded by 16 write units.
 */
const REPORT_BYTES = 3 * LIMITS.reportLength

export function reportsIn(item: ReportsItem | undefined): readonly HandlerReport[] {
  if (item === undefined) return []
  const rows = JSON.parse(item.reports) as readonly ReportRow[]
  return rows.map(([offset, at, error]) => ({ offset, error, at }))
}

/** Those with the highest offsets, one for each: what fails again has failed once. */
export function withReport(item: ReportsItem | undefined, report: HandlerReport): string {
  const all = withOneMore(reportsIn(item), report)
  const rows = all.map(({ offset, at, error }): ReportRow => [offset, at, cutAsJson(error, REPORT_BYTES)])
  return JSON.stringify(rows)
}

interface Items {
  readonly state?: DeviceItem
  readonly reports?: ReportsItem
}

/**
 * The `LIMITS.devicesPerUser` seen last of the devices that these items tell of, without what was last written before
 * `since`: DynamoDB deletes it days late.
 */
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
  const states = [...devices].map(([device, both]) => stateOf(device, both, since))
  const seenLast = states.toSorted((a, b) => b.seenAt - a.seenAt).slice(0, LIMITS.devicesPerUser)
  const told = new Set(seenLast)
  return states.filter((state) => told.has(state))
}

function stateOf(device: string, { state, reports }: Items, since: number): DeviceState {
  return {
    device,
    seenAt: Math.max(state?.seen ?? 0, reports?.seen ?? 0),
    acknowledgements: acknowledgementsIn(state),
    reports: [...reportsIn(reports), ...oldReport(state, since)]
      .toSorted((a, b) => a.at - b.at)
      .reduce(withOneMore, []),
  }
}

/** An acknowledgement keeps its item, so what failed once would be told for ever. */
function oldReport(item: DeviceItem | undefined, since: number): readonly HandlerReport[] {
  const { reportOffset: offset, reportError: error, reportAt: at } = item ?? {}
  if (offset === undefined || error === undefined || at === undefined || at < since) return []
  return [{ offset, error, at }]
}
