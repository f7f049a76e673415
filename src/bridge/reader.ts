import type { Logger } from '../core/ports.ts'
import type { Burials } from './burials.ts'
import type { NumberLedger } from './losses/number-ledger.ts'
import type { LossReport } from './losses/loss-report.ts'
import type { BridgeMetrics, Lag } from './metrics.ts'
import type { Relay } from './relay.ts'

/** One of the two ways in which messages come from Redis. */
export interface Reader {
  /** `reading`: messages come here. `standby`: another bridge reads. `connecting`: Redis cannot be reached, or not be used. */
  readonly state: 'connecting' | 'standby' | 'reading'
  /** What is wrong right now, beside the target. */
  readonly problem: string | undefined
  /** @throws if Redis cannot be asked */
  lag(): Promise<Lag>
  /** Takes no more, finishes what it has within the time for draining, and says what it could not. */
  stop(): Promise<void>
}

/** What both have in common. */
export interface ReaderDependencies {
  readonly relay: Relay
  readonly burials: Burials
  readonly numbers: NumberLedger
  readonly losses: LossReport
  readonly metrics: BridgeMetrics
  readonly logger: Logger
}
