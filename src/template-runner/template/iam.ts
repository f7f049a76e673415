import { matchesWildcard } from '../../gateway/websocket/policy.ts'
import { type JsonObject, asList, isObject } from '../json.ts'
import { TemplateError } from '../template-error.ts'
import type { Stack } from './stack.ts'

/** What somebody wants to do. */
export interface Access {
  readonly action: string
  readonly resource: string
  /** Of resource policies: the service that calls, such as `events.amazonaws.com`. */
  readonly service?: string
  /** On whose account, where a service calls. */
  readonly sourceArn?: string
}

/** What AWS's own policies allow, as far as services need it that act for a function. Source: IAM's managed policy reference. */
const awsManagedPolicies: Readonly<Record<string, readonly string[]>> = {
  AWSLambdaBasicExecutionRole: ['logs:*'],
  AWSLambdaSQSQueueExecutionRole: [
    'sqs:ReceiveMessage',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'logs:*',
  ],
  AWSXRayDaemonWriteAccess: ['xray:*'],
  CloudWatchLambdaInsightsExecutionRolePolicy: ['logs:*'],
}

/** An explicit deny wins; what no statement allows is denied. */
export function allows(statements: readonly JsonObject[], access: Access): boolean {
  const applying = statements.filter((statement) => applies(statement, access))
  return applying.length > 0 && applying.every(({ Effect: effect }) => effect === 'Allow')
}

/** All statements of the policies of a role. */
export function roleStatements(stack: Stack, roleArn: string): readonly JsonObject[] {
  const role = stack.named('AWS::IAM::Role', roleArn)
  if (!role) throw new TemplateError(`role ${roleArn} is not in the template`)
  const inline = asList(role.properties['Policies']).filter(isObject)
  const roleName = stack.ref(role.id)
  const attached = stack
    .ofType('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy')
    .filter(
      ({ id, properties }) =>
        asList(properties['Roles']).includes(roleName) ||
        asList(role.properties['ManagedPolicyArns']).includes(stack.ref(id)),
    )
  const documents = [...inline, ...attached.map(({ properties }) => properties)]
  return [
    ...documents.flatMap(({ PolicyDocument: document }) => statementsOf(document)),
    ...asList(role.properties['ManagedPolicyArns']).flatMap((arn) => awsManaged(stack, String(arn))),
  ]
}

/** All statements about who may use a queue. */
export function queueStatements(stack: Stack, queueUrl: string): readonly JsonObject[] {
  return stack
    .ofType('AWS::SQS::QueuePolicy')
    .filter(({ properties }) => asList(properties['Queues']).includes(queueUrl))
    .flatMap(({ properties }) => statementsOf(properties['PolicyDocument']))
}

/** Each part between colons by itself: a wildcard does not reach into the next one, but for the last. */
export function matchesArn(pattern: string, arn: string): boolean {
  if (pattern === '*') return true
  const patterns = splitArn(pattern)
  const parts = splitArn(arn)
  return (
    patterns.length === parts.length &&
    patterns.every((one, index) => matchesWildcard(one, parts[index] ?? ''))
  )
}

function splitArn(arn: string): string[] {
  const parts = arn.split(':')
  return [...parts.slice(0, 5), parts.slice(5).join(':')]
}

function statementsOf(document: unknown): readonly JsonObject[] {
  return isObject(document) ? asList(document['Statement']).filter(isObject) : []
}

function awsManaged(stack: Stack, arn: string): readonly JsonObject[] {
  const [, name] = /^arn:aws:iam::aws:policy\/(?:service-role\/)?(.+)$/.exec(arn) ?? []
  if (name === undefined) return []
  const actions = Object.hasOwn(awsManagedPolicies, name) ? awsManagedPolicies[name] : undefined
  if (!actions) stack.warn(`what the policy ${arn} allows is not known here; it is taken to allow nothing`)
  return actions ? [{ Effect: 'Allow', Action: actions, Resource: '*' }] : []
}

function applies(statement: JsonObject, access: Access): boolean {
  for (const negated of ['NotAction', 'NotResource', 'NotPrincipal']) {
    if (negated in statement) throw new TemplateError(`${negated} in a policy is not understood`)
  }
  const actions = asList(statement['Action']).map(String)
  const resources = asList(statement['Resource']).map(String)
  return (
    actions.some((action) => matchesWildcard(action.toLowerCase(), access.action.toLowerCase())) &&
    resources.some((resource) => matchesArn(resource, access.resource)) &&
    isPrincipal(statement['Principal'], access) &&
    meetsConditions(statement['Condition'], access)
  )
}

function isPrincipal(principal: unknown, { service }: Access): boolean {
  if (principal === undefined || principal === '*') return true
  if (!isObject(principal)) return false
  if (asList(principal['AWS']).includes('*')) return true
  return service !== undefined && asList(principal['Service']).includes(service)
}

function meetsConditions(condition: unknown, access: Access): boolean {
  if (!isObject(condition)) return true
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(isObject(keys) ? keys : {}).every(([key, values]) =>
      meets(operator, key, asList(values).map(String), access),
    ),
  )
}

function meets(operator: string, key: string, values: readonly string[], { sourceArn }: Access): boolean {
  // All of AWS's own calls are encrypted.
  if (operator === 'Bool' && key === 'aws:SecureTransport') return values.includes('true')
  if (/^(ArnEquals|ArnLike|StringEquals)$/.test(operator) && key === 'aws:SourceArn') {
    return sourceArn !== undefined && values.some((value) => matchesArn(value, sourceArn))
  }
  if (operator === 'StringEquals' && key === 'aws:SourceAccount') {
    return sourceArn !== undefined && values.includes(sourceArn.split(':')[4] ?? '')
  }
  throw new TemplateError(`the condition ${operator} on ${key} in a policy is not understood`)
}
