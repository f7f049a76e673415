import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  type IWidget,
  MathExpression,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { Construct } from 'constructs'
import { FUNCTION_NAMES } from '../function-settings.ts'
import { type FanoutMetrics, PERIOD } from './fanout-metrics.ts'
import { type Histogram, LABELS } from './names.ts'

/** Of 24 columns. */
const THIRD = 8

/** What one looks at when an alarm went off, or when somebody says that their screen did not update. From the event to the screen. */
export function createDashboard(
  scope: Construct,
  id: string,
  metrics: FanoutMetrics,
  alarms: readonly IAlarm[],
): Dashboard {
  const own = metrics.counts ? [publishing(metrics), receiving(metrics), clients(metrics)] : []
  const status =
    alarms.length > 0 ? [[new AlarmStatusWidget({ alarms: [...alarms], title: 'Alarms', width: 24 })]] : []
  return new Dashboard(scope, id, {
    widgets: [...status, ...own, queues(metrics), functions(metrics), services(metrics)],
  })
}

function publishing(metrics: FanoutMetrics): IWidget[] {
  return [
    stacked(
      'Events published, by result',
      LABELS.published.values.map((value) => metrics.countOf('published', value)),
    ),
    stacked(
      'Pushes, by outcome',
      LABELS.deliveries.values.map((value) => metrics.countOf('deliveries', value)),
    ),
    lines('Publish to push, seconds', percentilesOf(metrics, 'publishToPush')),
  ]
}

function receiving(metrics: FanoutMetrics): IWidget[] {
  const resumed = { events: metrics.count('resumedEvents'), resumes: metrics.count('resumes') }
  const each = new MathExpression({
    expression: 'events / resumes',
    label: 'events each',
    usingMetrics: resumed,
    period: PERIOD,
  })
  return [
    lines(
      'Publish to applied, seconds (the newest event of a log)',
      percentilesOf(metrics, 'publishToApplied'),
    ),
    lines('Connections', [
      metrics.count('connectionsOpened', 'opened'),
      metrics.count('connectionsClosed', 'closed'),
    ]),
    lines('Resumes, and what they brought', [metrics.count('resumes', 'resumes')], [each]),
  ]
}

function clients(metrics: FanoutMetrics): IWidget[] {
  return [
    lines('Silent losses repaired, failed handlers', [
      metrics.count('repairs', 'repaired'),
      metrics.count('handlerFailures', 'failed handlers'),
    ]),
    lines('Polls', [metrics.count('polls', 'polls'), metrics.count('polledEvents', 'events')]),
    stacked('Tokens refused, by reason', [metrics.everyCountOf('tokensRefused')]),
  ]
}

function queues(metrics: FanoutMetrics): IWidget[] {
  const undelivered = metrics.undelivered()
  const waits = metrics.counts ? percentilesOf(metrics, 'queueWait') : []
  return [
    lines(
      'Queue: the oldest message, seconds; how many wait',
      [metrics.queueAge(), ...waits],
      [metrics.queueDepth()],
    ),
    lines('Dead letters waiting', [metrics.deadLetters(), ...(undelivered ? [undelivered] : [])]),
    ...(metrics.counts
      ? [stacked('Dead letters put away, by code', [metrics.everyCountOf('deadLetters')])]
      : []),
  ]
}

function functions(metrics: FanoutMetrics): IWidget[] {
  const of = (metric: (name: (typeof FUNCTION_NAMES)[number]) => IMetric) => FUNCTION_NAMES.map(metric)
  return [
    lines(
      'Function errors (authorize: refused tokens as well)',
      of((name) => metrics.errorsOf(name)),
    ),
    lines(
      'Function duration, p95, milliseconds',
      of((name) => metrics.durationOf(name)),
    ),
    lines(
      'Function throttles',
      of((name) => metrics.throttlesOf(name)),
    ),
  ]
}

function services(metrics: FanoutMetrics): IWidget[] {
  return [
    lines('HTTP API', [metrics.http('4xx'), metrics.http('5xx')], [metrics.http('Count')]),
    lines(
      'WebSocket API',
      (['ClientError', 'ExecutionError', 'IntegrationError'] as const).map((name) => metrics.webSocket(name)),
      (['ConnectCount', 'MessageCount'] as const).map((name) => metrics.webSocket(name)),
    ),
    lines('DynamoDB throttles', metrics.tableThrottles()),
  ]
}

function percentilesOf(metrics: FanoutMetrics, histogram: Histogram): IMetric[] {
  return [50, 95, 99].map((percent) => metrics.percentile(histogram, percent))
}

function lines(title: string, left: IMetric[], right: IMetric[] = []): IWidget {
  return new GraphWidget({ title, left, right, width: THIRD, leftYAxis: { min: 0 }, rightYAxis: { min: 0 } })
}

function stacked(title: string, left: IMetric[]): IWidget {
  return new GraphWidget({ title, left, width: THIRD, stacked: true, leftYAxis: { min: 0 } })
}
