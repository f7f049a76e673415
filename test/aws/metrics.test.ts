import { beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { metricsFor, withMetrics } from '../../src/aws/metrics.ts'
import {
  type CounterKey,
  COUNTERS,
  type HistogramKey,
  HISTOGRAMS,
  type Metrics,
} from '../../src/core/metrics.ts'

interface Line {
  readonly _aws: {
    readonly Timestamp: number
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string
      readonly Dimensions: readonly (readonly string[])[]
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[]
    }[]
  }
  readonly [member: string]: unknown
}

let stdout: MockInstance<typeof process.stdout.write>
beforeEach(() => {
  stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  return () => {
    stdout.mockRestore()
  }
})

/** What was written to stdout, line by line. */
function written(): string[] {
  const text = stdout.mock.calls.map(([chunk]) => String(chunk)).join('')
  return text.split('\n').slice(0, -1)
}

function lines(): Line[] {
  return written().map((line) => JSON.parse(line) as Line)
}

/** A metric as CloudWatch reads it: `name{dimension=value}`, its unit, and its values. */
function readings(): Record<string, unknown> {
  const found = lines().flatMap((line) =>
    line._aws.CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) =>
      Metrics.map(({ Name, Unit }) => {
        const dimensions = Dimensions[0]!.map((each) => `${each}=${String(line[each])}`).join()
        return [`${Name}{${dimensions}} ${Unit}`, line[Name]] as const
      }),
    ),
  )
  expect(new Set(found.map(([name]) => name)).size).toBe(found.length)
  return Object.fromEntries(found)
}

const metrics = () => metricsFor({ METRICS_SERVICE: 'Test' })
const as = (untyped: Metrics) => untyped as { add(counter: CounterKey, value: number, label?: string): void }

describe('metrics on AWS', () => {
  it('are one line for all without a label, and one for each value of a label', () => {
    const counted = metrics()
    counted.add('published', 1, 'published')
    counted.add('published', 1, 'published')
    counted.add('published', 1, 'duplicate')
    counted.add('deliveries', 3, 'sent')
    counted.add('resumes', 1)
    counted.observe('publishToPush', 0.043)
    counted.observe('publishToPush', 0.051)
    counted.observe('queueWait', 0.2)
    counted.flush()
    expect(readings()).toEqual({
      'fanout_resumes_total{service=Test} Count': 1,
      'fanout_publish_to_push_seconds{service=Test} Seconds': [0.043, 0.051],
      'fanout_queue_wait_seconds{service=Test} Seconds': 0.2,
      'fanout_events_published_total{service=Test,result=published} Count': 2,
      'fanout_events_published_total{service=Test,result=duplicate} Count': 1,
      'fanout_deliveries_total{service=Test,outcome=sent} Count': 3,
    })
    expect(lines()).toHaveLength(4)
    for (const { _aws } of lines()) {
      expect(_aws.CloudWatchMetrics).toHaveLength(1)
      expect(_aws.CloudWatchMetrics[0]!.Dimensions).toHaveLength(1)
      expect(_aws.CloudWatchMetrics[0]!.Namespace).toBe('event-fanout')
      expect(Math.abs(Date.now() - _aws.Timestamp)).toBeLessThan(60_000)
    }
  })

  it('have the names of the catalogue, and every value of every label', () => {
    const counted = metrics()
    const expected: string[] = []
    for (const [key, definition] of Object.entries(COUNTERS) as [
      CounterKey,
      (typeof COUNTERS)[CounterKey],
    ][]) {
      const labels = 'label' in definition ? definition.label.values : [undefined]
      for (const label of labels) {
        as(counted).add(key, 1, label)
        const dimension = 'label' in definition ? `,${definition.label.name}=${label ?? ''}` : ''
        expected.push(`${definition.name}{service=Test${dimension}} Count`)
      }
    }
    for (const [key, { name }] of Object.entries(HISTOGRAMS)) {
      counted.observe(key as HistogramKey, 1)
      expected.push(`${name}{service=Test} Seconds`)
    }
    counted.flush()
    expect(Object.keys(readings()).toSorted()).toEqual(expected.toSorted())
  })

  it('are added up: 2,000 pushes are one number, and their durations lines of a hundred, as the format asks for', () => {
    const counted = metrics()
    for (let i = 0; i < 2000; i++) {
      counted.add('deliveries', 1, 'sent')
      counted.observe('publishToPush', i / 1000)
    }
    counted.flush()
    const name = HISTOGRAMS.publishToPush.name
    const durations = lines().flatMap((line) => (name in line ? [line[name] as number[]] : []))
    expect(durations.map(({ length }) => length)).toEqual(Array.from({ length: 20 }, () => 100))
    expect(durations.flat()).toEqual(Array.from({ length: 2000 }, (_, i) => i / 1000))
    expect(lines().filter((line) => COUNTERS.deliveries.name in line)).toMatchObject([
      { [COUNTERS.deliveries.name]: 2000, outcome: 'sent' },
    ])
    expect(written()).toHaveLength(21)
    for (const line of written()) expect(line.length).toBeLessThan(1024)
  })

  it('lose nothing where durations of two kinds share a line that gets full', () => {
    const counted = metrics()
    for (let i = 0; i < 150; i++) counted.observe('publishToPush', 1)
    for (let i = 0; i < 10; i++) counted.observe('queueWait', 2)
    counted.add('resumes', 1)
    counted.flush()
    const values = (name: string) => lines().flatMap((line) => (line[name] as number[] | undefined) ?? [])
    expect(values(HISTOGRAMS.publishToPush.name)).toHaveLength(150)
    expect(values(HISTOGRAMS.queueWait.name)).toHaveLength(10)
    expect(values(COUNTERS.resumes.name)).toEqual([1])
  })

  it('reach stdout as they are, past the console that Lambda replaces', () => {
    const wrapping = vi.spyOn(console, 'log')
    const counted = metrics()
    counted.add('polls', 1)
    counted.flush()
    expect(wrapping).not.toHaveBeenCalled()
    expect(written()).toHaveLength(1)
    expect(written()[0]).toMatch(/^\{"_aws":\{/)
    wrapping.mockRestore()
  })

  it('are nothing where nothing happened', () => {
    const counted = metrics()
    counted.add('resumedEvents', 0)
    counted.flush()
    counted.add('polls', 1)
    counted.flush()
    counted.flush()
    expect(written()).toHaveLength(1)
  })

  it('are off without METRICS_SERVICE', () => {
    for (const environment of [{}, { METRICS_SERVICE: '' }]) {
      const off = metricsFor(environment)
      off.add('polls', 1)
      off.observe('queueWait', 1)
      off.flush()
    }
    expect(written()).toEqual([])
  })
})

describe('a handler with metrics', () => {
  it('writes them once an invocation, and starts the next from nothing', async () => {
    const counted = metrics()
    const handler = withMetrics(counted, async (event: string, context: number) => {
      counted.add('polls', context)
      return `answer to ${event}`
    })
    expect(await handler('a', 2)).toBe('answer to a')
    expect(readings()).toEqual({ 'fanout_polls_total{service=Test} Count': 2 })
    stdout.mockClear()
    await handler('b', 3)
    expect(readings()).toEqual({ 'fanout_polls_total{service=Test} Count': 3 })
  })

  it('writes them when it throws, and throws the same', async () => {
    const counted = metrics()
    const failure = new Error('Unauthorized')
    const handler = withMetrics(counted, async () => {
      counted.add('tokensRefused', 1, 'expired')
      throw failure
    })
    await expect(handler()).rejects.toBe(failure)
    expect(readings()).toEqual({ 'fanout_tokens_refused_total{service=Test,reason=expired} Count': 1 })
  })
})
