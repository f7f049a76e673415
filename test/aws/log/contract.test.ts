import { DynamoEventLog } from '../../../src/aws/log/dynamo-event-log.ts'
import { describeEventLog } from '../../contract/event-log.contract.ts'
import { createTables } from '../dynalite.ts'

describeEventLog('DynamoDB', async ({ clock, retentionMs }) => {
  const { client, logTable: table, close } = await createTables()
  const open = () => new DynamoEventLog({ client, table, clock, retentionMs })
  return {
    log: open(),
    reopen: async () => open(),
    lateRetriesRefused: true,
    startsAgain: true,
    close,
  }
})
