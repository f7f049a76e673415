import { conditionsHold, parseConditions, type Condition, type ConditionContext } from './conditions.ts'
import { asList, type JsonObject } from '../json.ts'
import { TemplateError } from '../template-error.ts'
import { objectAt, stringAt, stringsAt } from './expected.ts'
import { matchesAction, matchesPattern } from './wildcards.ts'

/** A statement of a policy, with every intrinsic resolved. */
export interface Statement {
  /** Policy, position and Sid: what a reader needs to find it. */
  readonly where: string
  readonly effect: 'Allow' | 'Deny'
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  readonly conditions: readonly Condition[]
  /** Only in resource policies. */
  readonly principal: unknown
}

/** What IAM is asked: may this action be done on this resource. */
export interface AccessRequest {
  readonly action: string
  readonly resource: string
  readonly context: ConditionContext
}

const NOT_UNDERSTOOD = ['NotAction', 'NotResource', 'NotPrincipal']

export function parsePolicyDocument(document: unknown, where: string): Statement[] {
  return asList(objectAt(document, where)['Statement']).map((statement, i) =>
    parseStatement(objectAt(statement, where), `${where}, statement ${i + 1}`),
  )
}

function parseStatement(statement: JsonObject, place: string): Statement {
  const where = statement['Sid'] ? `${place} (${stringAt(statement['Sid'], place)})` : place
  const unknown = NOT_UNDERSTOOD.find((element) => element in statement)
  if (unknown)
    throw new TemplateError(`${where} has ${unknown}, which is not understood here: list what it does mean.`)
  return {
    where,
    effect: parseEffect(statement['Effect'], where),
    actions: stringsAt(statement['Action'], `Action of ${where}`),
    resources: stringsAt(statement['Resource'], `Resource of ${where}`),
    conditions: parseConditions(statement['Condition'], where),
    principal: statement['Principal'],
  }
}

function parseEffect(effect: unknown, where: string): Statement['effect'] {
  if (effect === 'Allow' || effect === 'Deny') return effect
  throw new TemplateError(`Effect of ${where} must be Allow or Deny, not ${JSON.stringify(effect)}`)
}

/** Whether the statement speaks of the request: action, resource and every condition fit. */
export function applies(statement: Statement, { action, resource, context }: AccessRequest): boolean {
  return (
    statement.actions.some((pattern) => matchesAction(pattern, action)) &&
    statement.resources.some((pattern) => matchesPattern(pattern, resource)) &&
    conditionsHold(statement.conditions, context)
  )
}
