import { DeleteCommand, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
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
    await ledger.acknowledge('ann', 'phone', 42, 'socket')
    expect(namesOf(calls)).toEqual(['Get', 'Put'])
    calls.length = 0
    for (const offset of [42, 42, 41]) await ledger.acknowledge('ann', 'phone', offset, 'socket')
    expect(calls.map(({ name, input }) => [name, input['ConsistentRead']])).toEqual([
      ['Get', false],
      ['Get', false],
      ['Get', false],
    ])
    calls.length = 0
    clock.advance(LIMITS.seenAccuracy)
    for (const offset of [42, 42]) await ledger.acknowledge('ann', 'phone', offset, 'socket')
    expect(namesOf(calls)).toEqual(['Get', 'Update', 'Get'])
  })

  it('what is new costs a read and a write; a report looks at the acknowledgements as well', async () => {
    await ledger.acknowledge('ann', 'phone', 1, 'socket')
    calls.length = 0
    await ledger.acknowledge('ann', 'phone', 2, 'socket')
    expect(namesOf(calls)).toEqual(['Get', 'Update'])
    calls.length = 0
    await ledger.report('ann', 'phone', 3, 'x')
    expect(namesOf(calls)).toEqual(['Get', 'Put', 'Get'])
  })

  it('everything about a user’s devices is one query', async () => {
    for (const device of ['phone', 'tablet']) {
      await ledger.acknowledge('ann', device, 1, 'socket')
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
      await ledger.acknowledge(userId, device, 1_795_518_572_707 + i, 'poll')
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

  it('by a poll, and a start, are known for what they are, from then on', async () => {
    await ledger.acknowledge('ann', 'phone', 1, 'poll')
    await ledger.acknowledge('ann', 'phone', 2, 'socket')
    await ledger.acknowledge('ann', 'phone', 3, 'poll')
    await ledger.begins('ann', 'phone', 9)
    const at = clock.now()
    expect((await phone())?.acknowledgements).toEqual([
      { offset: 1, at, isPoll: true, isStart: true },
      { offset: 2, at },
      { offset: 3, at, isPoll: true },
      { offset: 9, at, isStart: true },
    ])
  })
})

describe('a row of the version before', () => {
  const putOld = async (attributes: object) => {
    const Item = { pk: 'ann', sk: 'device#phone', seen: clock.now(), ...attributes }
    await tables.client.send(new PutCommand({ TableName: tables.connectionsTable, Item }))
  }
  const failure = (offset: number) => ({ reportOffset: offset, reportError: 'old', reportAt: clock.now() })
  /** As that version moves it: beside functions of this one, while a deployment is under way. */
  const acknowledgeAsBefore = async (offset: number) => {
    const command = new UpdateCommand({
      TableName: tables.connectionsTable,
      Key: { pk: 'ann', sk: 'device#phone' },
      UpdateExpression: 'SET acknowledged = :offset, acknowledgedAt = :now, seen = :now',
      ConditionExpression:
        'seen >= :since AND (attribute_not_exists(acknowledged) OR acknowledged < :offset)',
      ExpressionAttributeValues: {
        ':offset': offset,
        ':now': clock.now(),
        ':since': clock.now() - RETENTION,
      },
    })
    await tables.client.send(command)
  }

  it('has its last acknowledgement, and goes on from there', async () => {
    await putOld({ acknowledged: 5, acknowledgedAt: 7 })
    expect((await phone())?.acknowledgements).toEqual([{ offset: 5, at: 7 }])
    await ledger.acknowledge('ann', 'phone', 4, 'socket')
    await ledger.acknowledge('ann', 'phone', 6, 'socket')
    expect(await acknowledgedBy()).toEqual([5, 6])
  })

  it('that has only a report takes acknowledgements as well', async () => {
    await putOld(failure(5))
    const reports = [{ offset: 5, error: 'old', at: clock.now() }]
    expect(await phone()).toEqual({ device: 'phone', seenAt: clock.now(), acknowledgements: [], reports })
    await ledger.seen('ann', 'phone', 0)
    for (const offset of [0, 6, 6, 7]) await ledger.acknowledge('ann', 'phone', offset, 'poll')
    expect(await acknowledgedBy()).toEqual([0, 6, 7])
    expect((await phone())?.reports).toEqual(reports)
  })

  it('that has only a report, written while we look, does so too', async () => {
    answer = beforeFirst('Put', async () => putOld(failure(5)))
    await ledger.acknowledge('ann', 'phone', 6, 'socket')
    expect(await acknowledgedBy()).toEqual([6])
  })

  it('has its report beside the newer ones, one for each offset', async () => {
    await putOld(failure(5))
    clock.advance(1)
    for (const offset of [4, 6]) await ledger.report('ann', 'phone', offset, 'new')
    const told = async () => (await phone())?.reports.map(({ offset, error }) => [offset, error])
    expect(await told()).toEqual([
      [4, 'new'],
      [5, 'old'],
      [6, 'new'],
    ])
    await ledger.report('ann', 'phone', 5, 'again')
    expect((await told())?.[1]).toEqual([5, 'again'])
  })

  it('tells of its report for as long as events are kept, though acknowledgements keep the row', async () => {
    await putOld(failure(5))
    for (const offset of [6, 7]) {
      clock.advance(RETENTION / 2)
      await ledger.acknowledge('ann', 'phone', offset, 'socket')
    }
    expect((await phone())?.reports).toHaveLength(1)
    clock.advance(1)
    expect((await phone())?.reports).toEqual([])
  })

  it('is read right where that version moves on a row of ours, and ours goes on from there', async () => {
    await ledger.seen('ann', 'phone', 0)
    await acknowledgeAsBefore(1)
    expect(await acknowledgedBy()).toEqual([1])
    await ledger.acknowledge('ann', 'phone', 5, 'socket')
    clock.advance(1)
    const at = clock.now()
    await acknowledgeAsBefore(9)
    clock.advance(1)
    expect((await phone())?.acknowledgements.at(-1)).toEqual({ offset: 9, at })
    await ledger.acknowledge('ann', 'phone', 9, 'socket')
    await ledger.acknowledge('ann', 'phone', 12, 'socket')
    expect(await acknowledgedBy()).toEqual([1, 5, 9, 12])
  })

  it('has no more acknowledgements for being of both versions', async () => {
    for (let i = 1; i <= LIMITS.acknowledgements; i++) await ledger.acknowledge('ann', 'phone', i, 'socket')
    await acknowledgeAsBefore(99)
    const acknowledged = await acknowledgedBy()
    expect(acknowledged).toHaveLength(LIMITS.acknowledgements)
    expect(acknowledged?.at(-1)).toBe(99)
  })
})

describe('a read that misses the newest', () => {
  it('does not move the acknowledgement down', async () => {
    await ledger.acknowledge('ann', 'phone', 42, 'socket')
    answer = staleFirst()
    calls.length = 0
    await ledger.acknowledge('ann', 'phone', 41, 'socket')
    expect(calls.map(({ name, input }) => [name, input['ConsistentRead']])).toEqual([
      ['Get', false],
      ['Put', undefined],
      ['Get', true],
    ])
    answer = async (_, proceed) => proceed()
    expect(await acknowledgedBy()).toEqual([42])
  })

  it('does not keep it from moving up, nor lose the report', async () => {
    await ledger.acknowledge('ann', 'phone', 42, 'socket')
    await ledger.report('ann', 'phone', 43, 'x')
    answer = staleFirst()
    await ledger.acknowledge('ann', 'phone', 44, 'socket')
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
    await ledger.acknowledge('ann', 'phone', 1, 'socket')
    answer = beforeFirst('Update', async () => ledger.acknowledge('ann', 'phone', 9, 'socket'))
    await ledger.acknowledge('ann', 'phone', 5, 'socket')
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
    await expect(ledger.acknowledge('ann', 'phone', 5, 'socket')).rejects.toThrow('phone of user ann changed')
    expect(calls).toHaveLength(10)
  })

  it('is no excuse for other failures', async () => {
    answer = async ({ name }, proceed) => (name === 'Put' ? Promise.reject(new Error('down')) : proceed())
    await expect(ledger.acknowledge('ann', 'phone', 5, 'socket')).rejects.toThrow('down')
    await expect(ledger.report('ann', 'phone', 5, 'x')).rejects.toThrow('down')
  })
})

describe('an expired row that is still there', () => {
  it('counts as absent, and a write to it starts anew', async () => {
    await ledger.acknowledge('ann', 'phone', 42, 'socket')
    await ledger.report('ann', 'phone', 43, 'old')
    clock.advance(RETENTION + 1)
    await ledger.acknowledge('ann', 'phone', 7, 'socket')
    const seenAt = clock.now()
    const acknowledgements = [{ offset: 7, at: seenAt }]
    expect(await phone()).toEqual({ device: 'phone', seenAt, acknowledgements, reports: [] })
    clock.advance(RETENTION + 1)
    await ledger.report('ann', 'phone', 1, 'new')
    const reports = [{ offset: 1, error: 'new', at: clock.now() }]
    expect(await phone()).toEqual({ device: 'phone', seenAt: clock.now(), acknowledgements: [], reports })
  })

  it('is not continued where DynamoDB deletes it between our read and our write', async () => {
    await ledger.acknowledge('ann', 'phone', 42, 'socket')
    answer = beforeFirst('Update', async () => {
      const Key = { pk: 'ann', sk: 'device#phone' }
      await tables.client.send(new DeleteCommand({ TableName: tables.connectionsTable, Key }))
    })
    await ledger.acknowledge('ann', 'phone', 50, 'socket')
    expect(await acknowledgedBy()).toEqual([50])
  })

  it('is kept alive by a device that only reports', async () => {
    await ledger.acknowledge('ann', 'phone', 42, 'socket')
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
      await ledger.acknowledge('ann', 'phone', 1, 'socket')
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

  it.each([
    ['characters of three bytes', '€', LIMITS.reportLength],
    ['characters that JSON escapes', '\u0001', LIMITS.reportLength / 2],
    ['quotes', '"', LIMITS.reportLength],
  ])('is 16 write units at most with the others, also of %s', async (_, character, kept) => {
    const [userId, device] = ['0a6f3b1e-5f0c-4c55-9a53-0f8f3c2f7a10', '\uffff'.repeat(128)]
    clock.advance(1_790_000_000_000)
    for (let i = 0; i <= LIMITS.reports; i++)
      await ledger.report(userId, device, 1_795_518_572_707 + i, character.repeat(LIMITS.reportLength))
    const [state] = await ledger.ofUser(userId)
    const told = state?.reports.map(({ error }) => error)
    expect(told).toEqual(Array.from({ length: LIMITS.reports }, () => character.repeat(kept)))
    const bytes = itemBytes(wireOf((await itemOf(userId, `device-reports#${device}`))!))
    expect(bytes).toBeLessThanOrEqual(16 * 1024)
  })
})

describe('a user with more devices than fit into one answer', () => {
  it('has them all, each with both of its rows', async () => {
    const all = Array.from({ length: 6 }, (_, i) => `d${i}`)
    for (const device of all) {
      await ledger.acknowledge('ann', device, 1, 'socket')
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

  it('is not read on and on if the names are invented', async () => {
    // Each page ends where the next begins.
    answer = async () => ({
      Items: [{ pk: 'ann', sk: `device#d${calls.length}`, seen: clock.now() }],
      LastEvaluatedKey: { pk: 'ann', sk: `device#d${calls.length}` },
    })
    const states = await ledger.ofUser('ann')
    expect(namesOf(calls)).toEqual(Array.from({ length: 4 }, () => 'Query'))
    expect(states.map(({ device }) => device)).toEqual(['d1', 'd2', 'd3', 'd4'])
  })

  it('has those told of that were seen last, in the order of their names, by a report as well', async () => {
    for (const device of ['b', 'a', 'zz']) await ledger.acknowledge('ann', device, 1, 'socket')
    const others = Array.from({ length: LIMITS.devicesPerUser - 2 }, (_, i) => `d${i}`)
    for (const device of others) {
      clock.advance(1)
      await ledger.seen('ann', device, 0)
    }
    clock.advance(1)
    await ledger.report('ann', 'a', 1, 'x')
    await ledger.report('ann', 'zz', 1, 'x')
    const told = (await ledger.ofUser('ann')).map(({ device }) => device)
    expect(told).toEqual(['a', ...others.toSorted(), 'zz'])
  })
})
