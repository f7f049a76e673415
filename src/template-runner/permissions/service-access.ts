import { asList, isObject } from '../json.ts'
import { TemplateError } from '../template-error.ts'
import type { Stack } from '../template/stack.ts'
import type { ConditionContext } from './conditions.ts'
import { policiesOf } from './of-assembly.ts'
import { statementsOfRole } from './role-statements.ts'
import { applies, parsePolicyDocument, type Statement } from './statements.ts'

/**
 * What a service wants to do, for a function or on its own account. The runner asks before it does so in the service's
 * place; what functions do themselves is judged afterwards, by the proof.
 */
export interface ServiceAccess {
  readonly action: string
  readonly resource: string
  /** Of resource policies: the service that calls, such as `events.amazonaws.com`. */
  readonly service?: string
  /** On whose account, where a service calls. */
  readonly sourceArn?: string
}

/** An explicit deny wins; what no statement allows is denied. */
export function allows(statements: readonly Statement[], access: ServiceAccess): boolean {
  const request = { action: access.action, resource: access.resource, context: contextOf(access) }
  const applying = statements.filter(
    (statement) => isPrincipal(statement, access) && applies(statement, request),
  )
  return applying.length > 0 && applying.every(({ effect }) => effect === 'Allow')
}

/** All statements of the policies of a role. */
export function roleStatements(stack: Stack, roleArn: string): readonly Statement[] {
  const role = stack.named('AWS::IAM::Role', roleArn)
  if (!role) throw new TemplateError(`role ${roleArn} is not in the template`)
  const { template, resolve } = policiesOf(stack.assembly)
  return statementsOfRole(template, resolve, role.id)
}

/** All statements about who may use a queue. */
export function queueStatements(stack: Stack, queueUrl: string): readonly Statement[] {
  return stack
    .ofType('AWS::SQS::QueuePolicy')
    .filter(({ properties }) => asList(properties['Queues']).includes(queueUrl))
    .flatMap(({ id, properties }) => parsePolicyDocument(properties['PolicyDocument'], id))
}

/** A role's policies name no principal: they are about whoever has the role. */
function isPrincipal({ principal }: Statement, { service }: ServiceAccess): boolean {
  if (principal === undefined || principal === '*') return true
  if (!isObject(principal)) return false
  if (asList(principal['AWS']).includes('*')) return true
  return service !== undefined && asList(principal['Service']).includes(service)
}

function contextOf({ sourceArn }: ServiceAccess): ConditionContext {
  const source = sourceArn === undefined ? [] : [sourceArn]
  return new Map([
    // All of AWS's own calls are encrypted.
    ['aws:securetransport', () => ['true']],
    ['aws:sourcearn', () => source],
    ['aws:sourceaccount', () => source.map((arn) => arn.split(':')[4] ?? '')],
  ])
}
