/** That deploy/prometheus/alerts.yml asks for what a server shows, and that each alert has its page. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { beforeAll, describe, expect, it } from 'vitest'
import { BridgeMetrics } from '../../src/bridge/metrics.ts'
import { PrometheusMetrics } from '../../src/local/prometheus-metrics.ts'
import { root, textOf } from './files.ts'
import { alerts } from './prometheus.ts'

/** By Prometheus itself, for every target. */
const OF_PROMETHEUS = 'up'

let shown: string
beforeAll(async () => {
  const { registry } = new PrometheusMetrics(() => 0)
  const both = Registry.merge([registry, new BridgeMetrics().registry])
  shown = await both.metrics()
  registry.clear()
})

/** `name{matchers}` for every metric that an expression asks for. */
function selectorsIn(expr: string): { name: string; matchers: string }[] {
  const found = expr.matchAll(/\b(up|fanout_\w+)(?:\{([^}]*)\})?/g)
  return [...found].map(([, name = '', matchers = '']) => ({ name, matchers }))
}

describe('an alert', () => {
  it('is there for what can go wrong in one process', () => {
    expect(alerts().map(({ alert }) => alert)).toEqual([
      'FanoutServerDown',
      'FanoutDeadLetters',
      'FanoutLostMessages',
      'FanoutQueueAge',
      'FanoutDeliveryFailures',
      'FanoutThrottledDeliveries',
      'FanoutPushLatency',
      'FanoutFailedPublishes',
      'FanoutRefusedPublishes',
      'FanoutRefusedConnections',
      'FanoutHandlerFailures',
    ])
  })

  it.each(alerts())('$alert asks only for what the server shows, with labels that it has', ({ expr }) => {
    const selectors = selectorsIn(expr)
    expect(selectors.length).toBeGreaterThan(0)
    for (const { name, matchers } of selectors) {
      if (name === OF_PROMETHEUS) continue
      expect(shown).toMatch(new RegExp(`^${name}(\\{| )`, 'm'))
      for (const [, label = '', values = ''] of matchers.matchAll(/(\w+)=~?"([^"]*)"/g)) {
        for (const value of values.split('|')) expect(shown).toContain(`${name}{${label}="${value}"}`)
      }
    }
  })

  it.each(alerts())('$alert has a page in the runbook that names it', ({ alert, runbook }) => {
    expect(runbook).toMatch(/^docs\/runbook\/[a-z-]+\.md$/)
    expect(existsSync(join(root, runbook))).toBe(true)
    expect(textOf(runbook)).toContain(`\`${alert}\``)
  })

  it.each(alerts())(
    '$alert says the threshold that it has, and its page too',
    ({ expr, summary, runbook }) => {
      const [, threshold = ''] = /> (\d+)/.exec(expr) ?? []
      if (threshold === '' || threshold === '0') return
      expect(summary).toMatch(new RegExp(`more than ${threshold} `, 'i'))
      const page = textOf(runbook)
      expect(page.slice(page.indexOf('## Why'))).toMatch(new RegExp(`\\b${threshold}\\b`))
    },
  )
})
