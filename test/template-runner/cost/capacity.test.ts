import { describe, expect, it } from 'vitest'
import { capacityOf } from '../../../src/template-runner/cost/capacity.ts'
import { call, itemOf } from './snippets.ts'

const FAILED = { status: 400, errorType: 'ConditionalCheckFailedException' }
const consumed = (CapacityUnits: number) => ({ ConsumedCapacity: { TableName: 'Log', CapacityUnits } })
const unitsOf = (...args: Parameters<typeof call>) => capacityOf(call(...args))?.units

describe('reading', () => {
  it('GetItem: the documentation’s 3.5 KB are 4 KB, its 10 KB are 12 KB', () => {
    expect(unitsOf('GetItem', { ConsistentRead: true }, { Item: itemOf(3.5) })).toBe(1)
    expect(unitsOf('GetItem', { ConsistentRead: true }, { Item: itemOf(10) })).toBe(3)
    expect(unitsOf('GetItem', {}, { Item: itemOf(10) })).toBe(1.5)
    expect(unitsOf('GetItem', {}, { Item: itemOf(4) })).toBe(0.5)
    expect(unitsOf('GetItem', {}, { Item: itemOf(4 + 1 / 1024) })).toBe(1)
  })

  it('GetItem: an item that is not there costs the minimum', () => {
    expect(unitsOf('GetItem', { ConsistentRead: true }, {})).toBe(1)
    expect(unitsOf('GetItem', {}, {})).toBe(0.5)
  })

  it('Query: the documentation’s 40.8 KB in ten items are 44 KB together', () => {
    const Items = Array.from({ length: 10 }, () => itemOf(4.08))
    expect(unitsOf('Query', { ConsistentRead: true }, { Items, Count: 10, ScannedCount: 10 })).toBe(11)
    expect(unitsOf('Query', {}, { Items })).toBe(5.5)
    expect(unitsOf('Query', {}, { Items: Items.slice(0, 1) })).toBe(1)
  })

  it('Query: no item costs the minimum, which the local engine reports as 0', () => {
    const none = { Items: [], Count: 0, ScannedCount: 0, ...consumed(0) }
    expect(unitsOf('Query', { ConsistentRead: true }, none)).toBe(1)
    expect(unitsOf('Query', {}, none)).toBe(0.5)
  })

  it('BatchGetItem: the documentation’s 1.5 KB and 6.5 KB are 4 KB and 8 KB', () => {
    const keys = [{ pk: { S: 'a' } }, { pk: { S: 'b' } }]
    const request = (more = {}) => ({ RequestItems: { Log: { Keys: keys, ...more } } })
    const Responses = { Log: [itemOf(1.5), itemOf(6.5)] }
    expect(unitsOf('BatchGetItem', request({ ConsistentRead: true }), { Responses })).toBe(3)
    expect(unitsOf('BatchGetItem', request(), { Responses })).toBe(1.5)
  })

  it('BatchGetItem: a missing item costs the minimum, one left unprocessed nothing', () => {
    const keys = ['a', 'b', 'c'].map((S) => ({ pk: { S } }))
    const request = {
      RequestItems: { Log: { Keys: keys, ConsistentRead: true }, Other: { Keys: keys.slice(0, 1) } },
    }
    const response = {
      Responses: { Log: [itemOf(5)], Other: [] },
      UnprocessedKeys: { Log: { Keys: keys.slice(0, 1) } },
    }
    expect(unitsOf('BatchGetItem', request, response)).toBe(2 + 1 + 0.5)
  })

  it('TransactGetItems: double, also for what is not there', () => {
    const request = { TransactItems: [{}, {}] }
    expect(unitsOf('TransactGetItems', request, { Responses: [{ Item: itemOf(5) }, {}] })).toBe(6)
  })

  it('takes the engine’s figure where a projection or a filter hides the size', () => {
    const filtered = { Items: [itemOf(1)], Count: 1, ScannedCount: 9 }
    expect(capacityOf(call('Query', {}, { ...filtered, ...consumed(4.5) }))).toEqual({
      ...{ kind: 'readUnit', units: 4.5, estimated: false },
    })
    expect(capacityOf(call('Query', {}, filtered))).toMatchObject({ units: 0.5, estimated: true })
    expect(capacityOf(call('GetItem', { ProjectionExpression: 'pk' }, {}))).toMatchObject({ estimated: true })
  })

  it('a failed read costs nothing', () => {
    const failure = { status: 400, errorType: 'ProvisionedThroughputExceededException' }
    expect(unitsOf('GetItem', {}, {}, failure)).toBe(0)
  })
})

describe('writing', () => {
  it('PutItem: each KB or part of it, names, keys and TTL included', () => {
    const payload = { event: { S: 'x'.repeat(1024) } }
    const entry = { pk: { S: 'u#ann' }, sk: { N: '1' }, ttl: { N: '1792592000' }, ...payload }
    expect(unitsOf('PutItem', { Item: itemOf(0.5) })).toBe(1)
    expect(unitsOf('PutItem', { Item: itemOf(1) })).toBe(1)
    expect(unitsOf('PutItem', { Item: itemOf(1 + 1 / 1024) })).toBe(2)
    expect(unitsOf('PutItem', { Item: entry })).toBe(2)
  })

  it('PutItem: a larger item that it replaces counts, and only the engine knows it', () => {
    expect(unitsOf('PutItem', { Item: itemOf(1) }, consumed(7))).toBe(7)
  })

  it('PutItem: a failed condition costs the units of the put, or of the item that was there', () => {
    expect(unitsOf('PutItem', { Item: itemOf(2.5) }, {}, FAILED)).toBe(3)
    expect(unitsOf('PutItem', { Item: itemOf(2.5) }, { Item: itemOf(5) }, FAILED)).toBe(5)
  })

  it('other failures cost nothing', () => {
    expect(
      unitsOf('PutItem', { Item: itemOf(2) }, {}, { status: 400, errorType: 'ValidationException' }),
    ).toBe(0)
    expect(unitsOf('PutItem', { Item: itemOf(2) }, {}, { status: 500 })).toBe(0)
  })

  it('UpdateItem: the engine knows the larger of before and after; without it there is a lower bound', () => {
    const request = { Key: { pk: { S: 'ann' } }, ExpressionAttributeValues: { ':c': itemOf(1.5).pk } }
    expect(capacityOf(call('UpdateItem', request, consumed(3)))).toEqual({
      ...{ kind: 'writeUnit', units: 3, estimated: false },
    })
    expect(capacityOf(call('UpdateItem', request))).toEqual({ kind: 'writeUnit', units: 2, estimated: true })
    const whole = { ...request, ReturnValues: 'ALL_NEW' }
    expect(capacityOf(call('UpdateItem', whole, { Attributes: itemOf(4) }))).toMatchObject({
      units: 4,
      estimated: false,
    })
    const changedOnly = { ...request, ReturnValues: 'UPDATED_NEW' }
    expect(capacityOf(call('UpdateItem', changedOnly, { Attributes: itemOf(4) }))).toMatchObject({
      estimated: true,
    })
  })

  it('DeleteItem and UpdateItem: at least one unit, also when a condition fails', () => {
    expect(unitsOf('DeleteItem', { Key: { pk: { S: 'a' } } })).toBe(1)
    expect(unitsOf('UpdateItem', { Key: { pk: { S: 'a' } } }, {}, FAILED)).toBe(1)
    expect(unitsOf('UpdateItem', { Key: { pk: { S: 'a' } } }, { Item: itemOf(3) }, FAILED)).toBe(3)
  })

  it('BatchWriteItem: the documentation’s 500 bytes and 3.5 KB are 1 KB and 4 KB', () => {
    const requests = [500 / 1024, 3.5].map((size) => ({ PutRequest: { Item: itemOf(size) } }))
    const request = { RequestItems: { Log: requests } }
    expect(unitsOf('BatchWriteItem', request)).toBe(5)
    expect(unitsOf('BatchWriteItem', request, { UnprocessedItems: { Log: requests.slice(1) } })).toBe(1)
    const deleting = { RequestItems: { Log: [{ DeleteRequest: { Key: { pk: { S: 'a' } } } }] } }
    expect(capacityOf(call('BatchWriteItem', deleting))).toMatchObject({ units: 1, estimated: true })
  })

  it('TransactWriteItems: the documentation’s three items of 500 bytes are 6 units, also when cancelled', () => {
    const TransactItems = [1, 2, 3].map(() => ({ Put: { Item: itemOf(500 / 1024) } }))
    const cancelled = { status: 400, errorType: 'TransactionCanceledException' }
    expect(unitsOf('TransactWriteItems', { TransactItems })).toBe(6)
    expect(unitsOf('TransactWriteItems', { TransactItems }, {}, cancelled)).toBe(6)
    expect(unitsOf('TransactWriteItems', { TransactItems: [{ ConditionCheck: {} }] })).toBe(2)
  })
})

it('an operation on the table itself has no units', () => {
  expect(capacityOf(call('DescribeTable', {}))).toBeUndefined()
  expect(capacityOf(call('toString', {}))).toBeUndefined()
})
