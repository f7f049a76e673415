import { beforeAll, describe, expect, it } from 'vitest'
import { FUNCTION_NAMES } from '../../lib/function-settings.ts'
import { ALARM_NAMES } from '../../lib/observability/alarm-names.ts'
import { COUNTERS, HISTOGRAMS } from '../../src/core/metrics.ts'
import { EVERYTHING } from './choices.ts'
import { type Widget, widgetsOf } from './observed.ts'
import { ofType, SYNTHESIS_MS, synthesize, type Synthesized, variablesOf } from './synthesized.ts'

let all: Synthesized
let widgets: Widget[]
beforeAll(() => {
  all = synthesize(EVERYTHING)
  widgets = widgetsOf(all.resources)
}, SYNTHESIS_MS)

/** `namespace/name` of every metric of some widgets, and the text of every search. */
function shownBy(shown: readonly Widget[]): string[] {
  return shown.flatMap(({ properties: { metrics = [] } }) =>
    metrics.flatMap(([first, name]) =>
      typeof first === 'string'
        ? [`${first}/${String(name)}`]
        : [(first as { expression: string }).expression],
    ),
  )
}

const titled = (title: string): Widget => {
  const found = widgets.find(({ properties }) => properties.title?.startsWith(title))
  if (found === undefined) throw new Error(`no widget begins with "${title}"`)
  return found
}

describe('the dashboard', () => {
  it('is one, with the state of every alarm on top', () => {
    expect(ofType(all.resources, 'AWS::CloudWatch::Dashboard')).toHaveLength(1)
    expect(all.fanout.dashboard).toBeDefined()
    expect(widgets[0]?.type).toBe('alarm')
    expect(widgets[0]?.properties.alarms).toHaveLength(ALARM_NAMES.length)
  })

  it('shows all that the functions count', () => {
    const shown = shownBy(widgets).join('\n')
    for (const { name } of [...Object.values(COUNTERS), ...Object.values(HISTOGRAMS)]) {
      expect(shown).toContain(name)
    }
  })

  it('shows nothing of ours that nobody counts, and only of this deployment', () => {
    const known = [...Object.values(COUNTERS), ...Object.values(HISTOGRAMS)].map(({ name }) => name)
    const service = variablesOf(all, 'event')['METRICS_SERVICE']
    for (const shown of shownBy(widgets)) {
      const [, name] = /(fanout_\w+)/.exec(shown) ?? []
      if (name !== undefined) expect(known).toContain(name)
      if (shown.startsWith('SEARCH')) expect(shown).toContain(`service="${service}"`)
    }
    const ofOurs = widgets.flatMap(({ properties: { metrics = [] } }) =>
      metrics.filter(([namespace]) => namespace === 'event-fanout'),
    )
    for (const metric of ofOurs) expect(metric).toContain(service)
  })

  it('shows percentiles of how long it takes, never an average', () => {
    const metrics = titled('Publish to push').properties.metrics ?? []
    expect(metrics.map((metric) => (metric.at(-1) as { stat: string }).stat)).toEqual(['p50', 'p95', 'p99'])
  })

  it('shows what EventBridge could not deliver, where it is used', () => {
    expect(titled('Dead letters waiting').properties.metrics).toHaveLength(2)
    const without = widgetsOf(synthesize().resources)
    const waiting = without.find(({ properties }) => properties.title === 'Dead letters waiting')
    expect(waiting?.properties.metrics).toHaveLength(1)
  })

  it('shows every function, queue and table, and both APIs', () => {
    expect(titled('Function errors').properties.metrics).toHaveLength(FUNCTION_NAMES.length)
    expect(titled('DynamoDB').properties.metrics).toHaveLength(4)
    expect(shownBy([titled('HTTP API')])).toEqual(
      ['4xx', '5xx', 'Count'].map((name) => `AWS/ApiGateway/${name}`),
    )
    expect(shownBy([titled('WebSocket API')])).toContain('AWS/ApiGateway/IntegrationError')
    expect(shownBy([titled('Queue')])).toContain('AWS/SQS/ApproximateAgeOfOldestMessage')
  })

  it('is not there if nobody wants it', () => {
    const { resources, fanout } = synthesize({ dashboard: false })
    expect(ofType(resources, 'AWS::CloudWatch::Dashboard')).toEqual([])
    expect(fanout.dashboard).toBeUndefined()
  })

  it('shows AWS’s metrics alone where the functions do not count, and has no empty widget', () => {
    const off = widgetsOf(synthesize({ metrics: false, alarms: false }).resources)
    expect(shownBy(off).join()).not.toContain('fanout_')
    for (const { properties } of off) expect(properties.metrics?.length ?? 0).toBeGreaterThan(0)
  })
})
