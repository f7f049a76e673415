/** How one device's row stands in the connections' table, beside the user's connections. */
import type { DeviceState } from '../core/ports.ts'

/** Attributes by themselves, not in a map: conditions compare them, and updates set one group of them. */
export interface DeviceItem {
  /** When the row was last written, in milliseconds: it counts as absent once this is older than the retention. */
  readonly seen: number
  readonly acknowledged?: number
  readonly acknowledgedAt?: number
  readonly reportOffset?: number
  readonly reportError?: string
  readonly reportAt?: number
}

export const DEVICE_PREFIX = 'device#'

export function keyOfDevice(userId: string, device: string): { readonly pk: string; readonly sk: string } {
  return { pk: userId, sk: `${DEVICE_PREFIX}${device}` }
}

export function stateOf(sortKey: string, item: DeviceItem): DeviceState {
  const { acknowledged, acknowledgedAt, reportOffset, reportError, reportAt } = item
  return {
    device: sortKey.slice(DEVICE_PREFIX.length),
    ...(acknowledged !== undefined && { acknowledged }),
    ...(acknowledgedAt !== undefined && { acknowledgedAt }),
    ...(reportOffset !== undefined &&
      reportError !== undefined &&
      reportAt !== undefined && { report: { offset: reportOffset, error: reportError, at: reportAt } }),
  }
}
