import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { beforeEach, describe, expect, it } from 'vitest'
import { DynamoRefusalLedger } from '../../src/aws/dynamo-refusal-ledger.ts'
import { DynamoEventLog } from '../../src/aws/log/dynamo-event-log.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { sampleEvent } from '../contract/samples.ts'
import { createTables, type Tables } from './dynalite.ts'

const RETENTION = 1_000_000

let tables: Tables
let clock: ManualClock
let refusals: DynamoRefusalLedger
beforeEach(async () => {
  tables = await createTables()
  clock = new ManualClock()
  const { client, logTable: table } = tables
  refusals = new DynamoRefusalLedger({ client, table, clock, retentionMs: RETENTION })
  return () => tables.close()
})

describe('a refusal on DynamoDB', () => {
  it('goes by its TTL, in seconds, never too early', async () => {
    clock.advance(1)
    await refusals.note({ eventId: 'e1', code: 'invalid_event', message: 'no type', at: clock.now() })
    const Key = { pk: 'x#e1', sk: 0 }
    const { Item } = await tables.client.send(new GetCommand({ TableName: tables.logTable, Key }))
    expect(Item!['ttl']).toBe(Math.ceil((clock.now() + RETENTION) / 1000))
  })

  it('stands beside the receipt of another event of its id, and keeps clear of it', async () => {
    const { client, logTable: table } = tables
    const log = new DynamoEventLog({ client, table, clock, retentionMs: RETENTION })
    await log.append([sampleEvent('e1', ['ann'])])
    const refusal = { eventId: 'e1', code: 'id_conflict' as const, message: 'other', at: clock.now() }
    await refusals.note(refusal)
    expect(await refusals.find('e1')).toEqual(refusal)
    expect(await log.receipt('e1')).toMatchObject({ state: 'accepted' })
  })
})
