import type { IncomingHttpHeaders } from 'node:http'
import type { AwsCall } from '../aws-call.ts'
import { type JsonObject, asList, asText, isObject, parseObject } from '../json.ts'

export interface WireRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** What a request says about itself. */
export type Understood = Pick<AwsCall, 'operation' | 'resources' | 'request'>

/** How one service's requests are read, and what must be changed in them for its engine, and in the answers for the caller. */
export interface Wire {
  readonly service: AwsCall['service']
  understand(request: WireRequest): Understood
  readonly rewriteRequest?: (operation: string, body: JsonObject) => JsonObject
  readonly rewriteResponse?: (operation: string, body: JsonObject) => JsonObject
}

export interface Place {
  readonly region: string
  readonly account: string
}

export function dynamoDbWire({ region, account }: Place): Wire {
  const tableArn = (name: unknown): string =>
    String(name).startsWith('arn:')
      ? String(name)
      : `arn:aws:dynamodb:${region}:${account}:table/${String(name)}`
  return {
    service: 'dynamodb',
    understand: ({ headers, body }) => {
      const request = parseObject(body.toString())
      const arns = tablesIn(request).map(tableArn)
      const index = request['IndexName']
      const resources = index === undefined ? arns : arns.map((arn) => `${arn}/index/${asText(index, '?')}`)
      return { operation: operationIn(headers), request, resources: resources.length > 0 ? resources : ['*'] }
    },
    rewriteRequest: (operation, body) =>
      capacityOperations.has(operation) && !('ReturnConsumedCapacity' in body)
        ? { ...body, ReturnConsumedCapacity: 'TOTAL' }
        : body,
  }
}

const capacityOperations = new Set([
  'BatchGetItem',
  'BatchWriteItem',
  'DeleteItem',
  'GetItem',
  'PutItem',
  'Query',
  'Scan',
  'TransactGetItems',
  'TransactWriteItems',
  'UpdateItem',
])

function tablesIn(request: JsonObject): unknown[] {
  if (request['TableName'] !== undefined) return [request['TableName']]
  if (isObject(request['RequestItems'])) return Object.keys(request['RequestItems'])
  const operations = asList(request['TransactItems'])
    .filter(isObject)
    .flatMap((item) => Object.values(item))
  return [...new Set(operations.filter(isObject).map((operation) => operation['TableName']))]
}

export function sqsWire(
  { region, account }: Place,
  urls: { toEngine(name: string): string | undefined; toCaller(name: string): string },
): Wire {
  const outward = (url: unknown): string => urls.toCaller(nameIn(url))
  return {
    service: 'sqs',
    understand: ({ headers, body }) => {
      const request = parseObject(body.toString())
      const name =
        request['QueueName'] ?? (request['QueueUrl'] === undefined ? undefined : nameIn(request['QueueUrl']))
      const resource = name === undefined ? '*' : `arn:aws:sqs:${region}:${account}:${asText(name, '?')}`
      return { operation: operationIn(headers), request, resources: [resource] }
    },
    rewriteRequest: (_operation, body) => {
      if (body['QueueUrl'] === undefined) return body
      // What is no queue of the template stays, and the engine says that there is none.
      return { ...body, QueueUrl: urls.toEngine(nameIn(body['QueueUrl'])) ?? body['QueueUrl'] }
    },
    rewriteResponse: (_operation, body) => ({
      ...body,
      ...(body['QueueUrl'] !== undefined && { QueueUrl: outward(body['QueueUrl']) }),
      ...(Array.isArray(body['QueueUrls']) && { QueueUrls: body['QueueUrls'].map(outward) }),
    }),
  }
}

function nameIn(queueUrl: unknown): string {
  return String(queueUrl).replace(/^.*\//, '')
}

export function secretsWire(arnOf: (secretId: string) => string): Wire {
  return {
    service: 'secretsmanager',
    understand: ({ headers, body }) => {
      const request = parseObject(body.toString())
      const secretId = request['SecretId']
      return {
        operation: operationIn(headers),
        request,
        resources: [secretId === undefined ? '*' : arnOf(asText(secretId, '?'))],
      }
    },
  }
}

const postOperations: Readonly<Record<string, string>> = {
  POST: 'PostToConnection',
  GET: 'GetConnection',
  DELETE: 'DeleteConnection',
}

export function connectionsWire({ region, account }: Place, apiId: string): Wire {
  return {
    service: 'execute-api',
    understand: ({ method, target, body }) => {
      const [stage = '', ...rest] = decodePath(target).split('/').filter(Boolean)
      return {
        operation: postOperations[method] ?? method,
        request: { bytes: body.length },
        resources: [`arn:aws:execute-api:${region}:${account}:${apiId}/${stage}/${method}/${rest.join('/')}`],
      }
    },
  }
}

function decodePath(target: string): string {
  const path = target.replace(/\?.*$/, '')
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function operationIn(headers: IncomingHttpHeaders): string {
  return String(headers['x-amz-target'] ?? 'unknown').replace(/^.*\./, '')
}
