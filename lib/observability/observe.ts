import type { Alarm, Dashboard } from 'aws-cdk-lib/aws-cloudwatch'
import type { Construct } from 'constructs'
import type { Functions } from '../functions.ts'
import type { Settings } from '../settings.ts'
import type { AlarmName } from './alarm-names.ts'
import { Alarms } from './alarms.ts'
import { createDashboard } from './dashboard.ts'
import { FanoutMetrics, type Watched } from './fanout-metrics.ts'

export interface Observed {
  readonly alarms: Readonly<Partial<Record<AlarmName, Alarm>>>
  readonly dashboard: Dashboard | undefined
}

/** Lets the functions count, and somebody see it. */
export function observe(
  scope: Construct,
  { metrics: counts, alarms, dashboard }: Settings,
  watched: Omit<Watched, 'counts'>,
): Observed {
  if (counts) letCount(watched.functions, watched.service)
  const metrics = new FanoutMetrics({ ...watched, counts })
  const byName = alarms === false ? {} : new Alarms(scope, 'Alarms', metrics, alarms).byName
  return {
    alarms: byName,
    dashboard: dashboard ? createDashboard(scope, 'Dashboard', metrics, Object.values(byName)) : undefined,
  }
}

function letCount(functions: Functions, service: string): void {
  for (const [name, each] of Object.entries(functions)) {
    // It counts nothing.
    if (name !== 'health') each.addEnvironment('METRICS_SERVICE', service)
  }
}
