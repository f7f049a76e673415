import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  type ScalarAttributeType,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import dynalite from 'dynalite'
import { afterAll } from 'vitest'

export interface Tables {
  readonly client: DynamoDBDocumentClient
  readonly endpoint: string
  readonly logTable: string
  readonly connectionsTable: string
  /** Deletes the tables. */
  readonly close: () => Promise<void>
}

/** dynalite checks no signature; an endpoint given from outside may, and then the environment has what it needs. */
const ANYBODY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }

let running: Promise<{ server: Server; endpoint: string }> | undefined

/**
 * The project's two tables, empty, under random names: in the DynamoDB at `DYNAMODB_ENDPOINT` if that is set, else in
 * a dynalite of this process, which a test file's tests share and which ends with the file.
 */
export async function createTables(): Promise<Tables> {
  const outside = process.env['DYNAMODB_ENDPOINT']
  const endpoint = outside ?? (await (running ??= start())).endpoint
  const base = new DynamoDBClient({
    endpoint,
    region: process.env['AWS_REGION'] ?? 'us-east-1',
    ...(outside === undefined && { credentials: ANYBODY }),
  })
  const name = `fanout-${randomUUID()}`
  const [logTable, connectionsTable] = [`${name}-log`, `${name}-connections`]
  await Promise.all([createTable(base, logTable, 'N'), createTable(base, connectionsTable, 'S')])
  return {
    client: DynamoDBDocumentClient.from(base),
    endpoint,
    logTable,
    connectionsTable,
    close: async () => {
      await Promise.all([logTable, connectionsTable].map(async (table) => deleteTable(base, table)))
      base.destroy()
    },
  }
}

async function createTable(client: DynamoDBClient, table: string, sk: ScalarAttributeType): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: sk },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  )
  await waitUntilTableExists({ client, minDelay: 0.01, maxDelay: 1, maxWaitTime: 60 }, { TableName: table })
}

async function deleteTable(client: DynamoDBClient, table: string): Promise<void> {
  await client.send(new DeleteTableCommand({ TableName: table }))
}

async function start(): Promise<{ server: Server; endpoint: string }> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  return { server, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

afterAll(async () => {
  if (running === undefined) return
  const { server } = await running
  running = undefined
  server.closeAllConnections()
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve()
    })
  })
})
