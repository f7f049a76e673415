/**
 * What the functions call, in a process of its own: DynamoDB (dynalite), `@connections`, and the secret. Each call is recorded, and billed
 * by the cost meter. Also a server that answers anything with one text, for what a call costs whoever makes it.
 */
import { createServer } from 'node:http'
import dynalite from 'dynalite'
import { AwsClient } from '../../src/template-runner/aws-client.ts'
import { meter } from '../../src/template-runner/cost/meter.ts'
import { Recording } from '../../src/template-runner/invocation.ts'
import { keepIdleConnections, listen } from '../../src/template-runner/local-server.ts'
import { Recorder } from '../../src/template-runner/recorder/recorder.ts'
import { connectionsWire, dynamoDbWire } from '../../src/template-runner/recorder/wire.ts'
import { TABLES } from './operations.ts'

export interface Addresses {
  readonly dynamodb: string
  readonly connections: string
  readonly secrets: string
  readonly fixed: string
}

export interface Bill {
  /** By operation. */
  readonly calls: Readonly<Record<string, number>>
  /** By price. */
  readonly units: Readonly<Record<string, number>>
}

export type Request = 'addresses' | 'reset' | 'bill'

const SECRET = { Name: 'tokens', SecretString: 'a secret of the benchmark, long enough for HS256' }
const PLACE = { region: 'us-east-1', account: '000000000000' }
/** As it is for an entry of some 400 bytes. */
const FIXED = JSON.stringify({
  Count: 1,
  Items: [
    {
      pk: { S: 'u#t-123456' },
      sk: { N: '1790000000123' },
      id: { S: '0'.repeat(64) },
      at: { N: '1790000000123' },
      ttl: { N: '1790000000' },
      text: { S: 'x'.repeat(400) },
    },
  ],
  ScannedCount: 1,
})
const silent = { debug: () => undefined, info: () => undefined, warn: console.error, error: console.error }
const recording = new Recording()

async function answering(text: string): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(text)
    })
  })
  const url = `http://${await listen(server)}`
  keepIdleConnections(server)
  return url
}

async function tables(): Promise<string> {
  const server = dynalite({ createTableMs: 0 })
  const url = `http://${await listen(server)}`
  keepIdleConnections(server)
  const client = new AwsClient({
    url,
    service: 'dynamodb',
    region: PLACE.region,
    target: 'DynamoDB_20120810',
    accessKeyId: 'runner',
  })
  for (const [TableName, type] of Object.entries(TABLES)) {
    await client.call('CreateTable', {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: type },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    })
  }
  client.close()
  return url
}

async function recorded(wire: ReturnType<typeof dynamoDbWire>, url: string): Promise<string> {
  const recorder = new Recorder({ wire, upstream: () => url, recording, faults: {}, log: silent })
  return (await recorder.start()).url
}

function bill(): Bill {
  const { calls, counters } = recording
  const lines = meter({ calls, invocations: [], counters })
  const sums = { calls: {} as Record<string, number>, units: {} as Record<string, number> }
  for (const { operation, price, sdkCalls, units } of lines) {
    if (sdkCalls > 0) sums.calls[operation] = (sums.calls[operation] ?? 0) + sdkCalls
    if (units > 0) sums.units[price] = (sums.units[price] ?? 0) + units
  }
  return sums
}

const addresses: Addresses = {
  dynamodb: await recorded(dynamoDbWire(PLACE), await tables()),
  connections: await recorded(connectionsWire(PLACE, 'api'), await answering('')),
  secrets: await answering(JSON.stringify(SECRET)),
  fixed: await answering(FIXED),
}

process.on('message', (request: Request) => {
  if (request === 'reset') recording.reset()
  process.send?.(request === 'addresses' ? addresses : bill())
})
