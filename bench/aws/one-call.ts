/**
 * One call, the query for the end of a log, by one of several clients: to a server that answers with a fixed text, so that nothing
 * but the client differs. Prints the CPU time of each call, in microseconds.
 *
 * Its arguments: the server's URL, the client's name, calls under way at once, calls.
 */
import { Agent, request } from 'node:http'
import { DynamoDBClient, QueryCommand as RawQuery } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { bounded } from '../../src/aws/clients/bounded.ts'
import { CALL_MS, handlerWith } from '../../src/aws/clients/limits.ts'
import type { ClientName } from './clients.ts'

const [, , endpoint = '', name = '', width = '10', calls = '1000'] = process.argv

/** Until V8 has compiled what runs often. */
const WARM_UP = 3000
const SOCKETS = 64

const input = {
  TableName: 'log',
  KeyConditionExpression: '#pk = :pk',
  ExpressionAttributeNames: { '#pk': 'pk' },
  ScanIndexForward: false,
  Limit: 1,
  ConsistentRead: false,
}
const plain = { ...input, ExpressionAttributeValues: { ':pk': 'u#trainer-1' } }
const typed = { ...input, ExpressionAttributeValues: { ':pk': { S: 'u#trainer-1' } } }

const sdkOptions = { endpoint, region: 'us-east-1', maxAttempts: 4, requestHandler: handlerWith(SOCKETS) }

interface Signed {
  readonly headers: Record<string, string>
  readonly body: string
}

/** The query as the SDK puts it on the wire, to be sent again and again by clients that cannot sign. */
async function signedQuery(): Promise<Signed> {
  let signed: Signed | undefined
  const handle = async (sent: Signed) => {
    signed = sent
    return Promise.reject(new Error('kept, not sent'))
  }
  const client = new DynamoDBClient({ ...sdkOptions, maxAttempts: 1, requestHandler: { handle } })
  await client.send(new RawQuery(typed)).catch(() => undefined)
  if (signed === undefined) throw new Error('the SDK has sent nothing')
  return signed
}

type Call = () => Promise<unknown>

const CLIENTS: Readonly<Record<ClientName, () => Call | Promise<Call>>> = {
  'bare `node:http`': async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS })
    const { headers, body } = await signedQuery()
    return async () =>
      new Promise((resolve, reject) => {
        const sent = request(endpoint, { method: 'POST', agent, headers }, (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('end', () => {
            resolve(JSON.parse(Buffer.concat(chunks).toString()))
          })
        })
        sent.on('error', reject)
        sent.end(body)
      })
  },
  '`fetch`': async () => {
    const { headers, body } = await signedQuery()
    const { host: _, 'content-length': __, ...others } = headers
    return async () => (await fetch(endpoint, { method: 'POST', headers: others, body })).json()
  },
  'client-dynamodb': () => {
    const client = new DynamoDBClient(sdkOptions)
    return async () => client.send(new RawQuery(typed))
  },
  'client-dynamodb, `cacheMiddleware`': () => {
    const client = new DynamoDBClient({ ...sdkOptions, cacheMiddleware: true })
    return async () => client.send(new RawQuery(typed))
  },
  'lib-dynamodb': () => {
    const client = DynamoDBDocumentClient.from(new DynamoDBClient(sdkOptions))
    return async () => client.send(new QueryCommand(plain))
  },
  'lib-dynamodb, with our deadline': () => {
    const client = bounded(DynamoDBDocumentClient.from(new DynamoDBClient(sdkOptions)), 'DynamoDB', CALL_MS)
    return async () => client.send(new QueryCommand(plain))
  },
}

async function repeat(call: Call, times: number): Promise<void> {
  let left = times
  const lane = async (): Promise<void> => {
    while (left-- > 0) await call()
  }
  await Promise.all(Array.from({ length: Number(width) }, lane))
}

const call = await CLIENTS[name as ClientName]()
await repeat(call, WARM_UP)
const before = process.cpuUsage()
await repeat(call, Number(calls))
const { user, system } = process.cpuUsage(before)
console.log((user + system) / Number(calls))
process.exit(0)
