import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { expect, it } from 'vitest'
import { DynamoEventLog } from '../../../src/aws/log/dynamo-event-log.ts'
import { expectGapless, idsOf, range, readAll } from '../../contract/log-under-test.ts'
import { ManualClock } from '../../contract/manual-clock.ts'
import { sampleEvent } from '../../contract/samples.ts'
import { createTables } from '../dynalite.ts'

const PUBLISHERS = 200
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }

it('200 concurrent publishes to one trainer all succeed, without a gap', { timeout: 180_000 }, async () => {
  const { endpoint, logTable: table, client, close } = await createTables()
  // It stands still: what a slow machine takes must not end anybody's patience. A livelock would end in the test's time-out.
  const clock = new ManualClock()
  let attempts = 0
  // Each as a function of its own would: nothing but the table is shared.
  const logs = range(PUBLISHERS).map(() => {
    const base = DynamoDBDocumentClient.from(
      new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: CREDENTIALS }),
    )
    const counting = {
      send: async (command: Parameters<typeof base.send>[0]) => {
        if (command instanceof PutCommand && String(command.input.Item?.['pk']).startsWith('u#')) attempts++
        return base.send(command)
      },
    }
    return new DynamoEventLog({
      client: counting as unknown as DynamoDBDocumentClient,
      table,
      clock,
      retentionMs: 30 * 86_400_000,
    })
  })
  const appended = await Promise.all(
    logs.map(async (log, i) => log.append([sampleEvent(`e${i}`, ['the-trainer', `student-${i}`])])),
  )
  expect(appended.flat().map(({ status }) => status)).toEqual(range(PUBLISHERS).map(() => 'appended'))
  const log = new DynamoEventLog({ client, table, clock, retentionMs: 30 * 86_400_000 })
  const entries = await readAll(log, 'the-trainer')
  expectGapless(entries)
  expect(idsOf(entries).toSorted()).toEqual(
    range(PUBLISHERS)
      .map((i) => `e${i}`)
      .toSorted(),
  )
  // Each has its student's log and two heads besides. Seven to nine were measured.
  const perEvent = attempts / PUBLISHERS
  console.log(
    `${PUBLISHERS} publishes at once to one trainer: ${attempts} puts into logs, ${perEvent.toFixed(1)} each`,
  )
  expect(perEvent).toBeLessThan(25)
  await close()
})
