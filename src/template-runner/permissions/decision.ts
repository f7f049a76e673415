import type { AwsCall } from '../aws-call.ts'
import type { ConditionContext } from './conditions.ts'
import { asList, isObject } from '../json.ts'
import { stringAt } from './expected.ts'
import { leadingKeys } from './leading-keys.ts'
import { meansRole, resourcePolicies } from './resource-policies.ts'
import type { Role } from './role-statements.ts'
import { applies, type AccessRequest, type Statement } from './statements.ts'
import { resourcesOfType, type PolicyTemplate, type Resolve } from './template.ts'

export interface Decision {
  /** Every statement of the role that allows it. */
  readonly allowedBy: readonly Statement[]
  /** Where it is refused, by the role or by the resource's own policy. A refusal outweighs everything. */
  readonly deniedBy: string | undefined
}

export interface Decider {
  /** @param call the call that asks; without one, a service does. */
  decide(role: Role, action: string, resource: string, call?: AwsCall): Decision
}

/**
 * Decides as IAM does inside one account: refused if any statement refuses, allowed if one allows, else refused.
 * Source: IAM user guide, "Policy evaluation logic". Stricter in one point: what only a resource's policy allows is
 * not allowed here, because each role is to say itself what its function may do.
 */
export function createDecider(options: {
  readonly template: PolicyTemplate
  readonly resolve: Resolve
  readonly conditionKeys?: Readonly<Record<string, string>>
}): Decider {
  const { template, resolve, conditionKeys = {} } = options
  const policies = resourcePolicies(template, resolve)
  const tables = partitionKeysByTable(template, resolve)
  return {
    decide(role, action, resource, call) {
      const keys = () =>
        call?.service === 'dynamodb' ? leadingKeys(call, partitionKeyOf(tables, resource)) : []
      const request = { action, resource, context: contextOf(role.arn, keys, conditionKeys) }
      const denials = policies
        .filter(({ on }) => on.includes(resource))
        .flatMap((policy) => policy.denials.filter((denial) => meansRole(denial, role.arn)))
      return decideByStatements(role.statements, denials, request)
    },
  }
}

function decideByStatements(
  statements: readonly Statement[],
  denials: readonly Statement[],
  request: AccessRequest,
): Decision {
  const applying = statements.filter((statement) => applies(statement, request))
  const denial =
    applying.find(({ effect }) => effect === 'Deny') ??
    denials.find((statement) => applies(statement, request))
  return { allowedBy: applying.filter(({ effect }) => effect === 'Allow'), deniedBy: denial?.where }
}

function contextOf(
  roleArn: string,
  keys: () => readonly string[],
  given: Readonly<Record<string, string>>,
): ConditionContext {
  const known: [string, () => readonly string[]][] = [
    // On AWS the SDK speaks TLS; the local engines' plain HTTP is not what is to be proved.
    ['aws:securetransport', () => ['true']],
    ['aws:principalarn', () => [roleArn]],
    ['aws:principalaccount', () => [roleArn.split(':')[4] ?? '']],
    ['dynamodb:leadingkeys', keys],
  ]
  const more = Object.entries(given).map(([key, value]): [string, () => string[]] => [
    key.toLowerCase(),
    () => [value],
  ])
  return new Map([...known, ...more])
}

function partitionKeyOf(tables: ReadonlyMap<string, string>, resource: string): string {
  const key = tables.get(resource)
  if (key !== undefined) return key
  throw new Error(`dynamodb:LeadingKeys of ${resource} cannot be told: it is no table of the template.`)
}

function partitionKeysByTable(template: PolicyTemplate, resolve: Resolve): ReadonlyMap<string, string> {
  const tables = resourcesOfType(template, 'AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable')
  return new Map(
    tables.map(({ id, properties }) => {
      const hash = asList(resolve(properties['KeySchema'])).find(
        (key) => isObject(key) && key['KeyType'] === 'HASH',
      )
      const name: unknown = isObject(hash) ? hash['AttributeName'] : undefined
      const arn = stringAt(resolve({ 'Fn::GetAtt': [id, 'Arn'] }), `Arn of ${id}`)
      return [arn, stringAt(name, `Partition key of ${id}`)]
    }),
  )
}
