import { DynamoConnectionRegistry } from '../../src/aws/dynamo-connection-registry.ts'
import { DynamoDeviceLedger } from '../../src/aws/dynamo-device-ledger.ts'
import { DynamoRefusalLedger } from '../../src/aws/dynamo-refusal-ledger.ts'
import { DynamoRevocations } from '../../src/aws/dynamo-revocations.ts'
import { describeConnectionRegistry } from '../contract/connection-registry.contract.ts'
import { describeDeviceLedger } from '../contract/device-ledger.contract.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { describeRefusalLedger } from '../contract/refusal-ledger.contract.ts'
import { describeRevocations } from '../contract/revocations.contract.ts'
import { createTables } from './dynalite.ts'

/** The suite's connections were registered in the first seconds of 1970, and none of them is old yet. */
const NOW = 5000

describeConnectionRegistry('DynamoDB', async () => {
  const { client, connectionsTable: table, close } = await createTables()
  return { registry: new DynamoConnectionRegistry({ client, table, clock: new ManualClock(NOW) }), close }
})

describeDeviceLedger('DynamoDB', async (options) => {
  const { client, connectionsTable: table, close } = await createTables()
  const open = () => new DynamoDeviceLedger({ client, table, ...options })
  return { ledger: open(), reopen: async () => open(), close }
})

describeRevocations('DynamoDB', async () => {
  const { client, connectionsTable: table, close } = await createTables()
  const open = () => new DynamoRevocations({ client, table })
  return { revocations: open(), reopen: async () => open(), close }
})

describeRefusalLedger('DynamoDB', async (options) => {
  const { client, logTable: table, close } = await createTables()
  const open = () => new DynamoRefusalLedger({ client, table, ...options })
  return { refusals: open(), reopen: async () => open(), close }
})
