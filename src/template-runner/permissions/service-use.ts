import type { AwsCall } from '../aws-call.ts'
import { asList, isObject } from '../json.ts'
import { neededAccess } from './access-requests.ts'
import { stringAt } from './expected.ts'
import {
  logicalIdOf,
  resourcesOfType,
  type NamedResource,
  type PolicyTemplate,
  type Resolve,
} from './template.ts'

/**
 * What an AWS service must be able to do with a function's role, for AWS says so: no call of the function shows it. What
 * a service merely may do is not here: such a right is unused unless the function itself makes the call.
 */
export interface ServiceUse {
  readonly function: string
  readonly action: string
  readonly resource: string
  readonly reason: string
  /** Where AWS says so. */
  readonly source: string
}

type Facts = Pick<ServiceUse, 'reason' | 'source'> & { readonly actions: readonly string[] }

/** Not ChangeMessageVisibility, which CDK's `grantConsumeMessages` adds. */
export const POLLER_ACTIONS = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'] as const

/** The table of facts; nothing else is taken to be used by a service. */
const POLLER: Facts = {
  actions: POLLER_ACTIONS,
  reason: 'the queue poller of its event source mapping',
  source: 'Lambda developer guide, services-sqs-configure; managed policy AWSLambdaSQSQueueExecutionRole',
}
const LOG_STREAM: Facts = {
  actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  reason: 'Lambda writes what the function prints',
  source: 'Lambda developer guide, monitoring-cloudwatchlogs; managed policy AWSLambdaBasicExecutionRole',
}
const LOG_GROUP: Facts = {
  actions: ['logs:CreateLogGroup'],
  reason: 'Lambda creates the log group, for the template has none for this function',
  source: 'Lambda developer guide, monitoring-cloudwatchlogs',
}
const TRACES: Facts = {
  actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
  reason: 'active tracing is on',
  source: 'Lambda developer guide, services-xray',
}
const ASYNCHRONOUS_TARGET: Facts = {
  actions: ['sqs:SendMessage'],
  reason: 'Lambda puts asynchronous invocations there',
  source: 'Lambda developer guide, invocation-async-retain-records',
}

const SECRET_KEY: Facts = {
  actions: ['kms:Decrypt'],
  reason: 'Secrets Manager decrypts the secret with the rights of whoever reads it',
  source: 'Secrets Manager user guide, security-encryption',
}

/** Properties that make a service use the role in ways that the table does not have yet. */
const NOT_IN_THE_TABLE = ['VpcConfig', 'FileSystemConfigs', 'KmsKeyArn']

export function serviceUse(
  template: PolicyTemplate,
  resolve: Resolve,
  functions: readonly string[],
): ServiceUse[] {
  return resourcesOfType(template, 'AWS::Lambda::Function')
    .filter(({ id }) => functions.includes(id))
    .flatMap((lambda) => {
      refuseUnknown(lambda)
      return [
        ...pollerUse(template, resolve, lambda.id),
        ...logUse(template, resolve, lambda),
        ...traceUse(lambda),
        ...deadLetterUse(template, resolve, lambda),
      ]
    })
}

/**
 * The keys that functions need because they read a secret under one.
 *
 * @param keys the customer managed key of each secret that has one, by the secret's ARN: a template names a secret alone
 */
export function secretKeyUse(
  keys: Readonly<Record<string, string>>,
  calls: readonly AwsCall[],
): readonly ServiceUse[] {
  const uses = calls
    .filter(({ operation }) => operation === 'GetSecretValue')
    .flatMap((call) =>
      neededAccess(call).flatMap(({ resource }) => {
        const key = keys[resource]
        return key === undefined ? [] : use(call.caller, key, SECRET_KEY)
      }),
    )
  return [...new Map(uses.map((one) => [`${one.function} ${one.resource}`, one])).values()]
}

function refuseUnknown({ id, properties }: NamedResource): void {
  const property = NOT_IN_THE_TABLE.find((name) => properties[name] !== undefined)
  if (property !== undefined)
    throw new Error(`${id} has ${property}: add what AWS does with the role for it to service-use.ts.`)
}

function use(id: string, resource: string, ...facts: readonly Facts[]): ServiceUse[] {
  return facts.flatMap(({ actions, ...fact }) =>
    actions.map((action) => ({ function: id, action, resource, ...fact })),
  )
}

function pollerUse(template: PolicyTemplate, resolve: Resolve, id: string): ServiceUse[] {
  return resourcesOfType(template, 'AWS::Lambda::EventSourceMapping')
    .filter(({ properties }) => logicalIdOf(properties['FunctionName']) === id)
    .flatMap((mapping) => {
      const queue = stringAt(resolve(mapping.properties['EventSourceArn']), `EventSourceArn of ${mapping.id}`)
      if (queue.split(':')[2] !== 'sqs')
        throw new Error(`${mapping.id} polls ${queue}: only the poller of SQS queues is in service-use.ts.`)
      return use(id, queue, POLLER)
    })
}

function logUse(template: PolicyTemplate, resolve: Resolve, { id, properties }: NamedResource): ServiceUse[] {
  const configured = isObject(properties['LoggingConfig'])
    ? properties['LoggingConfig']['LogGroup']
    : undefined
  // Lambda's own choice when nothing is configured.
  const byDefault = { 'Fn::Join': ['', ['/aws/lambda/', { Ref: id }]] }
  const name = stringAt(resolve(configured ?? byDefault), `Log group of ${id}`)
  const exists = resourcesOfType(template, 'AWS::Logs::LogGroup').some(
    (group) => logicalIdOf(configured) === group.id || resolve(group.properties['LogGroupName']) === name,
  )
  const group = `arn:${pseudo(resolve, 'Partition')}:logs:${pseudo(resolve, 'Region')}:${pseudo(resolve, 'AccountId')}:log-group:${name}`
  // Log group ARNs in policies end in `:*`; which stream it will be, Lambda decides.
  return use(id, `${group}:log-stream:*`, ...(exists ? [LOG_STREAM] : [LOG_GROUP, LOG_STREAM]))
}

function pseudo(resolve: Resolve, name: string): string {
  return stringAt(resolve({ Ref: `AWS::${name}` }), `AWS::${name}`)
}

function traceUse({ id, properties: { TracingConfig } }: NamedResource): ServiceUse[] {
  return isObject(TracingConfig) && TracingConfig['Mode'] === 'Active' ? use(id, '*', TRACES) : []
}

/** Dead-letter queues and destinations of asynchronous invocations. */
function deadLetterUse(template: PolicyTemplate, resolve: Resolve, lambda: NamedResource): ServiceUse[] {
  const destinations = resourcesOfType(template, 'AWS::Lambda::EventInvokeConfig')
    .filter(({ properties }) => logicalIdOf(properties['FunctionName']) === lambda.id)
    .flatMap(({ properties: { DestinationConfig } }) =>
      isObject(DestinationConfig) ? Object.values(DestinationConfig) : [],
    )
  return [lambda.properties['DeadLetterConfig'], ...destinations]
    .filter(isObject)
    .flatMap(({ TargetArn, Destination }) => asList(resolve(TargetArn ?? Destination)))
    .flatMap((arn) => {
      const queue = stringAt(arn, `A dead-letter target of ${lambda.id}`)
      if (queue.split(':')[2] !== 'sqs')
        throw new Error(
          `${lambda.id} sends failed invocations to ${queue}: only queues are in service-use.ts.`,
        )
      return use(lambda.id, queue, ASYNCHRONOUS_TARGET)
    })
}
