import { withReport } from '../core/handler-reports.ts'
import { LIMITS } from '../core/limits.ts'
import type { Acknowledgement, Clock, DeviceLedger, DeviceState, HandlerReport } from '../core/ports.ts'
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

/** What is in a record; when it was written is its stamp. */
type Told = Omit<DeviceState, 'seenAt'>

/** What an older version wrote: the newest acknowledgement and the newest report alone. */
interface OldTold {
  readonly device: string
  readonly acknowledged?: number
  readonly acknowledgedAt?: number
  readonly report?: HandlerReport
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

  async seen(userId: string, device: string): Promise<void> {
    await this.#update(userId, device, ({ seenAt, ...told }) => (this.#isStale(seenAt) ? told : undefined))
  }

  async acknowledge(userId: string, device: string, offset: number): Promise<void> {
    await this.#update(userId, device, ({ seenAt, ...told }) => {
      const before = told.acknowledgements.at(-1)?.offset ?? -1
      if (offset > before) return { ...told, acknowledgements: this.#moved(told.acknowledgements, offset) }
      // Most acknowledgements of a device that polls say nothing new, and need no write.
      return this.#isStale(seenAt) ? told : undefined
    })
  }

  async report(userId: string, device: string, offset: number, error: string): Promise<void> {
    await this.#update(userId, device, ({ seenAt: _, ...told }) => {
      const report = { offset, error: error.slice(0, LIMITS.reportLength), at: this.#clock.now() }
      return { ...told, reports: withReport(told.reports, report) }
    })
  }

  async ofUser(userId: string): Promise<readonly DeviceState[]> {
    const records = [...this.#store.range(devicesRange(userId))]
    return records.flatMap(({ value }) => this.#stateIn(value) ?? [])
  }

  #isStale(seenAt: number): boolean {
    return this.#clock.now() - seenAt >= LIMITS.seenAccuracy
  }

  #moved(acknowledgements: readonly Acknowledgement[], offset: number): Acknowledgement[] {
    return [...acknowledgements, { offset, at: this.#clock.now() }].slice(-LIMITS.acknowledgements)
  }

  async #update(
    userId: string,
    device: string,
    next: (state: DeviceState) => Told | undefined,
  ): Promise<void> {
    const key = deviceKey(userId, device)
    await this.#writer.run((batch) => {
      const current = this.#stateIn(batch.get(key))
      const told = next(current ?? { device, seenAt: 0, acknowledgements: [], reports: [] })
      if (told === undefined) return
      if (current === undefined) this.#makeRoom(batch, userId)
      batch.put(key, stamped(this.#clock.now(), JSON.stringify(told)))
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
    if (record === undefined) return undefined
    const seenAt = stampOf(record)
    if (seenAt < keptSince(this.#clock.now(), this.#retentionMs)) return undefined
    return { ...toldIn(textOf(record)), seenAt }
  }
}

function toldIn(text: string): Told {
  const told = JSON.parse(text) as Told | OldTold
  if ('acknowledgements' in told) return told
  const { device, acknowledged: offset, acknowledgedAt: at, report } = told
  const acknowledgements = offset === undefined || at === undefined ? [] : [{ offset, at }]
  return { device, acknowledgements, reports: report === undefined ? [] : [report] }
}
