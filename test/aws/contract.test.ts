import { DynamoConnectionRegistry } from '../../src/aws/dynamo-connection-registry.ts'
import { DynamoDeviceLedger } from '../../src/aws/dynamo-device-ledger.ts'
import { describeConnectionRegistry } from '../contract/connection-registry.contract.ts'
import { describeDeviceLedger } from '../contract/device-ledger.contract.ts'
import { ManualClock } from '../contract/manual-clock.ts'
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
