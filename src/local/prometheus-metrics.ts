import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { type CounterKey, COUNTERS, type HistogramKey, HISTOGRAMS, type Metrics } from '../core/metrics.ts'

/**
 * Upper bounds in seconds. Where the events of one machine spend their time decides them: a push to a socket that is open
 * takes about a millisecond, and one that has to wait is given up after `LIMITS.pushDeadline`, 15 s. An app that is open
 * applies within a second, and one that was in a pocket within minutes: what takes longer was away, and is no latency.
 * The bridge's queue is the one of AWS, with the same ends.
 */
const BUCKETS: Readonly<Record<HistogramKey, number[]>> = {
  publishToPush: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  publishToApplied: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600],
  queueWait: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600],
}

/** How exactly the delay of the event loop is known, in milliseconds. The default of 10 costs an idle process twice its CPU. */
const LOOP_PRECISION = 100

/** What the embedded server counts, for Prometheus: the catalogue, what is open now, and the process itself. */
export class PrometheusMetrics implements Metrics {
  readonly registry = new Registry()
  readonly #counts = new Map<CounterKey, Counts>()
  readonly #histograms = new Map<HistogramKey, Histogram>()

  /** @param connections how many are open now */
  constructor(connections: () => number) {
    const registers = [this.registry]
    for (const key of keysOf(COUNTERS)) this.#counts.set(key, countsOf(key, registers))
    for (const key of keysOf(HISTOGRAMS)) {
      const { name, help } = HISTOGRAMS[key]
      this.#histograms.set(key, new Histogram({ name, help, buckets: BUCKETS[key], registers }))
    }
    new Gauge({
      name: 'fanout_connections',
      help: 'WebSocket connections that are open now',
      registers,
      collect() {
        this.set(connections())
      },
    })
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: LOOP_PRECISION })
  }

  add(counter: CounterKey, value: number, label?: string): void {
    const counts = this.#counts.get(counter)
    counts?.set(label, (counts.get(label) ?? 0) + value)
  }

  observe(histogram: HistogramKey, seconds: number): void {
    this.#histograms.get(histogram)?.observe(seconds)
  }
}

/** What was counted since the last look, by label. */
type Counts = Map<string | undefined, number>

/** An event is counted several times, and somebody looks twice a minute: the library is told when somebody looks. */
function countsOf(key: CounterKey, registers: Registry[]): Counts {
  const definition = COUNTERS[key]
  const { name, help } = definition
  const label = 'label' in definition ? definition.label : undefined
  const counts: Counts = new Map()
  new Counter({
    name,
    help,
    registers,
    labelNames: label === undefined ? [] : [label.name],
    collect() {
      for (const [value, count] of counts) {
        if (label !== undefined && value !== undefined) this.inc({ [label.name]: value }, count)
        else this.inc(count)
      }
      counts.clear()
      // A counter that is not there yet cannot be told from one that nobody knows, and its first step would not be seen.
      for (const value of label?.values ?? []) this.inc({ [label?.name ?? '']: value }, 0)
    },
  })
  return counts
}

function keysOf<T extends object>(catalogue: T): (keyof T)[] {
  return Object.keys(catalogue) as (keyof T)[]
}
