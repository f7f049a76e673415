/** The ports on the two tables, as a function's environment describes them. */
import type { createTableClient } from '../clients/tables.ts'
import { DynamoConnectionRegistry } from '../dynamo-connection-registry.ts'
import { DynamoDeviceLedger } from '../dynamo-device-ledger.ts'
import { connectionsTable, type Environment, logTable, retentionMs } from '../environment.ts'
import { DynamoEventLog } from '../log/dynamo-event-log.ts'

type TableClient = ReturnType<typeof createTableClient>

export function logFor(environment: Environment, client: TableClient): DynamoEventLog {
  const kept = retentionMs(environment)
  return new DynamoEventLog({ client, table: logTable(environment), clock: Date, retentionMs: kept })
}

export function connectionsFor(environment: Environment, client: TableClient): DynamoConnectionRegistry {
  return new DynamoConnectionRegistry({ client, table: connectionsTable(environment), clock: Date })
}

export function devicesFor(environment: Environment, client: TableClient): DynamoDeviceLedger {
  const kept = retentionMs(environment)
  return new DynamoDeviceLedger({
    client,
    table: connectionsTable(environment),
    clock: Date,
    retentionMs: kept,
  })
}
