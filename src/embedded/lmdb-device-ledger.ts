import { withReport } from '../core/handler-reports.ts'
import { LIMITS } from '../core/limits.ts'
import type {
  AcknowledgedBy,
  Acknowledgement,
  Clock,
  DeviceLedger,
  DeviceState,
  HandlerReport,
} from '../core/ports.ts'
import type { Batch } from './batch.ts'
import type { GroupCommit } from './group-commit.ts'
import { deviceKey, devicesRange } from './keys.ts'
import { keptSince, stamped, stampOf, textOf } from './stamped.ts'
import type { Store } from './store.ts'

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

type How = Pick<Acknowledgement, 'isPoll' | 'isStart'>

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
    this.#devicesPerUser = options.devicesPerUser ?? LIMITS.devicesPerUser
  }

  async seen(userId: string, device: string, after: number): Promise<void> {
    await this.#update(userId, device, (told, seenAt) => {
      if (seenAt === undefined) return after === 0 ? told : this.#moved(told, after, { isStart: true })
      return this.#isStale(seenAt) ? told : undefined
    })
  }

  async begins(userId: string, device: string, offset: number): Promise<void> {
    await this.#update(userId, device, (told, seenAt) => {
      if (offset > lastOf(told)) return this.#moved(told, offset, { isStart: true })
      return seenAt === undefined || this.#isStale(seenAt) ? told : undefined
    })
  }

  async acknowledge(
    userId: string,
    device: string,
    offset: number,
    by: AcknowledgedBy = 'socket',
  ): Promise<void> {
    await this.#update(userId, device, (told, seenAt) => {
      if (offset > lastOf(told)) return this.#moved(told, offset, howBy(by, seenAt === undefined))
      // Most acknowledgements of a device that polls say nothing new, and need no write.
      return seenAt === undefined || this.#isStale(seenAt) ? told : undefined
    })
  }

  async report(userId: string, device: string, offset: number, error: string): Promise<void> {
    await this.#update(userId, device, (told) => {
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

  #moved(told: Told, offset: number, how: How): Told {
    const acknowledgements = [...told.acknowledgements, { offset, at: this.#clock.now(), ...how }]
    return { ...told, acknowledgements: acknowledgements.slice(-LIMITS.acknowledgements) }
  }

  /** @param next what there is to write; when the device was last seen, if anything is known of it */
  async #update(
    userId: string,
    device: string,
    next: (told: Told, seenAt: number | undefined) => Told | undefined,
  ): Promise<void> {
    const key = deviceKey(userId, device)
    await this.#writer.run((batch) => {
      const current = this.#stateIn(batch.get(key))
      const { seenAt, ...known } = current ?? { device, acknowledgements: [], reports: [] }
      const told = next(known, seenAt)
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

function howBy(by: AcknowledgedBy, isNew: boolean): How {
  if (by === 'socket') return {}
  return isNew ? { isPoll: true, isStart: true } : { isPoll: true }
}

function lastOf({ acknowledgements }: Told): number {
  return acknowledgements.at(-1)?.offset ?? -1
}

function toldIn(text: string): Told {
  const told = JSON.parse(text) as Told | OldTold
  if ('acknowledgements' in told) return told
  const { device, acknowledged: offset, acknowledgedAt: at, report } = told
  const acknowledgements = offset === undefined || at === undefined ? [] : [{ offset, at }]
  return { device, acknowledgements, reports: report === undefined ? [] : [report] }
}
