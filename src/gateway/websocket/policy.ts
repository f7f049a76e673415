/** The part of IAM's policy evaluation that a REQUEST authorizer's answer needs. */

export interface Statement {
  effect: 'Allow' | 'Deny'
  actions: readonly string[]
  resources: readonly string[]
}

const invoke = 'execute-api:invoke'

/** An explicit deny wins; what no statement allows is denied. */
export function isAllowed(statements: readonly Statement[], resource: string): boolean {
  const applying = statements.filter((statement) => applies(statement, resource))
  return applying.length > 0 && applying.every((statement) => statement.effect === 'Allow')
}

function applies(statement: Statement, resource: string): boolean {
  return (
    statement.actions.some((action) => matchesWildcard(action.toLowerCase(), invoke)) &&
    statement.resources.some((pattern) => matchesWildcard(pattern, resource))
  )
}

/** The statements of a policy document; undefined when it is malformed or uses what is not emulated. */
export function readPolicy(document: unknown): Statement[] | undefined {
  if (!isRecord(document)) return undefined
  const list = asList(document['Statement']).map(readStatement)
  return list.length > 0 && list.every((statement) => statement !== undefined) ? list : undefined
}

function readStatement(statement: unknown): Statement | undefined {
  if (!isRecord(statement)) return undefined
  // Half an evaluation could let someone in: a condition, or a negated element, is refused as a whole.
  if ('Condition' in statement || 'NotAction' in statement || 'NotResource' in statement) return undefined
  const effect = statement['Effect']
  const actions = asList(statement['Action'])
  const resources = asList(statement['Resource'])
  if (effect !== 'Allow' && effect !== 'Deny') return undefined
  if (!isTexts(actions) || !isTexts(resources)) return undefined
  return { effect, actions, resources }
}

/** `*` stands for any text, `/` and `:` included; `?` for one character. Linear but for the last `*`: no regex to blow up. */
export function matchesWildcard(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let star = -1
  let resume = 0
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p
      resume = t
      p += 1
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1
      t += 1
    } else if (star >= 0) {
      resume += 1
      t = resume
      p = star + 1
    } else {
      return false
    }
  }
  while (pattern[p] === '*') p += 1
  return p === pattern.length
}

function asList(value: unknown): unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

function isTexts(values: unknown[]): values is string[] {
  return values.length > 0 && values.every((value) => typeof value === 'string')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
