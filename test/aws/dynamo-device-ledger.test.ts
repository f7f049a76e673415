import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DynamoDeviceLedger } from '../../src/aws/dynamo-device-ledger.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { itemBytes } from '../../src/template-runner/cost/item-size.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { type Answer, type Call, interceptCalls } from './calls.ts'
import { createTables, type Tables } from './dynalite.ts'

const RETENTION = 10_000_000

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
const acknowledgedBy = async () => (await phone())?.acknowledgements.map(({ offset }) => offset)
const itemOf = async (pk: string, sk: string) => {
  const TableName = tables.connectionsTable
  return (await tables.client.send(new GetCommand({ TableName, Key: { pk, sk } }))).Item
}
/** An item of texts and numbers as it goes over the wire. */
const wireOf = (item: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(item).map(([name, value]) => [
      name,
      { [typeof value === 'number' ? 'N' : 'S']: String(value) },
    ]),
  )
/** The first read of each kind sees nothing: an eventually consistent one that came to a copy left behind. */
const staleFirst = (): Answer => {
  let stale = true
  return async ({ name }, proceed) => {
    if (name !== 'Get' || !stale) return proceed()
    stale = false
    return {}
  }
}
/** Before the first call of a name, somebody else is faster. */
const beforeFirst = (wanted: string, what: () => Promise<unknown>): Answer => {
  let once = true
  return async ({ name }, proceed) => {
    if (name === wanted && once) {
      once = false
      await what()
    }
    return proceed()
  }
}

describe('calls', () => {
  it('a device that polls costs a read, eventually consistent, and now and then a write', async () => {
    await ledger.acknowledge('ann', 'phone', 42)
    expect(namesOf(calls)).toEqual(['Get', 'Put'])
    calls.length = 0
    for (const offset of [42, 42, 41]) await ledger.acknowledge('ann', 'phone', offset)
    expect(calls.map(({ name, input }) => [name, input['ConsistentRead']])).toEqual([
      ['Get', false],
      ['Get', false],
      ['Get', false],
    ])
    calls.length = 0
    clock.advance(LIMITS.seenAccuracy)
    for (const offset of [42, 42]) await ledger.acknowledge('ann', 'phone', offset)
    expect(namesOf(calls)).toEqual(['Get', 'Update', 'Get'])
  })

  it('what is new costs a read and a write; a report looks at the acknowledgements as well', async () => {
    await ledger.acknowledge('ann', 'phone', 1)
    calls.length = 0
    await ledger.acknowledge('ann', 'phone', 2)
    expect(namesOf(calls)).toEqual(['Get', 'Update'])
    calls.length = 0
    await ledger.report('ann', 'phone', 3, 'x')
    expect(namesOf(calls)).toEqual(['Get', 'Put', 'Get'])
  })

  it('everything about a user’s devices is one query', async () => {
    for (const device of ['phone', 'tablet']) {
      await ledger.acknowledge('ann', device, 1)
      await ledger.report('ann', device, 2, 'x')
    }
    calls.length = 0
    expect(await ledger.ofUser('ann')).toHaveLength(2)
    expect(namesOf(calls)).toEqual(['Query'])
  })
})

describe('an acknowledgement', () => {
  it.each([
    ['a name of 128 characters', 'a'.repeat(128)],
    ['one of as many bytes as there can be', '\uffff'.repeat(128)],
  ])('is one write unit, also with %s', async (_, device) => {
    const userId = '0a6f3b1e-5f0c-4c55-9a53-0f8f3c2f7a10'
    clock.advance(1_790_000_000_000)
    for (let i = 0; i <= LIMITS.acknowledgements; i++) {
      await ledger.acknowledge(userId, device, 1_795_518_572_707 + i)
      await ledger.report(userId, device, 1_795_518_572_707 + i, 'x'.repeat(LIMITS.reportLength))
      clock.advance(99_999)
    }
    const [state] = await ledger.ofUser(userId)
    expect(state?.acknowledgements).toHaveLength(LIMITS.acknowledgements)
    expect(state?.reports).toHaveLength(LIMITS.reports)
    const bytes = itemBytes(wireOf((await itemOf(userId, `device#${device}`))!))
    console.log(`an acknowledgement's item: ${bytes} bytes`)
    expect(bytes).toBeLessThanOrEqual(1024)
  })

  it('of a row as it was before is its last one', async () => {
    const Item = { pk: 'ann', sk: 'device#phone', acknowledged: 5, acknowledgedAt: 7, seen: clock.now() }
    await tables.client.send(new PutCommand({ TableName: tables.connectionsTable, Item }))
    expect((await phone())?.acknowledgements).toEqual([{ offset: 5, at: 7 }])
    await ledger.acknowledge('ann', 'phone', 4)
    await ledger.acknowledge('ann', 'phone', 6)
    expect(await acknowledgedBy()).toEqual([5, 6])
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
    expect(await acknowledgedBy()).toEqual([42])
  })

  it('does not keep it from moving up, nor lose the report', async () => {
    await ledger.acknowledge('ann', 'phone', 42)
    await ledger.report('ann', 'phone', 43, 'x')
    answer = staleFirst()
    await ledger.acknowledge('ann', 'phone', 44)
    answer = async (_, proceed) => proceed()
    expect(await acknowledgedBy()).toEqual([42, 44])
    expect((await phone())?.reports).toMatchObject([{ offset: 43 }])
  })

  it('does not make a report push out another', async () => {
    await ledger.report('ann', 'phone', 42, 'x')
    answer = staleFirst()
    await ledger.report('ann', 'phone', 43, 'y')
    answer = async (_, proceed) => proceed()
    expect((await phone())?.reports).toMatchObject([{ offset: 42 }, { offset: 43 }])
  })
})

describe('another one that writes in between', () => {
  it('wins if it knows more', async () => {
    await ledger.acknowledge('ann', 'phone', 1)
    answer = beforeFirst('Update', async () => ledger.acknowledge('ann', 'phone', 9))
    await ledger.acknowledge('ann', 'phone', 5)
    expect(await acknowledgedBy()).toEqual([1, 9])
  })

  it('loses no report, and none is lost by it', async () => {
    await ledger.report('ann', 'phone', 1, 'first')
    answer = beforeFirst('Put', async () => ledger.report('ann', 'phone', 2, 'faster'))
    await ledger.report('ann', 'phone', 3, 'slower')
    expect((await phone())?.reports.map(({ error }) => error)).toEqual(['first', 'faster', 'slower'])
  })

  it('does not make it go on for ever', async () => {
    // The row is there for every read, and gone for every write.
    answer = async ({ name }) => {
      if (name === 'Get') return { Item: { seen: clock.now(), acknowledged: 1, acks: '[[1,1]]' } }
      const { ConditionalCheckFailedException } = await import('@aws-sdk/client-dynamodb')
      throw new ConditionalCheckFailedException({ message: 'no', $metadata: {} })
    }
    await expect(ledger.acknowledge('ann', 'phone', 5)).rejects.toThrow('phone of user ann changed')
    expect(calls).toHaveLength(10)
  })

  it('is no excuse for other failures', async () => {
    answer = async ({ name }, proceed) => (name === 'Put' ? Promise.reject(new Error('down')) : proceed())
    await expect(ledger.acknowledge('ann', 'phone', 5)).rejects.toThrow('down')
    await expect(ledger.report('ann', 'phone', 5, 'x')).rejects.toThrow('down')
  })
})

describe('an expired row that is still there', () => {
  it('counts as absent, and a write to it starts anew', async () => {
    await ledger.acknowledge('ann', 'phone', 42)
    await ledger.report('ann', 'phone', 43, 'old')
    clock.advance(RETENTION + 1)
    await ledger.acknowledge('ann', 'phone', 7)
    const seenAt = clock.now()
    const acknowledgements = [{ offset: 7, at: seenAt }]
    expect(await phone()).toEqual({ device: 'phone', seenAt, acknowledgements, reports: [] })
    clock.advance(RETENTION + 1)
    await ledger.report('ann', 'phone', 1, 'new')
    const reports = [{ offset: 1, error: 'new', at: clock.now() }]
    expect(await phone()).toEqual({ device: 'phone', seenAt: clock.now(), acknowledgements: [], reports })
  })

  it('is not continued where DynamoDB deletes it between our read and our write', async () => {
    await ledger.acknowledge('ann', 'phone', 42)
    answer = beforeFirst('Update', async () => {
      const Key = { pk: 'ann', sk: 'device#phone' }
      await tables.client.send(new DeleteCommand({ TableName: tables.connectionsTable, Key }))
    })
    await ledger.acknowledge('ann', 'phone', 50)
    expect(await acknowledgedBy()).toEqual([50])
  })

  it('is kept alive by a device that only reports', async () => {
    await ledger.acknowledge('ann', 'phone', 42)
    for (let i = 1; i <= 4; i++) {
      clock.advance(RETENTION / 2)
      await ledger.report('ann', 'phone', i, 'x')
    }
    expect(await acknowledgedBy()).toEqual([42])
  })

  it.each(['device#phone', 'device-reports#phone'])(
    'goes by its TTL, in seconds, never too early: %s',
    async (sk) => {
      clock.advance(1)
      await ledger.acknowledge('ann', 'phone', 1)
      await ledger.report('ann', 'phone', 1, 'x')
      expect((await itemOf('ann', sk))!['ttl']).toBe(Math.ceil((clock.now() + RETENTION) / 1000))
    },
  )
})

describe('a report', () => {
  it('is cut where it is too long, and not in the middle of a character', async () => {
    const last = async () => (await phone())?.reports.at(-1)?.error
    await ledger.report('ann', 'phone', 1, 'x'.repeat(LIMITS.reportLength + 1))
    expect(await last()).toBe('x'.repeat(LIMITS.reportLength))
    await ledger.report('ann', 'phone', 2, `${'x'.repeat(LIMITS.reportLength - 1)}😀`)
    expect(await last()).toBe(`${'x'.repeat(LIMITS.reportLength - 1)}\ufffd`)
  })
})

describe('a user with more devices than fit into one answer', () => {
  it('has them all, each with both of its rows', async () => {
    const all = Array.from({ length: 6 }, (_, i) => `d${i}`)
    for (const device of all) {
      await ledger.acknowledge('ann', device, 1)
      await ledger.report('ann', device, 2, 'x')
    }
    answer = async (call, proceed) => {
      if (call.name === 'Query') Object.assign(call.input, { Limit: 4 })
      return proceed()
    }
    const states = await ledger.ofUser('ann')
    expect(states.map(({ device }) => device)).toEqual(all)
    for (const { acknowledgements, reports } of states) {
      expect([acknowledgements.length, reports.length]).toEqual([1, 1])
    }
  })
})
