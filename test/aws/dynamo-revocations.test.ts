import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { beforeEach, describe, expect, it } from 'vitest'
import { DynamoRevocations } from '../../src/aws/dynamo-revocations.ts'
import { type Call, interceptCalls } from './calls.ts'
import { createTables, type Tables } from './dynalite.ts'

let tables: Tables
let calls: Call[]
let revocations: DynamoRevocations
beforeEach(async () => {
  tables = await createTables()
  calls = interceptCalls(tables.client)
  revocations = new DynamoRevocations({ client: tables.client, table: tables.connectionsTable })
  return () => tables.close()
})

describe('revocations on DynamoDB', () => {
  it('cost a consistent read each time that somebody asks, and one write', async () => {
    await revocations.revoke('ann', 5)
    await revocations.notBefore('ann')
    expect(calls.map(({ name, input }) => [name, input['ConsistentRead']])).toEqual([
      ['Update', undefined],
      ['Get', true],
    ])
  })

  it('never expire', async () => {
    await revocations.revoke('ann', 5)
    const Key = { pk: 'ann', sk: 'not-before' }
    const { Item } = await tables.client.send(new GetCommand({ TableName: tables.connectionsTable, Key }))
    expect(Item).toEqual({ ...Key, at: 5 })
  })

  it('are not taken for done where DynamoDB fails', async () => {
    const broken = new DynamoRevocations({ client: tables.client, table: 'nowhere' })
    await expect(broken.revoke('ann', 5)).rejects.toThrow()
    await expect(broken.notBefore('ann')).rejects.toThrow()
  })
})
