import dynalite from 'dynalite'
import { AwsClient } from '../aws-client.ts'
import { type JsonObject, asList, isObject } from '../json.ts'
import { keepIdleConnections, listen } from '../local-server.ts'
import type { Stack, StackResource } from '../template/stack.ts'

export interface Engine {
  readonly url: string
  stop(): Promise<void>
}

/** What a table's other properties say has no effect here, or none that a function could see. */
const withoutEffect = [
  'ContributorInsightsSpecification',
  'DeletionProtectionEnabled',
  'OnDemandThroughput',
  'PointInTimeRecoverySpecification',
  'Replicas',
  'ResourcePolicy',
  'SSESpecification',
  'TableClass',
  'Tags',
  // Items are never deleted here, which on AWS may take days.
  'TimeToLiveSpecification',
  'WriteOnDemandThroughputSettings',
  'WarmThroughput',
]

/** A dynalite with all tables of the stack, in memory. */
export async function startDynamoDb(stack: Stack): Promise<Engine> {
  const tables = stack
    .ofType('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable')
    .map((resource) => createTableInput(stack, resource))
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  const url = `http://${await listen(server)}`
  keepIdleConnections(server)
  const client = new AwsClient({
    url,
    service: 'dynamodb',
    region: stack.surroundings.region,
    target: 'DynamoDB_20120810',
    accessKeyId: 'runner',
  })
  for (const table of tables) await create(client, table)
  client.close()
  return {
    url,
    stop: async () => {
      // Dynalite waits for its connections before it closes its database.
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

function createTableInput(stack: Stack, resource: StackResource): JsonObject {
  const properties = stack.open(resource)
  properties.noEffect(...withoutEffect)
  properties.refuse(['ImportSourceSpecification'], 'tables start empty here')
  properties.refuse(['StreamSpecification', 'KinesisStreamSpecification'], 'dynalite has no streams')
  const billing = properties.text('BillingMode') ?? 'PROVISIONED'
  const throughput = properties.raw('ProvisionedThroughput')
  const input = {
    TableName: stack.ref(resource.id),
    AttributeDefinitions: properties.list('AttributeDefinitions'),
    KeySchema: properties.list('KeySchema'),
    BillingMode: billing,
    // A GlobalTable says it another way; as nothing is limited here, any number will do.
    ...(billing === 'PROVISIONED' && { ProvisionedThroughput: numbers(throughput) }),
    ...indexes('GlobalSecondaryIndexes', properties.list('GlobalSecondaryIndexes'), billing),
    ...indexes('LocalSecondaryIndexes', properties.list('LocalSecondaryIndexes'), 'none'),
  }
  properties.noEffect('TableName', 'WriteProvisionedThroughputSettings')
  properties.warnAboutRest()
  return input
}

function indexes(name: string, list: readonly unknown[], billing: string): JsonObject {
  if (list.length === 0) return {}
  const described = asList(list)
    .filter(isObject)
    .map((index) => ({
      IndexName: index['IndexName'],
      KeySchema: index['KeySchema'],
      Projection: index['Projection'],
      ...(billing === 'PROVISIONED' && { ProvisionedThroughput: numbers(index['ProvisionedThroughput']) }),
    }))
  return { [name]: described }
}

function numbers(throughput: unknown): JsonObject {
  const { ReadCapacityUnits: read = 5, WriteCapacityUnits: write = 5 } = isObject(throughput)
    ? throughput
    : {}
  return { ReadCapacityUnits: Number(read), WriteCapacityUnits: Number(write) }
}

async function create(client: AwsClient, input: JsonObject): Promise<void> {
  await client.call('CreateTable', input)
  for (;;) {
    const { Table: table } = await client.call('DescribeTable', { TableName: input['TableName'] })
    if (isObject(table) && table['TableStatus'] === 'ACTIVE') return
  }
}
