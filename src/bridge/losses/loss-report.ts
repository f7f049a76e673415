import type { Logger } from '../../core/ports.ts'
import type { BridgeMetrics } from '../metrics.ts'
import { timeOf } from '../stream/entry-time.ts'
import type { Gap } from './number-ledger.ts'

/** Says, in the log and in the metrics, what was lost before anybody could bring it to the target. */
export class LossReport {
  readonly #logger: Logger
  readonly #metrics: BridgeMetrics

  constructor(logger: Logger, metrics: BridgeMetrics) {
    this.#logger = logger
    this.#metrics = metrics
  }

  /** A publisher has numbered messages that no bridge ever got. */
  gap({ producer, from, to, count, noticedAt }: Gap): void {
    this.#metrics.lost.inc({ reason: 'gap' }, count)
    this.#logger.error(
      { producer, from, to, count, noticedAt: new Date(noticedAt).toISOString() },
      'messages lost in Redis: a producer has numbered them, and no bridge has got them; what was emitted is still in the stream, for bridges with --from stream',
    )
  }

  /** Entries were removed from the stream, by its trimming or by somebody, before they were read, or before a reader was done with them. */
  trimmed(count: number, after: string, before: string): void {
    if (count === 0) return
    this.#metrics.lost.inc({ reason: 'trimmed' }, count)
    this.#logger.error(
      { count, after, before, ...(before !== '' && { until: new Date(timeOf(before)).toISOString() }) },
      'entries lost: they were removed from the stream before they were brought; keep it longer, or mend what held up the bridge',
    )
  }
}
