import { LIMITS } from '../core/limits.ts'
import type { Clock, DeviceLedger, DeviceState } from '../core/ports.ts'
import type { Batch } from './batch.ts'
import type { GroupCommit } from './group-commit.ts'
import { deviceKey, devicesRange } from './keys.ts'
import { keptSince, stamped, stampOf, textOf } from './stamped.ts'
import type { Store } from './store.ts'

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

/**
 * `DeviceLedger` on LMDB: a record for each device, so that what a client says costs the same however many devices its
 * user has.
 */
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
    const records = [...this.#store.range(devicesRange(userId))]
    return records.flatMap(({ value }) => this.#stateIn(value) ?? [])
  }

  async #update(
    userId: string,
    device: string,
    next: (state: DeviceState) => DeviceState | undefined,
  ): Promise<void> {
    const key = deviceKey(userId, device)
    await this.#writer.run((batch) => {
      const current = this.#stateIn(batch.get(key))
      const state = next(current ?? { device })
      if (state === undefined) return
      if (current === undefined) this.#makeRoom(batch, userId)
      batch.put(key, stamped(this.#clock.now(), JSON.stringify(state)))
    })
  }

  /** For one more device. What the same batch adds is not counted: it is made up for by the next that comes. */
  #makeRoom(batch: Batch, userId: string): void {
    const records = [...this.#store.range(devicesRange(userId))]
    const surplus = records.length + 1 - this.#devicesPerUser
    if (surplus <= 0) return
    const oldestFirst = records.toSorted((a, b) => stampOf(a.value) - stampOf(b.value))
    for (const { key } of oldestFirst.slice(0, surplus)) batch.remove(key)
  }

  #stateIn(record: Buffer | undefined): DeviceState | undefined {
    if (record === undefined || stampOf(record) < keptSince(this.#clock.now(), this.#retentionMs))
      return undefined
    return JSON.parse(textOf(record)) as DeviceState
  }
}
