import type { AwsCall } from '../aws-call.ts'
import { asList, isObject, type JsonObject } from '../json.ts'

/** The partition keys that a request touches, for the condition key `dynamodb:LeadingKeys`. */
export function leadingKeys({ operation, request }: AwsCall, partitionKey: string): string[] {
  if (!isObject(request)) return []
  if (operation === 'Query') return queriedKeys(request, partitionKey)
  return [...keyOrItem(request), ...batchedKeys(request), ...transactionKeys(request)]
    .filter(isObject)
    .flatMap((key) => texts(key[partitionKey]))
}

function keyOrItem(request: unknown): unknown[] {
  return isObject(request) ? [request['Key'] ?? request['Item']] : []
}

/** BatchGetItem has an object with Keys for each table, BatchWriteItem a list of requests. */
function batchedKeys({ RequestItems }: JsonObject): unknown[] {
  if (!isObject(RequestItems)) return []
  return Object.values(RequestItems).flatMap((ofTable) =>
    isObject(ofTable) ? asList(ofTable['Keys']) : asList(ofTable).flatMap(parts).flatMap(keyOrItem),
  )
}

function transactionKeys({ TransactItems }: JsonObject): unknown[] {
  return asList(TransactItems).flatMap(parts).flatMap(keyOrItem)
}

function parts(request: unknown): unknown[] {
  return isObject(request) ? Object.values(request) : []
}

function queriedKeys(request: JsonObject, partitionKey: string): string[] {
  const { KeyConditionExpression: expression, ExpressionAttributeValues: values } = request
  const names = isObject(request['ExpressionAttributeNames']) ? request['ExpressionAttributeNames'] : {}
  const equalities = typeof expression === 'string' ? expression.matchAll(/([#\w]+)\s*=\s*(:\w+)/g) : []
  for (const [, name = '', value = ''] of equalities)
    if (isObject(values) && (names[name] ?? name) === partitionKey) return texts(values[value])
  // An empty answer would let ForAllValues hold for everybody.
  throw new Error(
    `A Query has no equality for ${partitionKey} that is understood here: ${String(expression)}`,
  )
}

function texts(attribute: unknown): string[] {
  return isObject(attribute) ? Object.values(attribute).filter((value) => typeof value === 'string') : []
}
