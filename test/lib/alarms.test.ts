import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { readContext } from '../../lib/deployment-context.ts'
import { EventFanoutStack } from '../../lib/event-fanout-stack.ts'
import { ALARM_NAMES } from '../../lib/observability/alarm-names.ts'
import * as names from '../../lib/observability/names.ts'
import { settingsFrom } from '../../lib/settings.ts'
import { METRICS_NAMESPACE } from '../../src/aws/metrics.ts'
import { COUNTERS, HISTOGRAMS } from '../../src/core/metrics.ts'
import { EVERYTHING } from './choices.ts'
import { alarmNamed, alarmsOf, expressionOf, nameOf, watchedBy } from './observed.ts'
import {
  resourcesOf,
  SYNTHESIS_MS,
  synthesize,
  type Synthesized,
  variablesOf,
  withApp,
} from './synthesized.ts'

const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:alarms'

let all: Synthesized
beforeAll(() => {
  all = synthesize(EVERYTHING)
}, SYNTHESIS_MS)

describe('the names of the metrics', () => {
  it('are those that the functions count by', () => {
    expect(names.METRICS_NAMESPACE).toBe(METRICS_NAMESPACE)
    const namesOf = (catalogue: Readonly<Record<string, { name: string }>>) =>
      Object.fromEntries(Object.entries(catalogue).map(([key, { name }]) => [key, name]))
    expect(names.COUNTERS).toEqual(namesOf(COUNTERS))
    expect(names.HISTOGRAMS).toEqual(namesOf(HISTOGRAMS))
  })

  it('have the same labels; where values are named, all of them', () => {
    const labelled = Object.entries(COUNTERS).filter(([, counter]) => 'label' in counter)
    expect(Object.keys(names.LABELS).toSorted()).toEqual(labelled.map(([key]) => key).toSorted())
    for (const [key, { name, values }] of Object.entries(names.LABELS)) {
      const { label } = COUNTERS[key as names.LabelledCounter]
      expect(name).toBe(label.name)
      if (values.length > 0) expect(values).toEqual(label.values)
    }
  })
})

/** What AWS keeps of its services, by the pages on monitoring of their developer guides. */
const OF_AWS: Readonly<Record<string, { metrics: string[]; dimension: string }>> = {
  'AWS/SQS': {
    metrics: ['ApproximateNumberOfMessagesVisible', 'ApproximateAgeOfOldestMessage'],
    dimension: 'QueueName',
  },
  'AWS/Lambda': { metrics: ['Errors', 'Invocations', 'Throttles'], dimension: 'FunctionName' },
  'AWS/DynamoDB': { metrics: ['ReadThrottleEvents', 'WriteThrottleEvents'], dimension: 'TableName' },
  'AWS/ApiGateway': { metrics: ['5xx', 'Count'], dimension: 'ApiId' },
}

/** By a metric's name: what its label may be. */
const OF_OURS = new Map<string, { name: string; values: readonly string[] } | undefined>([
  ...Object.values(COUNTERS).map(
    (counter) => [counter.name, 'label' in counter ? counter.label : undefined] as const,
  ),
  ...Object.values(HISTOGRAMS).map(({ name }) => [name, undefined] as const),
])

describe('the alarms', () => {
  it('are the ones that are named', () => {
    expect(alarmsOf(all.resources).map(nameOf).toSorted()).toEqual([...ALARM_NAMES].toSorted())
    expect(Object.keys(all.fanout.alarms).toSorted()).toEqual([...ALARM_NAMES].toSorted())
  })

  it.each(ALARM_NAMES)('%s watches what something emits, of this deployment', (name) => {
    const watched = watchedBy(alarmNamed(all.resources, name))
    expect(watched.length).toBeGreaterThan(0)
    const service = variablesOf(all, 'event')['METRICS_SERVICE']
    for (const metric of watched) {
      const ofAws = OF_AWS[metric.namespace]
      if (ofAws) {
        expect(ofAws.metrics).toContain(metric.name)
        expect(Object.keys(metric.dimensions)).toEqual([ofAws.dimension])
        expect(all.resources).toHaveProperty([referencedBy(metric.dimensions[ofAws.dimension])])
        continue
      }
      expect(metric.namespace).toBe('event-fanout')
      expect([...OF_OURS.keys()]).toContain(metric.name)
      const { service: own, ...label } = metric.dimensions
      expect(own).toBe(service)
      const known = OF_OURS.get(metric.name)
      expect(Object.keys(label)).toEqual(known ? [known.name] : [])
      if (known) expect(known.values).toContain(label[known.name])
    }
  })

  it.each(ALARM_NAMES)('%s says what is wrong, from when on, and where to read what to do', (name) => {
    const { AlarmDescription, Threshold } = alarmNamed(all.resources, name)
    expect(AlarmDescription).toMatch(new RegExp(`more than ${Threshold} `, 'i'))
    expect(AlarmDescription).toMatch(new RegExp(`What to do: docs/runbook/${name}\\.md$`))
    expect(AlarmDescription).not.toContain('{}')
  })

  it('take nothing for nothing wrong: their metrics have no data then', () => {
    for (const { TreatMissingData } of alarmsOf(all.resources)) expect(TreatMissingData).toBe('notBreaching')
  })

  it('of shares go off where everything fails, and not for a single failure', () => {
    for (const name of ['delivery-failures', 'throttled-deliveries']) {
      expect(expressionOf(alarmNamed(all.resources, name))).toBe(
        'IF(bad >= 5, 100 * bad / (bad + FILL(good, 0)), 0)',
      )
    }
    for (const name of ['http-errors', 'refused-connections']) {
      expect(expressionOf(alarmNamed(all.resources, name))).toBe('IF(bad >= 5, 100 * bad / all, 0)')
    }
  })

  it('of functions leave out the authorizer, whose errors are refused tokens', () => {
    const watched = watchedBy(alarmNamed(all.resources, 'function-errors'))
    const functions = watched.map(({ dimensions }) => referencedBy(dimensions['FunctionName']))
    expect(functions).toHaveLength(6)
    expect(functions.join()).toContain('event')
    expect(functions.join()).not.toContain('authorize')
    expect(JSON.stringify(watchedBy(alarmNamed(all.resources, 'refused-connections')))).toContain('authorize')
  })

  it('can be added up also where one of the metrics has no data', () => {
    expect(expressionOf(alarmNamed(all.resources, 'table-throttles'))).toBe(
      'FILL(m0, 0) + FILL(m1, 0) + FILL(m2, 0) + FILL(m3, 0)',
    )
  })

  it('look at as few as ten metrics each, which is CloudWatch’s most, and cost what the docs say', () => {
    const metrics = (synthesized: Synthesized) =>
      alarmsOf(synthesized.resources).map((alarm) => watchedBy(alarm).length)
    expect(Math.max(...metrics(all))).toBeLessThanOrEqual(10)
    const sum = (counts: number[]) => counts.reduce((a, b) => a + b)
    const dollars = (count: number) => `$${(count / 10).toFixed(2)}`
    const [without, withEventBridge] = [sum(metrics(synthesize())), sum(metrics(all))]
    const page = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8')
    expect(page).toContain(
      `${without} in all: ${dollars(without)} a month, ${dollars(withEventBridge)} with \`eventBridge\``,
    )
    const props = readFileSync(join(import.meta.dirname, '../../lib/props.ts'), 'utf8')
    expect(props).toContain(`${dollars(without)} for all, ${dollars(withEventBridge)} with`)
  })
})

describe('alarms of one’s own', () => {
  it('tell whoever is to be told, when they go off and when they are over', () => {
    const { resources } = synthesize((stack) => ({
      alarms: {
        actions: [new SnsAction(Topic.fromTopicArn(stack, 'Topic', TOPIC))],
        thresholds: { 'queue-age': 60 },
        runbookUrl: 'https://wiki.example/fanout',
      },
    }))
    for (const { AlarmActions, OKActions } of alarmsOf(resources)) {
      expect({ AlarmActions, OKActions }).toEqual({ AlarmActions: [TOPIC], OKActions: [TOPIC] })
    }
    expect(alarmNamed(resources, 'queue-age')).toMatchObject({
      Threshold: 60,
      AlarmDescription:
        'Events wait in the queue for more than 60 seconds: screens are behind by as much. What to do: https://wiki.example/fanout/queue-age.md',
    })
  })

  it('are none if nobody wants them', () => {
    const { resources, fanout } = synthesize({ alarms: false })
    expect(alarmsOf(resources)).toEqual([])
    expect(fanout.alarms).toEqual({})
  })

  it('are those of AWS’s metrics where the functions do not count', () => {
    const off = synthesize({ metrics: false })
    expect(alarmsOf(off.resources).map(nameOf)).toEqual([
      'dead-letters',
      'queue-age',
      'function-errors',
      'function-throttles',
      'table-throttles',
      'http-errors',
      'refused-connections',
    ])
    expect(variablesOf(off, 'publish')).not.toHaveProperty('METRICS_SERVICE')
  })

  it.each<[Readonly<Record<string, number>>, string]>([
    [{ 'queue-agee': 1 }, 'alarms.thresholds names "queue-agee"; the alarms are dead-letters, undelivered'],
    [{ 'queue-age': -1 }, 'alarms.thresholds["queue-age"] is -1; it must be a number from 0'],
    [{ 'queue-age': NaN }, 'alarms.thresholds["queue-age"] is NaN; it must be a number from 0'],
  ])('are refused with what cannot be used: %o', (thresholds, message) => {
    expect(() => settingsFrom({ alarms: { thresholds } })).toThrow(message)
  })
})

describe('a stack by its context', () => {
  const resourcesFor = (context: Readonly<Record<string, unknown>>, stackName = 'EventFanout') =>
    withApp((app) => {
      const props = readContext((name) => context[name])
      return resourcesOf(Template.fromStack(new EventFanoutStack(app, 'Test', { ...props, stackName })))
    })

  it('tells a topic', () => {
    for (const { AlarmActions } of alarmsOf(resourcesFor({ alarmTopicArn: TOPIC }))) {
      expect(AlarmActions).toEqual([TOPIC])
    }
  })

  it('goes without alarms, dashboard and metrics', () => {
    const resources = resourcesFor({ alarms: 'false', dashboard: 'false', metrics: 'false' })
    const types = Object.values(resources).map(({ Type }) => Type)
    expect(types.filter((type) => type.startsWith('AWS::CloudWatch'))).toEqual([])
    expect(JSON.stringify(resources)).not.toContain('METRICS_SERVICE')
  })

  it('counts apart from another one of the account', () => {
    const services = ['One', 'Two'].map((stackName) => {
      const text = JSON.stringify(resourcesFor({}, stackName))
      return /"METRICS_SERVICE":"([^"]+)"/.exec(text)?.[1]
    })
    expect(services[0]).toMatch(/^One-Fanout-/)
    expect(services[1]).toMatch(/^Two-Fanout-/)
  })

  it.each([
    [{ alarmTopicArn: 'alarms' }, 'alarmTopicArn is "alarms"; it must be the ARN of a standard SNS topic'],
    [{ alarmTopicArn: `${TOPIC}.fifo` }, 'CloudWatch takes no FIFO topic'],
    [{ alarmTopicArn: TOPIC, alarms: 'false' }, `alarmTopicArn is "${TOPIC}", but alarms is false`],
    [{ alarms: 'some' }, 'context value alarms is "some"; it must be one of true, false'],
  ])('refuses %o', (context, message) => {
    expect(() => resourcesFor(context)).toThrow(message)
  })
})

/** The logical id in a `Ref` or an attribute. */
function referencedBy(value: unknown): string {
  const { Ref, 'Fn::GetAtt': attribute } = value as { Ref?: string; 'Fn::GetAtt'?: [string, string] }
  return Ref ?? attribute?.[0] ?? ''
}
