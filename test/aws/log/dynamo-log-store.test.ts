/** What is sent to DynamoDB, and what is made of its answers: those that dynalite never gives above all. */
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  ProvisionedThroughputExceededException,
} from '@aws-sdk/client-dynamodb'
import {
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DynamoEventLog } from '../../../src/aws/log/dynamo-event-log.ts'
import { DynamoLogStore } from '../../../src/aws/log/dynamo-log-store.ts'
import { CallTimeout } from '../../../src/aws/clients/bounded.ts'
import type { Receipt } from '../../../src/core/ports.ts'
import { ManualClock } from '../../contract/manual-clock.ts'
import { ALL, offsetsOf, range, statusesOf } from '../../contract/log-under-test.ts'
import { sampleEvent } from '../../contract/samples.ts'

const DAY = 86_400_000
const RETENTION = 30 * DAY

const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
const dynamo = mockClient(client)
const store = new DynamoLogStore(client, 'log')
let clock: ManualClock
let log: DynamoEventLog

beforeEach(() => {
  dynamo.reset()
  dynamo.onAnyCommand().resolves({})
  clock = new ManualClock()
  log = new DynamoEventLog({ client, table: 'log', clock, retentionMs: RETENTION })
})

afterEach(() => {
  vi.useRealTimers()
})

const refused = () => new ConditionalCheckFailedException({ message: 'no', $metadata: {} })
const throttled = () => new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: {} })
const sent = () => dynamo.calls().map(({ args: [command] }) => command)

function itemAt(offset: number, more: object = {}) {
  const seconds = Math.floor(clock.now() / 1000)
  return {
    pk: 'u#ann',
    sk: offset,
    id: `e${offset}`,
    at: clock.now(),
    ttl: seconds + 37 * 86_400,
    text: '{}',
    ...more,
  }
}

function receiptOf(eventId: string): Receipt {
  const recipients = [{ userId: 'ann', field: 'userId', offset: 8, deliveries: [] }]
  return { eventId, type: 'T', digest: 'd', state: 'logged', acceptedAt: 1000, recipients }
}

describe('a publish to a log that goes on', () => {
  it('costs an eventually consistent look at each tail, a receipt, and an entry each', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [itemAt(7)] })
    const event = sampleEvent('e8', ['ann', 'bob'])
    const [appended] = await log.append([event])
    expect(appended?.status).toBe('appended')
    expect(sent().map(({ constructor }) => constructor.name)).toEqual([
      'QueryCommand',
      'QueryCommand',
      'PutCommand',
      'PutCommand',
      'PutCommand',
    ])
    const [look, , receipt, entry] = sent().map(({ input }) => input)
    expect(look).toEqual({
      TableName: 'log',
      KeyConditionExpression: '#pk = :pk',
      ExpressionAttributeNames: { '#pk': 'pk' },
      ExpressionAttributeValues: { ':pk': 'u#ann' },
      ScanIndexForward: false,
      Limit: 1,
      ConsistentRead: false,
    })
    const seconds = clock.now() / 1000
    expect(receipt).toEqual({
      TableName: 'log',
      Item: {
        pk: 'e#e8',
        sk: 0,
        type: event.type,
        digest: event.digest,
        state: 'accepted',
        at: clock.now(),
        ttl: seconds + 60 * 86_400,
        to: '[["ann","recipientIds",7],["bob","recipientIds",7]]',
      },
      ConditionExpression: 'attribute_not_exists(#pk) OR #ttl < :now',
      ExpressionAttributeNames: { '#pk': 'pk', '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':now': seconds },
    })
    expect(entry).toEqual({
      TableName: 'log',
      Item: { pk: 'u#ann', sk: 8, id: 'e8', at: clock.now(), ttl: seconds + 37 * 86_400, text: event.text },
      ConditionExpression: 'attribute_not_exists(#pk)',
      ExpressionAttributeNames: { '#pk': 'pk' },
    })
  })

  it('looks again, consistently, where the tail is missing or nearly gone', async () => {
    const old = itemAt(7, { ttl: clock.now() / 1000 + 60 })
    dynamo.on(QueryCommand).resolves({ Items: [old] })
    await log.append([sampleEvent('e8', ['ann'])])
    const looks = dynamo.commandCalls(QueryCommand).map(({ args: [{ input }] }) => input.ConsistentRead)
    expect(looks).toEqual([false, true])
    const [head] = dynamo.commandCalls(GetCommand).map(({ args: [{ input }] }) => input)
    expect(head).toEqual({ TableName: 'log', Key: { pk: 'u#ann', sk: 0 }, ConsistentRead: true })
  })
})

describe('reading', () => {
  it('goes on behind a page that DynamoDB cut, and is consistent', async () => {
    const pages = [[itemAt(7), itemAt(8)], [itemAt(9)], []]
    for (const [i, Items] of pages.entries()) {
      const last = Items.at(-1)
      dynamo
        .on(QueryCommand, {
          ExpressionAttributeValues: {
            ':pk': 'u#ann',
            ':from': 7 + [0, 2, 3][i]!,
            ':to': Number.MAX_SAFE_INTEGER,
          },
        })
        .resolves({ Items, ...(last && { LastEvaluatedKey: { pk: last.pk, sk: last.sk } }) })
    }
    const page = await log.after('ann', 7, ALL)
    expect(page).toMatchObject({ head: 9, more: false, gap: false })
    expect(offsetsOf(page.entries)).toEqual([8, 9])
    const inputs = dynamo.commandCalls(QueryCommand).map(({ args: [{ input }] }) => input)
    expect(inputs.map(({ ConsistentRead, ScanIndexForward }) => [ConsistentRead, ScanIndexForward])).toEqual(
      range(3).map(() => [true, true]),
    )
  })

  it('of nothing asks nobody', async () => {
    expect(await store.range('ann', { from: 8, to: 7 })).toEqual({ entries: [], more: false })
    expect(sent()).toEqual([])
  })

  it('tells an entry from a head by its key', async () => {
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Items: [{ pk: 'u#ann', sk: 0, base: 9, at: 5, life: 6, used: true }] })
      .resolves({})
    expect(await store.tail('ann', 'consistent')).toEqual({ head: { base: 9, at: 5, lifeMs: 6, used: true } })
    expect(await store.tail('ann', 'consistent')).toEqual({})
  })
})

describe('a conditional put', () => {
  const head = { base: 9, at: 5, lifeMs: 6, used: true, prev: 7 }

  it('tells whether its condition held', async () => {
    dynamo.on(PutCommand).resolvesOnce({}).rejectsOnce(refused())
    expect(await store.putHead('ann', head, undefined)).toBe(true)
    expect(await store.putHead('ann', head, undefined)).toBe(false)
  })

  it('fails where DynamoDB did', async () => {
    dynamo.on(PutCommand).rejects(throttled())
    await expect(store.putHead('ann', head, undefined)).rejects.toThrow('slow down')
  })

  it('of a head is for the first, or for the one that was read', async () => {
    await store.putHead('ann', head, undefined)
    await store.putHead('ann', head, { base: 3, at: 4, lifeMs: 6, used: false })
    const [first, second] = dynamo.commandCalls(PutCommand).map(({ args: [{ input }] }) => input)
    expect(first?.ConditionExpression).toBe('attribute_not_exists(#pk)')
    expect(second).toEqual({
      TableName: 'log',
      Item: { pk: 'u#ann', sk: 0, base: 9, at: 5, life: 6, used: true, prev: 7 },
      ConditionExpression: '#base = :base AND #at = :at AND #used = :used',
      ExpressionAttributeNames: { '#base': 'base', '#at': 'at', '#used': 'used' },
      ExpressionAttributeValues: { ':base': 3, ':at': 4, ':used': false },
    })
  })
})

describe('a call that fails', () => {
  const events = [
    sampleEvent('e1', ['ann']),
    sampleEvent('e2', ['bob']),
    sampleEvent('e3', ['ann', 'cat']),
    sampleEvent('e4', ['cat']),
    sampleEvent('e5', ['dan']),
  ]

  it.each([
    ['it is throttled', throttled()],
    ['it takes too long', new CallTimeout('a call of DynamoDB took over 8000 ms with all its tries')],
  ])('fails its event, and those behind it, and no other: %s', async (_, error) => {
    dynamo.on(QueryCommand).resolves({ Items: [itemAt(7)] })
    dynamo.on(PutCommand).callsFake(async (input: { Item: { pk: string } }) => {
      if (input.Item.pk === 'u#ann') throw error
      return {}
    })
    const appended = await log.append(events)
    expect(statusesOf(appended)).toEqual(['failed', 'appended', 'failed', 'failed', 'appended'])
    const errors = appended.flatMap((one) => (one.status === 'failed' ? [one.error] : []))
    expect(errors[0]).toBe(error)
    expect(errors[1]?.message).toMatch(/^event e3 was not tried/)
    const receipts = dynamo
      .commandCalls(PutCommand)
      .map(({ args: [{ input }] }) => String(input.Item?.['pk']))
    expect(receipts).not.toContain('e#e3')
    expect(receipts).not.toContain('e#e4')
  })

  it('is under way with at most 39 others', async () => {
    let [now, most] = [0, 0]
    dynamo.on(QueryCommand).callsFake(async () => {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setImmediate(resolve))
      now--
      return { Items: [itemAt(7)] }
    })
    const users = range(100).map((i) => `user-${i}`)
    expect(statusesOf(await log.append([sampleEvent('e1', users)]))).toEqual(['appended'])
    expect(most).toBe(40)
  })
})

describe('receipts that are completed', () => {
  const batches = () => {
    return dynamo
      .commandCalls(BatchWriteCommand)
      .map(({ args: [{ input }] }) =>
        input.RequestItems!['log']!.map((one) => String(one.PutRequest?.Item?.['pk'])),
      )
  }

  it('go 25 at a time, as DynamoDB takes them', async () => {
    await store.complete(range(60).map((i) => ({ receipt: receiptOf(`e${i}`), ttl: 5 })))
    expect(batches().map(({ length }) => length)).toEqual([25, 25, 10])
    expect(batches().flat()).toEqual(range(60).map((i) => `e#e${i}`))
  })

  it('are tried again where DynamoDB left them, and only those', async () => {
    vi.useFakeTimers()
    let call = 0
    dynamo.on(BatchWriteCommand).callsFake(async (input: { RequestItems: { log: unknown[] } }) => {
      const left = input.RequestItems.log.slice(++call)
      return { UnprocessedItems: left.length > 0 ? { log: left } : {} }
    })
    const running = store.complete(range(6).map((i) => ({ receipt: receiptOf(`e${i}`), ttl: 5 })))
    await vi.runAllTimersAsync()
    await running
    expect(batches().map((batch) => batch.join())).toEqual([
      'e#e0,e#e1,e#e2,e#e3,e#e4,e#e5',
      'e#e1,e#e2,e#e3,e#e4,e#e5',
      'e#e3,e#e4,e#e5',
    ])
  })

  it('are given up when DynamoDB keeps leaving them, and say so', async () => {
    vi.useFakeTimers()
    dynamo.on(BatchWriteCommand).callsFake(async (input: { RequestItems: object }) => {
      return { UnprocessedItems: input.RequestItems }
    })
    const running = store.complete([{ receipt: receiptOf('e1'), ttl: 5 }])
    const outcome = expect(running).rejects.toThrow('DynamoDB left 1 receipts unwritten after 6 tries')
    await vi.runAllTimersAsync()
    await outcome
    expect(batches()).toHaveLength(6)
  })
})
