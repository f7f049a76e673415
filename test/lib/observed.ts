/** The alarms and the dashboard of a template, and the metrics that they look at. */
import { ofType, type Resources } from './synthesized.ts'

export interface LookedAt {
  readonly namespace: string
  readonly name: string
  readonly dimensions: Readonly<Record<string, unknown>>
}

interface MetricStat {
  readonly Metric: {
    readonly Namespace: string
    readonly MetricName: string
    readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[]
  }
}

interface AlarmProperties extends Partial<MetricStat['Metric']> {
  readonly AlarmDescription: string
  readonly Threshold: number
  readonly TreatMissingData?: string
  readonly AlarmActions?: readonly unknown[]
  readonly OKActions?: readonly unknown[]
  readonly EvaluationPeriods: number
  readonly DatapointsToAlarm: number
  readonly Metrics?: readonly { readonly Expression?: string; readonly MetricStat?: MetricStat }[]
}

/** By their names, which the logical ids have without hyphens. */
export function alarmsOf(resources: Resources): AlarmProperties[] {
  return ofType(resources, 'AWS::CloudWatch::Alarm').map(
    ([, { Properties }]) => Properties as unknown as AlarmProperties,
  )
}

/** The name of an alarm is the one of its page. */
export function nameOf({ AlarmDescription }: AlarmProperties): string {
  return /\/([a-z-]+)\.md$/.exec(AlarmDescription)?.[1] ?? AlarmDescription
}

export function alarmNamed(resources: Resources, name: string): AlarmProperties {
  const alarm = alarmsOf(resources).find((each) => nameOf(each) === name)
  if (alarm === undefined) throw new Error(`there is no alarm ${name}`)
  return alarm
}

/** A single metric, or those of an expression. */
export function watchedBy(alarm: AlarmProperties): LookedAt[] {
  const { Namespace, MetricName, Dimensions = [] } = alarm
  if (Namespace !== undefined && MetricName !== undefined) {
    return [lookedAt({ Metric: { Namespace, MetricName, Dimensions } })]
  }
  return (alarm.Metrics ?? []).flatMap(({ MetricStat }) => (MetricStat ? [lookedAt(MetricStat)] : []))
}

export function expressionOf({ Metrics = [] }: AlarmProperties): string | undefined {
  return Metrics.find(({ Expression }) => Expression !== undefined)?.Expression
}

function lookedAt({ Metric: { Namespace, MetricName, Dimensions = [] } }: MetricStat): LookedAt {
  const dimensions = Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value]))
  return { namespace: Namespace, name: MetricName, dimensions }
}

export interface Widget {
  readonly type: string
  readonly properties: {
    readonly title?: string
    readonly alarms?: readonly string[]
    readonly metrics?: readonly (readonly unknown[])[]
  }
}

/** The widgets of the dashboard; a reference to a resource stands there as `<LogicalId>`. */
export function widgetsOf(resources: Resources): Widget[] {
  const [dashboard] = ofType(resources, 'AWS::CloudWatch::Dashboard')
  if (dashboard === undefined) return []
  const { 'Fn::Join': join } = dashboard[1].Properties['DashboardBody'] as { 'Fn::Join': [string, unknown[]] }
  const text = join[1].map((part) => (typeof part === 'string' ? part : `<${idIn(part)}>`)).join(join[0])
  return (JSON.parse(text) as { widgets: Widget[] }).widgets
}

function idIn(part: unknown): string {
  const { Ref, 'Fn::GetAtt': attribute } = part as { Ref?: string; 'Fn::GetAtt'?: [string, string] }
  return Ref ?? attribute?.[0] ?? ''
}
