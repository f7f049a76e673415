import type { AwsCall } from '../aws-call.ts'
import { asList } from '../json.ts'
import { objectAt, stringAt } from './expected.ts'

/** What a call asks of IAM: an action on each of its resources. */
export interface NeededAccess {
  readonly action: string
  readonly resource: string
}

/** Operations whose action has the same name. Source: service authorization reference, the page of each service. */
const SAME_NAME: Readonly<Record<AwsCall['service'], readonly string[]>> = {
  dynamodb: [
    ...['GetItem', 'BatchGetItem', 'Query', 'Scan', 'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'],
    ...[
      'DescribeTable',
      'DescribeTimeToLive',
      'UpdateTimeToLive',
      'CreateTable',
      'DeleteTable',
      'ListTables',
    ],
  ],
  sqs: [
    ...['SendMessage', 'ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility', 'PurgeQueue'],
    ...[
      'GetQueueAttributes',
      'SetQueueAttributes',
      'GetQueueUrl',
      'CreateQueue',
      'DeleteQueue',
      'ListQueues',
    ],
  ],
  secretsmanager: ['GetSecretValue', 'DescribeSecret', 'PutSecretValue'],
  'execute-api': [],
}

/** Operations that are checked as another action. Source: the same. */
const OTHER_NAME: Readonly<Record<string, string>> = {
  'sqs:SendMessageBatch': 'sqs:SendMessage',
  'sqs:DeleteMessageBatch': 'sqs:DeleteMessage',
  'sqs:ChangeMessageVisibilityBatch': 'sqs:ChangeMessageVisibility',
  'execute-api:PostToConnection': 'execute-api:ManageConnections',
  'execute-api:GetConnection': 'execute-api:ManageConnections',
  'execute-api:DeleteConnection': 'execute-api:ManageConnections',
}

/** A transaction has no action of its own: each part is checked as what it does. Source: DynamoDB developer guide, "IAM for transactions". */
const TRANSACTION_PARTS: Readonly<Record<string, string>> = {
  Put: 'dynamodb:PutItem',
  Update: 'dynamodb:UpdateItem',
  Delete: 'dynamodb:DeleteItem',
  ConditionCheck: 'dynamodb:ConditionCheckItem',
  Get: 'dynamodb:GetItem',
}

export function neededAccess(call: AwsCall): NeededAccess[] {
  if (call.operation.startsWith('Transact')) return transactionAccess(call)
  const action = actionOf(call)
  return call.resources.map((resource) => ({ action, resource }))
}

function actionOf({ service, operation }: AwsCall): string {
  const name = `${service}:${operation}`
  if (SAME_NAME[service].includes(operation)) return name
  const action = OTHER_NAME[name]
  if (action !== undefined) return action
  throw new Error(
    `It is not known here which IAM action ${name} needs. Look it up in the service authorization reference ` +
      'and add it to access-requests.ts.',
  )
}

function transactionAccess(call: AwsCall): NeededAccess[] {
  const items = asList(objectAt(call.request, call.operation)['TransactItems'])
  return items.flatMap((item) =>
    Object.entries(objectAt(item, `TransactItems of ${call.operation}`)).map(([part, request]) => ({
      action: TRANSACTION_PARTS[part] ?? unknownPart(part),
      resource: tableArn(call, objectAt(request, part)['TableName']),
    })),
  )
}

function unknownPart(part: string): never {
  throw new Error(
    `A transaction has the part ${part}, which is not known here: add it to access-requests.ts.`,
  )
}

function tableArn({ resources, operation }: AwsCall, tableName: unknown): string {
  const name = stringAt(tableName, `TableName in ${operation}`)
  const arn = resources.find((resource) => resource === name || resource.endsWith(`:table/${name}`))
  if (arn !== undefined) return arn
  throw new Error(`${operation} names the table ${name}, but its resources are ${resources.join(', ')}.`)
}

/** Connection ids are of the moment: for a report, posts to different connections are the same. */
export function withoutConnectionId(resource: string): string {
  return resource.replace(/\/@connections\/.+$/, '/@connections/*')
}
