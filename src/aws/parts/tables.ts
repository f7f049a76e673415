/** The ports on the two tables, as a function's environment describes them. */
import type { createTableClient } from '../clients/tables.ts'
import { DynamoConnectionRegistry } from '../dynamo-connection-registry.ts'
import { DynamoDeviceLedger } from '../dynamo-device-ledger.ts'
import { DynamoRefusalLedger } from '../dynamo-refusal-ledger.ts'
import { DynamoRevocations } from '../dynamo-revocations.ts'
import { connectionsTable, type Environment, logTable, retentionMs } from '../environment.ts'
import { DynamoEventLog } from '../log/dynamo-event-log.ts'
import { QueueProgress } from '../queue-progress.ts'

type TableClient = ReturnType<typeof createTableClient>

export function logFor(environment: Environment, client: TableClient): DynamoEventLog {
  const kept = retentionMs(environment)
  return new DynamoEventLog({ client, table: logTable(environment), clock: Date, retentionMs: kept })
}

export function connectionsFor(environment: Environment, client: TableClient): DynamoConnectionRegistry {
  return new DynamoConnectionRegistry({ client, table: connectionsTable(environment), clock: Date })
}

export function devicesFor(environment: Environment, client: TableClient): DynamoDeviceLedger {
  // What devices told of an event is known for as long as its receipt.
  const kept = 2 * retentionMs(environment)
  return new DynamoDeviceLedger({
    client,
    table: connectionsTable(environment),
    clock: Date,
    retentionMs: kept,
  })
}

export function revocationsFor(environment: Environment, client: TableClient): DynamoRevocations {
  return new DynamoRevocations({ client, table: connectionsTable(environment) })
}

export function refusalsFor(environment: Environment, client: TableClient): DynamoRefusalLedger {
  // What devices told of an event is known for as long as its receipt.
  const kept = 2 * retentionMs(environment)
  return new DynamoRefusalLedger({ client, table: logTable(environment), clock: Date, retentionMs: kept })
}

export function progressFor(environment: Environment, client: TableClient): QueueProgress {
  return new QueueProgress({ client, table: connectionsTable(environment), clock: Date })
}
