import type { AwsCall } from '../../../src/template-runner/aws-call.ts'
import { provePermissions, type ProofOptions } from '../../../src/template-runner/permissions/proof.ts'
import type { PolicyTemplate, Resolve } from '../../../src/template-runner/permissions/template.ts'

type Resources = Record<string, { readonly Type: string; readonly Properties?: unknown }>

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Region': 'us-east-1',
  'AWS::AccountId': '123456789012',
  'AWS::Partition': 'aws',
}

export const TABLE = 'arn:aws:dynamodb:us-east-1:123456789012:table/Log'
export const OTHER_TABLE = 'arn:aws:dynamodb:us-east-1:123456789012:table/Other'
export const QUEUE = 'arn:aws:sqs:us-east-1:123456789012:Queue'
export const POSTS = 'arn:aws:execute-api:us-east-1:123456789012:Api/prod/POST/@connections'
export const LOG_STREAMS = 'arn:aws:logs:us-east-1:123456789012:log-group:HandlerLogs'

const ARNS: Readonly<Record<string, (id: string) => string>> = {
  'AWS::DynamoDB::Table': (id) => `arn:aws:dynamodb:us-east-1:123456789012:table/${id}`,
  'AWS::SQS::Queue': (id) => `arn:aws:sqs:us-east-1:123456789012:${id}`,
  'AWS::IAM::Role': (id) => `arn:aws:iam::123456789012:role/${id}`,
  'AWS::Logs::LogGroup': (id) => `arn:aws:logs:us-east-1:123456789012:log-group:${id}:*`,
}

/** Enough of CloudFormation's intrinsics for the snippets below. */
export function resolverOf(template: PolicyTemplate): Resolve {
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve).filter((item) => item !== undefined)
    if (typeof value !== 'object' || value === null) return value
    const [[name, argument] = ['', undefined]] = Object.entries(value) as [string, unknown][]
    if (name === 'Ref') return argument === 'AWS::NoValue' ? undefined : refOf(String(argument))
    if (name === 'Fn::GetAtt') return arnOf((argument as string[])[0]!)
    if (name === 'Fn::Join')
      return (resolve((argument as unknown[])[1]) as string[]).join((argument as string[])[0])
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]))
  }
  const refOf = (id: string) => PSEUDO[id] ?? (template.Resources?.[id] ? id : unknownId(id))
  const arnOf = (id: string) => (ARNS[template.Resources?.[id]?.Type ?? ''] ?? unknownId)(id)
  return resolve
}

function unknownId(id: string): never {
  throw new Error(`the snippet has no ${id}`)
}

export const allow = (Action: unknown, Resource: unknown, more = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
})

/** What the construct library makes of a function with its own log group, a table, a queue and a WebSocket API. */
export function templateWith(statements: readonly unknown[], more: Resources = {}): PolicyTemplate {
  return {
    Resources: {
      Log: {
        Type: 'AWS::DynamoDB::Table',
        Properties: { KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }] },
      },
      Queue: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
      Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'WEBSOCKET' } },
      HandlerLogs: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 30 } },
      Handler: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Role: { 'Fn::GetAtt': ['HandlerRole', 'Arn'] },
          LoggingConfig: { LogGroup: { Ref: 'HandlerLogs' } },
        },
      },
      HandlerRole: { Type: 'AWS::IAM::Role', Properties: {} },
      HandlerPolicy: {
        Type: 'AWS::IAM::Policy',
        Properties: {
          PolicyName: 'HandlerPolicy',
          PolicyDocument: { Version: '2012-10-17', Statement: [LOGGING, ...statements] },
          Roles: [{ Ref: 'HandlerRole' }],
        },
      },
      ...more,
    },
  }
}

export const LOGGING = allow(['logs:CreateLogStream', 'logs:PutLogEvents'], {
  'Fn::GetAtt': ['HandlerLogs', 'Arn'],
})

export const TABLE_ARN = { 'Fn::GetAtt': ['Log', 'Arn'] }
export const QUEUE_ARN = { 'Fn::GetAtt': ['Queue', 'Arn'] }

export const connectionsArn = (path: string) => ({
  'Fn::Join': [
    '',
    [
      ...['arn:', { Ref: 'AWS::Partition' }, ':execute-api:', { Ref: 'AWS::Region' }, ':'],
      ...[{ Ref: 'AWS::AccountId' }, ':', { Ref: 'Api' }, path],
    ],
  ],
})

export function call(
  operation: string,
  resources: readonly string[] = [TABLE],
  more: Partial<AwsCall> = {},
): AwsCall {
  return {
    ...{ at: 1_790_000_000_000, caller: 'Handler', service: 'dynamodb', operation, resources, status: 200 },
    ...{ request: {}, response: {}, durationMs: 1 },
    ...more,
  }
}

export const post = (connectionId: string) =>
  call('PostToConnection', [`${POSTS}/${connectionId}`], { service: 'execute-api', request: { bytes: 10 } })

export const sqs = (operation: string, caller = 'Handler') =>
  call(operation, [QUEUE], { service: 'sqs', caller })

export function prove(template: PolicyTemplate, calls: readonly AwsCall[], more: Partial<ProofOptions> = {}) {
  return provePermissions({ template, resolve: resolverOf(template), calls, ...more })
}

/** Action and resource of each entry: what most tests are about. */
export const pairs = (entries: readonly { readonly action: string; readonly resource: string }[]) =>
  entries.map(({ action, resource }) => `${action} on ${resource}`)
