import { textOf } from './files.ts'
import { documentsOf, under } from './manifest.ts'

export interface Alert {
  readonly alert: string
  readonly expr: string
  readonly summary: string
  readonly runbook: string
}

/** The alerts of deploy/prometheus/alerts.yml, in their order. */
export function alerts(): Alert[] {
  const [document = new Map<string, string>()] = documentsOf(textOf('deploy/prometheus/alerts.yml'))
  const rules: Alert[] = []
  for (let i = 0; document.has(`groups.0.rules.${i}.alert`); i++) {
    const rule = under(document, `groups.0.rules.${i}`)
    const get = (name: string): string => {
      const value = rule[name]
      if (value === undefined) throw new Error(`alert ${i} has no ${name}`)
      return value
    }
    rules.push({
      alert: get('alert'),
      expr: get('expr'),
      summary: get('annotations.summary'),
      runbook: get('annotations.runbook'),
    })
  }
  return rules
}
