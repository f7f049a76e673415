import { Duration } from 'aws-cdk-lib'
import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import type { FunctionName } from '../function-settings.ts'
import type { Functions } from '../functions.ts'
import {
  type Counter,
  COUNTERS,
  type Histogram,
  HISTOGRAMS,
  LABELS,
  type LabelledCounter,
  METRICS_NAMESPACE,
  SERVICE_DIMENSION,
} from './names.ts'

/** What there is to look at. */
export interface Watched {
  /** What the deployment is called in its own metrics. */
  readonly service: string
  /** Whether the functions count. */
  readonly counts: boolean
  readonly functions: Functions
  readonly queue: Queue
  readonly deadLetters: Queue
  readonly undelivered: Queue | undefined
  readonly tables: readonly Table[]
  readonly httpApiId: string
  readonly webSocketApiId: string
}

export const PERIOD = Duration.minutes(5)

/** The metrics of one deployment: those that its functions count, and those that AWS keeps of its parts. */
export class FanoutMetrics {
  readonly #watched: Watched

  constructor(watched: Watched) {
    this.#watched = watched
  }

  get counts(): boolean {
    return this.#watched.counts
  }

  /** How often, in all. */
  count(counter: Exclude<Counter, LabelledCounter>, label?: string, period = PERIOD): Metric {
    return this.#own(COUNTERS[counter], {}, Stats.SUM, period).with({ ...(label && { label }) })
  }

  /** How often with one value of the counter's label. */
  countOf(counter: LabelledCounter, value: string, period = PERIOD): Metric {
    const dimension = { [LABELS[counter].name]: value }
    return this.#own(COUNTERS[counter], dimension, Stats.SUM, period).with({ label: value })
  }

  /** All values of the counter's label that there are, a line each. For a dashboard: alarms take no search. */
  everyCountOf(counter: LabelledCounter): MathExpression {
    const { name } = LABELS[counter]
    const { service } = this.#watched
    const schema = `{"${METRICS_NAMESPACE}",${SERVICE_DIMENSION},${name}}`
    const query = `${schema} MetricName="${COUNTERS[counter]}" ${SERVICE_DIMENSION}="${service}"`
    return new MathExpression({
      expression: `SEARCH('${query}', 'Sum', ${PERIOD.toSeconds()})`,
      label: '',
      usingMetrics: {},
      period: PERIOD,
    })
  }

  /** @param percent such as 99 */
  percentile(histogram: Histogram, percent: number): Metric {
    const metric = this.#own(HISTOGRAMS[histogram], {}, Stats.percentile(percent), PERIOD)
    return metric.with({ label: `p${percent}` })
  }

  queueAge(): Metric {
    return this.#watched.queue.metricApproximateAgeOfOldestMessage({
      statistic: Stats.MAXIMUM,
      period: PERIOD,
    })
  }

  queueDepth(): Metric {
    return waitingIn(this.#watched.queue).with({ label: 'waiting' })
  }

  deadLetters(): Metric {
    return waitingIn(this.#watched.deadLetters).with({ label: 'dead letters' })
  }

  /** Nothing without EventBridge. */
  undelivered(): Metric | undefined {
    const { undelivered } = this.#watched
    return undelivered && waitingIn(undelivered).with({ label: 'undelivered' })
  }

  errorsOf(name: FunctionName): Metric {
    return this.#watched.functions[name].metricErrors({ period: PERIOD, label: name })
  }

  invocationsOf(name: FunctionName): Metric {
    return this.#watched.functions[name].metricInvocations({ period: PERIOD, label: name })
  }

  throttlesOf(name: FunctionName): Metric {
    return this.#watched.functions[name].metricThrottles({ period: PERIOD, label: name })
  }

  durationOf(name: FunctionName): Metric {
    const statistic = Stats.percentile(95)
    return this.#watched.functions[name].metricDuration({ period: PERIOD, statistic, label: name })
  }

  /** Requests to the tables that DynamoDB put off: a metric for reads and one for writes of each. */
  tableThrottles(): Metric[] {
    return this.#watched.tables.flatMap((table) =>
      ['ReadThrottleEvents', 'WriteThrottleEvents'].map((name) =>
        table.metric(name, { statistic: Stats.SUM, period: PERIOD, label: `${table.node.id} ${name}` }),
      ),
    )
  }

  http(metricName: 'Count' | '4xx' | '5xx'): Metric {
    return this.#api(metricName, this.#watched.httpApiId)
  }

  webSocket(
    metricName: 'ConnectCount' | 'MessageCount' | 'ClientError' | 'ExecutionError' | 'IntegrationError',
  ): Metric {
    return this.#api(metricName, this.#watched.webSocketApiId)
  }

  #api(metricName: string, ApiId: string): Metric {
    const namespace = 'AWS/ApiGateway'
    return new Metric({
      namespace,
      metricName,
      dimensionsMap: { ApiId },
      statistic: Stats.SUM,
      period: PERIOD,
      label: metricName,
    })
  }

  #own(metricName: string, dimensions: Record<string, string>, statistic: string, period: Duration): Metric {
    const { service } = this.#watched
    return new Metric({
      namespace: METRICS_NAMESPACE,
      metricName,
      dimensionsMap: { [SERVICE_DIMENSION]: service, ...dimensions },
      statistic,
      period,
    })
  }
}

function waitingIn(queue: Queue): Metric {
  return queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, period: PERIOD })
}

/** Of metrics of which one may have no data, which would leave the whole sum without any. */
export function sumOf(metrics: readonly Metric[], label: string): IMetric {
  const named = Object.fromEntries(metrics.map((metric, i) => [`m${i}`, metric]))
  const expression = Object.keys(named)
    .map((name) => `FILL(${name}, 0)`)
    .join(' + ')
  return new MathExpression({ expression, label, usingMetrics: named, period: PERIOD })
}

/**
 * The share of failures in percent; 0 as long as there are fewer than `atLeast`, of which a share says nothing. Where everything
 * fails there is no success at all: without FILL the expression would have no data, and the alarm would stay silent.
 */
export function shareOf(failures: Metric, successes: Metric, atLeast: number, label: string): IMetric {
  return new MathExpression({
    expression: `IF(bad >= ${atLeast}, 100 * bad / (bad + FILL(good, 0)), 0)`,
    label,
    usingMetrics: { bad: failures, good: successes },
    period: PERIOD,
  })
}

/** As {@link shareOf}, of failures that are counted among all. */
export function shareAmong(failures: Metric, all: Metric, atLeast: number, label: string): IMetric {
  return new MathExpression({
    expression: `IF(bad >= ${atLeast}, 100 * bad / all, 0)`,
    label,
    usingMetrics: { bad: failures, all },
    period: PERIOD,
  })
}
