import { LIMITS } from '../core/limits.ts'
import type { Clock, DeviceLedger, DeviceState } from '../core/ports.ts'
import type { Batch } from './batch.ts'
import type { GroupCommit } from './group-commit.ts'
import { devicesKey } from './keys.ts'
import { keptSince, stamped, textOf } from './stamped.ts'
import type { Records, Store } from './store.ts'

/** More devices than people have; a client that invents names must not fill the disk. */
const DEVICES_PER_USER = 100

export interface LmdbDeviceLedgerOptions {
  readonly store: Store
  readonly writer: GroupCommit
  readonly clock: Clock
  readonly retentionMs: number
  /** How many devices of one user are kept: those seen last. */
  readonly devicesPerUser?: number
}

interface Seen {
  readonly seenAt: number
  readonly state: DeviceState
}

/** `DeviceLedger` on LMDB: one record for all devices of a user, the one seen last at its end. */
export class LmdbDeviceLedger implements DeviceLedger {
  readonly #store: Store
  readonly #writer: GroupCommit
  readonly #clock: Clock
  readonly #retentionMs: number
  readonly #devicesPerUser: number

  constructor(options: LmdbDeviceLedgerOptions) {
    this.#store = options.store
    this.#writer = options.writer
    this.#clock = options.clock
    this.#retentionMs = options.retentionMs
    this.#devicesPerUser = options.devicesPerUser ?? DEVICES_PER_USER
  }

  async acknowledge(userId: string, device: string, offset: number): Promise<void> {
    await this.#update(userId, device, (state) => {
      // Most acknowledgements of a device that polls say nothing new, and need no write.
      if (state.acknowledged !== undefined && offset <= state.acknowledged) return undefined
      return { ...state, acknowledged: offset, acknowledgedAt: this.#clock.now() }
    })
  }

  async report(userId: string, device: string, offset: number, error: string): Promise<void> {
    await this.#update(userId, device, (state) => {
      if (state.report !== undefined && offset < state.report.offset) return undefined
      const report = { offset, error: error.slice(0, LIMITS.reportLength), at: this.#clock.now() }
      return { ...state, report }
    })
  }

  async ofUser(userId: string): Promise<readonly DeviceState[]> {
    return this.#devicesIn(this.#store, userId).map(({ state }) => state)
  }

  async #update(
    userId: string,
    device: string,
    next: (state: DeviceState) => DeviceState | undefined,
  ): Promise<void> {
    await this.#writer.run((batch) => {
      const devices = this.#devicesIn(batch, userId)
      const state = next(devices.find((seen) => seen.state.device === device)?.state ?? { device })
      if (state === undefined) return
      const others = devices.filter((seen) => seen.state.device !== device)
      this.#put(batch, userId, [...others, { seenAt: this.#clock.now(), state }])
    })
  }

  #put(batch: Batch, userId: string, devices: readonly Seen[]): void {
    const kept = devices.slice(-this.#devicesPerUser)
    const latest = Math.max(...kept.map(({ seenAt }) => seenAt))
    batch.put(devicesKey(userId), stamped(latest, JSON.stringify(kept)))
  }

  #devicesIn(records: Records, userId: string): readonly Seen[] {
    const record = records.get(devicesKey(userId))
    if (record === undefined) return []
    const since = keptSince(this.#clock.now(), this.#retentionMs)
    return (JSON.parse(textOf(record)) as Seen[]).filter(({ seenAt }) => seenAt >= since)
  }
}
