/** What is kept of devices, users and refusals, in memory: every rule of the ports spelled out. */
import { LIMITS } from '../../src/core/limits.ts'
import type {
  AcknowledgedBy,
  Acknowledgement,
  Clock,
  DeviceLedger,
  DeviceState,
  HandlerReport,
  Refusal,
  RefusalLedger,
  Revocations,
} from '../../src/core/ports.ts'

const MONTH = 30 * 86_400_000

export class MemoryLedger implements DeviceLedger {
  readonly #clock: Clock
  readonly #retentionMs: number
  readonly #users = new Map<string, Map<string, DeviceState>>()

  constructor(clock: Clock, retentionMs = MONTH) {
    this.#clock = clock
    this.#retentionMs = retentionMs
  }

  async seen(userId: string, device: string, after: number): Promise<void> {
    if (this.#isKnown(userId, device) || after === 0) this.#put(userId, this.#state(userId, device))
    else this.#move(userId, device, { offset: after, isStart: true })
  }

  async begins(userId: string, device: string, offset: number): Promise<void> {
    this.#move(userId, device, { offset, isStart: true })
  }

  async acknowledge(
    userId: string,
    device: string,
    offset: number,
    by: AcknowledgedBy = 'socket',
  ): Promise<void> {
    const isPoll = by === 'poll' ? ({ isPoll: true } as const) : {}
    const isStart = by === 'poll' && !this.#isKnown(userId, device) ? ({ isStart: true } as const) : {}
    this.#move(userId, device, { offset, ...isPoll, ...isStart })
  }

  #isKnown(userId: string, device: string): boolean {
    return this.#state(userId, device).seenAt > 0
  }

  /** Up, or not at all. */
  #move(userId: string, device: string, to: Omit<Acknowledgement, 'at'>): void {
    const state = this.#state(userId, device)
    const isNews = to.offset > (state.acknowledgements.at(-1)?.offset ?? -1)
    const told = isNews
      ? [...state.acknowledgements, { ...to, at: this.#clock.now() }]
      : state.acknowledgements
    this.#put(userId, { ...state, acknowledgements: told.slice(-LIMITS.acknowledgements) })
  }

  async report(userId: string, device: string, offset: number, error: string): Promise<void> {
    const state = this.#state(userId, device)
    this.#put(userId, {
      ...state,
      reports: withReport(state.reports, { offset, error, at: this.#clock.now() }),
    })
  }

  async ofUser(userId: string): Promise<readonly DeviceState[]> {
    const since = this.#clock.now() - this.#retentionMs
    const live = [...(this.#users.get(userId)?.values() ?? [])].filter(({ seenAt }) => seenAt >= since)
    return live.toSorted((a, b) => b.seenAt - a.seenAt).slice(0, LIMITS.devicesPerUser)
  }

  #state(userId: string, device: string): DeviceState {
    const state = this.#users.get(userId)?.get(device)
    const since = this.#clock.now() - this.#retentionMs
    if (state !== undefined && state.seenAt >= since) return state
    return { device, seenAt: 0, acknowledgements: [], reports: [] }
  }

  #put(userId: string, state: DeviceState): void {
    const devices = this.#users.get(userId) ?? new Map<string, DeviceState>()
    this.#users.set(userId, devices.set(state.device, { ...state, seenAt: this.#clock.now() }))
  }
}

function withReport(reports: readonly HandlerReport[], report: HandlerReport): readonly HandlerReport[] {
  const others = reports.filter(({ offset }) => offset !== report.offset)
  return [...others, report].sort((a, b) => a.offset - b.offset).slice(-LIMITS.reports)
}

export class MemoryRevocations implements Revocations {
  readonly #times = new Map<string, number>()

  async revoke(userId: string, issuedBefore: number): Promise<void> {
    this.#times.set(userId, Math.max(issuedBefore, this.#times.get(userId) ?? 0))
  }

  async notBefore(userId: string): Promise<number | undefined> {
    return this.#times.get(userId)
  }
}

export class MemoryRefusals implements RefusalLedger {
  readonly #clock: Clock
  readonly #retentionMs: number
  readonly #noted = new Map<string, Refusal>()

  constructor(clock: Clock, retentionMs = MONTH) {
    this.#clock = clock
    this.#retentionMs = retentionMs
  }

  async note(refusal: Refusal): Promise<void> {
    this.#noted.set(refusal.eventId, refusal)
  }

  async find(eventId: string): Promise<Refusal | undefined> {
    const refusal = this.#noted.get(eventId)
    return refusal !== undefined && refusal.at >= this.#clock.now() - this.#retentionMs ? refusal : undefined
  }
}
