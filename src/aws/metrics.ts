import { Metrics as Powertools, MetricUnit } from '@aws-lambda-powertools/metrics'
import {
  type CounterKey,
  COUNTERS,
  type HistogramKey,
  HISTOGRAMS,
  type Metrics,
  NO_METRICS,
} from '../core/metrics.ts'
import { type Environment, metricsService } from './environment.ts'

/** CloudWatch's name for where the metrics lie. */
export const METRICS_NAMESPACE = 'event-fanout'

/** Metrics that are written when an invocation is over. */
export interface InvocationMetrics extends Metrics {
  /** Writes what came together since the last time; nothing came, nothing is written. */
  flush(): void
}

/** `METRICS_SERVICE` names this deployment among others of the account; without it nothing is counted. */
export function metricsFor(environment: Environment): InvocationMetrics {
  const service = metricsService(environment)
  return service === undefined ? { ...NO_METRICS, flush: () => undefined } : new EmfMetrics(service)
}

/** A handler that writes its metrics whatever it ends with: what went wrong is what somebody will want to count. */
export function withMetrics<A extends unknown[], R>(
  metrics: InvocationMetrics,
  handler: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await handler(...args)
    } finally {
      metrics.flush()
    }
  }
}

/** Stands for the value of a label that a counter does not have. */
const UNLABELLED = ''

/**
 * Metrics in CloudWatch's embedded metric format: JSON lines on stdout, from which CloudWatch Logs makes metrics by itself, without a call
 * that a handler would have to wait for. Powertools writes them by a console of its own on stdout, past the one that Lambda
 * has replaced and that would wrap them into its own JSON (Lambda developer guide, page nodejs-logging).
 *
 * The log is paid for by its bytes, so counts are added up first: one line for all that has no label, and one for each value of a
 * label, since all metrics of a line have the line's dimensions. 2,000 pushes are one number in `outcome: sent`.
 * Durations stay single values, as percentiles need them: Powertools begins a new line after each hundred, the format's limit.
 */
class EmfMetrics implements InvocationMetrics {
  readonly #emf: Powertools
  readonly #counts = new Map<CounterKey, Map<string, number>>()
  readonly #durations = new Map<HistogramKey, number[]>()

  constructor(serviceName: string) {
    this.#emf = new Powertools({ namespace: METRICS_NAMESPACE, serviceName })
  }

  add(counter: CounterKey, value: number, label: string = UNLABELLED): void {
    if (value === 0) return
    const counts = this.#counts.get(counter) ?? new Map<string, number>()
    this.#counts.set(counter, counts.set(label, (counts.get(label) ?? 0) + value))
  }

  observe(histogram: HistogramKey, seconds: number): void {
    const durations = this.#durations.get(histogram) ?? []
    this.#durations.set(histogram, durations)
    durations.push(seconds)
  }

  flush(): void {
    this.#writeUnlabelled()
    for (const [counter, counts] of this.#counts) this.#writeLabelled(counter, counts)
    this.#counts.clear()
    this.#durations.clear()
  }

  #writeUnlabelled(): void {
    for (const [counter, counts] of this.#counts) {
      const count = counts.get(UNLABELLED)
      if (count !== undefined) this.#emf.addMetric(COUNTERS[counter].name, MetricUnit.Count, count)
    }
    for (const [histogram, durations] of this.#durations) {
      for (const each of durations) this.#emf.addMetric(HISTOGRAMS[histogram].name, MetricUnit.Seconds, each)
    }
    // Powertools would warn of an empty line, and may just have written all there was.
    if (this.#emf.hasStoredMetrics()) this.#emf.publishStoredMetrics()
  }

  #writeLabelled(counter: CounterKey, counts: ReadonlyMap<string, number>): void {
    const definition = COUNTERS[counter]
    if (!('label' in definition)) return
    for (const [value, count] of counts) {
      this.#emf.addDimension(definition.label.name, value)
      this.#emf.addMetric(definition.name, MetricUnit.Count, count).publishStoredMetrics()
    }
  }
}
