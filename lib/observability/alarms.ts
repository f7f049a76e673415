import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { Construct } from 'constructs'
import type { AlarmOptions } from '../props.ts'
import { ALARMS } from './alarm-definitions.ts'
import { ALARM_NAMES, type AlarmName } from './alarm-names.ts'
import type { FanoutMetrics } from './fanout-metrics.ts'

/** CloudWatch's periods that an alarm looks back over. */
const LOOKS_BACK = 3

/** Where the runbook lies in the package and in the repository. */
const RUNBOOK = 'docs/runbook'

/** An alarm for each thing that can go wrong and that somebody has to do something about. */
export class Alarms extends Construct {
  readonly byName: Readonly<Partial<Record<AlarmName, Alarm>>>

  constructor(scope: Construct, id: string, metrics: FanoutMetrics, options: AlarmOptions) {
    super(scope, id)
    const made = ALARM_NAMES.map((name) => [name, this.#create(name, metrics, options)] as const)
    this.byName = Object.fromEntries(made.filter(([, alarm]) => alarm !== undefined))
  }

  #create(
    name: AlarmName,
    metrics: FanoutMetrics,
    { thresholds = {}, actions = [], runbookUrl = RUNBOOK }: AlarmOptions,
  ): Alarm | undefined {
    const { what, watches, periods, ...defaults } = ALARMS[name]
    const metric = watches(metrics)
    if (metric === undefined) return undefined
    const threshold = thresholds[name] ?? defaults.threshold
    const alarm = new Alarm(this, name, {
      metric,
      alarmDescription: `${what.replace('{}', String(threshold))}. What to do: ${runbookUrl}/${name}.md`,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      // Of several, as metrics from logs come late, and a period may be evaluated before it is whole (CloudWatch user
      // guide, page CloudWatch_Embedded_Metric_Format_Alarms).
      evaluationPeriods: periods === 1 ? 1 : LOOKS_BACK,
      datapointsToAlarm: periods,
      // All of these metrics have no data where nothing happened: no failures, no requests, an empty queue.
      treatMissingData: TreatMissingData.NOT_BREACHING,
      // For percentiles: the 99th of three pushes is the slowest one, which says nothing.
      ...(name === 'push-latency' && { evaluateLowSampleCountPercentile: 'ignore' }),
    })
    alarm.addAlarmAction(...actions)
    alarm.addOkAction(...actions)
    return alarm
  }
}
