import type { CounterKey, HistogramKey, Metrics } from '../../src/core/metrics.ts'

/** Everything that was counted and measured, by name. */
export class RecordingMetrics implements Metrics {
  /** By the counter, and its label behind a colon where it has one: `published:refused`. */
  readonly counts: Record<string, number> = {}
  readonly observations: Partial<Record<HistogramKey, number[]>> = {}

  add(counter: CounterKey, value: number, label?: string): void {
    const name = label === undefined ? counter : `${counter}:${label}`
    this.counts[name] = (this.counts[name] ?? 0) + value
  }

  observe(histogram: HistogramKey, seconds: number): void {
    this.observations[histogram] = [...(this.observations[histogram] ?? []), seconds]
  }
}
