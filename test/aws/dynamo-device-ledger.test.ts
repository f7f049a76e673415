import { DeleteCommand, GetCommand } from '@aws-sdk/lib-dynamodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DynamoDeviceLedger } from '../../src/aws/dynamo-device-ledger.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { type Answer, type Call, interceptCalls } from './calls.ts'
import { createTables, type Tables } from './dynalite.ts'

const RETENTION = 1_000_000

let tables: Tables
let clock: ManualClock
let answer: Answer
let calls: Call[]
let ledger: DynamoDeviceLedger

beforeEach(async () => {
  tables = await createTables()
  clock = new ManualClock()
  answer = async (_, proceed) => proceed()
  calls = interceptCalls(tables.client, async (call, proceed) => answer(call, proceed))
  const { client, connectionsTable: table } = tables
  ledger = new DynamoDeviceLedger({ client, table, clock, retentionMs: RETENTION })
})
afterEach(() => tables.close())

const namesOf = (made: readonly Call[]) => made.map(({ name }) => name)
const phone = async () => (await ledger.ofUser('ann')).find(({ device }) => device === 'phone')
/** The first read of each kind sees nothing: an eventually consistent one that came to a copy left behind. */
const staleFirst = (): Answer => {
  let stale = true
  return async ({ name }, proceed) => {
    if (name !== 'Get' || !stale) return proceed()
    stale = false
    return {}
  }
}

describe('calls', () => {
  it('a device that polls costs a read, eventually consistent, and no write', async () => {
    await ledger.acknowledge('ann', 'phone', 42)
    expect(namesOf(calls)).toEqual(['Get', 'Put'])
    calls.length = 0
    for (const offset of [42, 42, 41]) await ledger.acknowledge('ann', 'phone', offset)
    expect(calls.map(({ name, input }) => [name, input['ConsistentRead']])).toEqual([
      ['Get', false],
      ['Get', false],
      ['Get', false],
    ])
  })

  it('what is new costs a read and a write', async () => {
    await ledger.acknowledge('ann', 'phone', 1)
    calls.length = 0
    await ledger.acknowledge('ann', 'phone', 2)
    await ledger.report('ann', 'phone', 3, 'x')
    expect(namesOf(calls)).toEqual(['Get', 'Update', 'Get', 'Update'])
  })
})

describe('a read that misses the newest', () => {
  it('does not move the acknowledgement down', async () => {
    await ledger.acknowledge('ann', 'phone', 42)
    answer = staleFirst()
    calls.length = 0
    await ledger.acknowledge('ann', 'phone', 41)
    expect(calls.map(({ name, input }) => [name, input['ConsistentRead']])).toEqual([
      ['Get', false],
      ['Put', undefined],
      ['Get', true],
    ])
    answer = async (_, proceed) => proceed()
    expect(await phone()).toMatchObject({ acknowledged: 42 })
  })

  it('does not keep it from moving up, nor lose the report', async () => {
    await ledger.acknowledge('ann', 'phone', 42)
    await ledger.report('ann', 'phone', 43, 'x')
    answer = staleFirst()
    await ledger.acknowledge('ann', 'phone', 44)
    answer = async (_, proceed) => proceed()
    expect(await phone()).toMatchObject({ acknowledged: 44, report: { offset: 43 } })
  })
})

describe('another one that writes in between', () => {
  it('wins if it knows more', async () => {
    await ledger.acknowledge('ann', 'phone', 1)
    let once = true
    answer = async ({ name }, proceed) => {
      if (name === 'Update' && once) {
        once = false
        await ledger.acknowledge('ann', 'phone', 9)
      }
      return proceed()
    }
    await ledger.acknowledge('ann', 'phone', 5)
    expect(await phone()).toMatchObject({ acknowledged: 9 })
  })

  it('does not make it go on for ever', async () => {
    // The row is there for every read, and gone for every write.
    answer = async ({ name }) => {
      if (name === 'Get') return { Item: { seen: clock.now(), acknowledged: 1 } }
      const { ConditionalCheckFailedException } = await import('@aws-sdk/client-dynamodb')
      throw new ConditionalCheckFailedException({ message: 'no', $metadata: {} })
    }
    await expect(ledger.acknowledge('ann', 'phone', 5)).rejects.toThrow('phone of user ann changed')
    expect(calls).toHaveLength(10)
  })

  it('is no excuse for other failures', async () => {
    answer = async ({ name }, proceed) => (name === 'Put' ? Promise.reject(new Error('down')) : proceed())
    await expect(ledger.acknowledge('ann', 'phone', 5)).rejects.toThrow('down')
  })
})

describe('an expired row that is still there', () => {
  it('counts as absent, and a write to it starts anew', async () => {
    await ledger.acknowledge('ann', 'phone', 42)
    await ledger.report('ann', 'phone', 43, 'old')
    clock.advance(RETENTION + 1)
    await ledger.acknowledge('ann', 'phone', 7)
    expect(await phone()).toEqual({ device: 'phone', acknowledged: 7, acknowledgedAt: clock.now() })
    clock.advance(RETENTION + 1)
    await ledger.report('ann', 'phone', 1, 'new')
    expect(await phone()).toEqual({ device: 'phone', report: { offset: 1, error: 'new', at: clock.now() } })
  })

  it('is not continued where DynamoDB deletes it between our read and our write', async () => {
    await ledger.acknowledge('ann', 'phone', 42)
    let once = true
    answer = async ({ name }, proceed) => {
      if (name === 'Update' && once) {
        once = false
        const Key = { pk: 'ann', sk: 'device#phone' }
        await tables.client.send(new DeleteCommand({ TableName: tables.connectionsTable, Key }))
      }
      return proceed()
    }
    await ledger.report('ann', 'phone', 50, 'x')
    expect(await phone()).toEqual({ device: 'phone', report: { offset: 50, error: 'x', at: clock.now() } })
  })

  it('goes by its TTL, in seconds, never too early', async () => {
    clock.advance(1)
    await ledger.acknowledge('ann', 'phone', 1)
    const Key = { pk: 'ann', sk: 'device#phone' }
    const { Item } = await tables.client.send(new GetCommand({ TableName: tables.connectionsTable, Key }))
    expect(Item!['ttl']).toBe(Math.ceil((clock.now() + RETENTION) / 1000))
  })
})

describe('a report', () => {
  it('is cut where it is too long, and not in the middle of a character', async () => {
    await ledger.report('ann', 'phone', 1, 'x'.repeat(LIMITS.reportLength + 1))
    expect((await phone())?.report?.error).toBe('x'.repeat(LIMITS.reportLength))
    await ledger.report('ann', 'phone', 2, `${'x'.repeat(LIMITS.reportLength - 1)}😀`)
    expect((await phone())?.report?.error).toBe(`${'x'.repeat(LIMITS.reportLength - 1)}\ufffd`)
  })
})

describe('a user with more devices than fit into one answer', () => {
  it('has them all', async () => {
    const all = Array.from({ length: 6 }, (_, i) => `d${i}`)
    for (const device of all) await ledger.acknowledge('ann', device, 1)
    answer = async (call, proceed) => {
      if (call.name === 'Query') Object.assign(call.input, { Limit: 4 })
      return proceed()
    }
    expect((await ledger.ofUser('ann')).map(({ device }) => device)).toEqual(all)
  })
})
