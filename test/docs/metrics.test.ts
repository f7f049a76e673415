/** That docs/metrics.md names what is counted, and gets its costs right. */
import { describe, expect, it } from 'vitest'
import { COUNTERS, HISTOGRAMS } from '../../src/core/metrics.ts'
import { PrometheusMetrics } from '../../src/local/prometheus-metrics.ts'
import { textOf } from '../deploy/files.ts'

const page = textOf('docs/metrics.md')
const rowOf = (name: string): string =>
  page.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? ''

describe('docs/metrics.md', () => {
  it.each(Object.values(COUNTERS))('has $name with its label', (counter) => {
    const row = rowOf(counter.name)
    expect(row).not.toBe('')
    if ('label' in counter) expect(row).toContain(`\`${counter.label.name}\``)
    else expect(row).toContain('` | |')
  })

  it.each(['published', 'deliveries'] as const)('has every value of the label of %s', (key) => {
    const { name, label } = COUNTERS[key]
    for (const value of label.values) expect(rowOf(name)).toContain(`\`${value}\``)
  })

  it('has every duration', () => {
    for (const { name } of Object.values(HISTOGRAMS)) expect(rowOf(name)).not.toBe('')
  })

  it('names no other metric of ours', async () => {
    const { registry } = new PrometheusMetrics(() => 0)
    const known = (await registry.getMetricsAsJSON()).map(({ name }) => name)
    registry.clear()
    const named = [...page.matchAll(/\bfanout_(?!bridge_)[a-z_]*[a-z]/g)].map(([name]) => name)
    for (const name of named) expect(known).toContain(name)
  })

  it('counts right how many metrics there can be on AWS, and what they cost', () => {
    const counters = Object.values(COUNTERS).map((counter) =>
      'label' in counter ? counter.label.values.length : 1,
    )
    const all = counters.reduce((a, b) => a + b) + Object.keys(HISTOGRAMS).length
    expect(page).toContain(`There are ${all} at most ($${(all * 0.3).toFixed(2)})`)
  })
})
