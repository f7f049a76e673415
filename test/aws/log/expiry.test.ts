/** Logs that expire and are deleted, as DynamoDB's TTL does it: late, or not at all, and in any order. */
import { DeleteCommand, type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DynamoEventLog } from '../../../src/aws/log/dynamo-event-log.ts'
import { LIMITS } from '../../../src/core/limits.ts'
import { type ReadResult, readLog } from '../../../src/core/read.ts'
import { ManualClock } from '../../contract/manual-clock.ts'
import { sampleEvent } from '../../contract/samples.ts'
import { createTables, type Tables } from '../dynalite.ts'

const DAY = 86_400_000
const RETENTION = 30 * DAY
const GRACE = 7 * DAY
const LIMITS_OF_PAGE = { events: 100, bytes: LIMITS.pageBytes }

let tables: Tables
beforeAll(async () => {
  tables = await createTables()
})
afterAll(async () => tables.close())

let users = 0

describe('a log that expires', () => {
  let clock: ManualClock
  let log: DynamoEventLog
  let userId: string
  let published = 0

  beforeEach(() => {
    clock = new ManualClock()
    log = new DynamoEventLog({ client: tables.client, table: tables.logTable, clock, retentionMs: RETENTION })
    userId = `user-${++users}`
  })

  async function publish(): Promise<number> {
    const [appended] = await log.append([sampleEvent(`${userId}-${++published}`, [userId])])
    if (appended?.status !== 'appended') throw new Error('not appended')
    clock.advance(1)
    return appended.receipt.recipients[0]!.offset
  }

  const read = async (after: number): Promise<ReadResult> =>
    readLog(log, userId, { kind: 'after', offset: after }, LIMITS_OF_PAGE)
  const sweep = async () => deleteExpired(tables.client, tables.logTable, userId, clock.now())

  it.each([
    ['still there', false],
    ['deleted', true],
  ])('goes on above every offset ever given when all has expired and is %s', async (_, isDeleted) => {
    const old = [await publish(), await publish(), await publish()]
    for (let times = 0; times < 3; times++) {
      clock.advance(RETENTION + GRACE + DAY)
      if (isDeleted) expect(await sweep()).toBeGreaterThan(0)
      const next = await publish()
      expect(next).toBeGreaterThan(Math.max(...old))
      old.push(next)
    }
    expect(old).toEqual(old.toSorted((a, b) => a - b))
  })

  it.each([
    ['within the grace', RETENTION + DAY],
    ['after the grace', RETENTION + GRACE + DAY],
  ])('tells a reader who missed something so, %s, whether it is deleted or not', async (_, passed) => {
    const [first] = [await publish(), await publish()]
    clock.advance(passed)
    expect(await read(first)).toMatchObject({ entries: [], truncated: true })
    await sweep()
    const { truncated, head } = await read(first)
    expect(truncated).toBe(true)
    const next = await publish()
    expect(next).toBe(head + 1)
    expect(await read(first)).toMatchObject({ entries: [], truncated: true, head: next })
    expect(await read(head)).toMatchObject({ entries: [{ offset: next }], truncated: false })
  })

  it('tells a reader who saw everything, and comes back within the grace, that nothing is missing', async () => {
    await publish()
    const last = await publish()
    clock.advance(RETENTION + GRACE - DAY)
    expect(await read(last)).toEqual({ entries: [], head: last, more: false, truncated: false })
    const next = await publish()
    expect(await read(last)).toMatchObject({ entries: [{ offset: next }], truncated: false })
  })

  it('starts again, and knows who had seen everything, if the last entry is still certain', async () => {
    const last = await publish()
    clock.advance(RETENTION + GRACE - 20 * 60_000)
    const next = await publish()
    expect(next).toBeGreaterThan(last + 1)
    expect(await read(last)).toMatchObject({ entries: [{ offset: next }], truncated: false })
    expect((await read(last - 1)).truncated).toBe(true)
  })

  it('tells a reader who comes back to nothing at all to refetch, who may have missed something', async () => {
    const last = await publish()
    clock.advance(RETENTION + GRACE + DAY)
    await sweep()
    const { truncated, head } = await read(last)
    expect(truncated).toBe(true)
    expect(head).toBeGreaterThanOrEqual(last)
    expect((await read(head)).truncated).toBe(false)
  })

  it('is never truncated from the beginning', async () => {
    expect((await read(0)).truncated).toBe(false)
    await publish()
    clock.advance(RETENTION + 1)
    expect((await read(0)).truncated).toBe(false)
    clock.advance(GRACE + DAY)
    await sweep()
    expect(await read(0)).toMatchObject({ entries: [], truncated: false })
    const next = await publish()
    expect(await read(0)).toMatchObject({ entries: [{ offset: next }], truncated: false })
  })

  it('that nobody ever published to stays as it was, however long', async () => {
    const { head } = await read(0)
    for (let years = 0; years < 3; years++) {
      clock.advance(365 * DAY)
      await sweep()
      expect(await read(head)).toEqual({ entries: [], head, more: false, truncated: false })
    }
    expect(await publish()).toBe(head + 1)
    expect(await read(head)).toMatchObject({ entries: [{ offset: head + 1 }], truncated: false })
  })

  it('has heads that never fall', async () => {
    let before = await log.head(userId)
    for (const [passed, publishes] of [
      [DAY, 2],
      [RETENTION, 0],
      [GRACE, 1],
      [RETENTION + GRACE + DAY, 0],
      [RETENTION + GRACE + DAY, 1],
      [RETENTION / 2, 3],
      [2 * RETENTION, 0],
    ] as const) {
      clock.advance(passed)
      await sweep()
      for (let i = 0; i < publishes; i++) expect(await publish()).toBeGreaterThan(before)
      const head = await log.head(userId)
      expect(head).toBeGreaterThanOrEqual(before)
      before = head
    }
  })
})

/** What DynamoDB does with what is past its TTL. */
async function deleteExpired(
  client: DynamoDBDocumentClient,
  table: string,
  userId: string,
  now: number,
): Promise<number> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': `u#${userId}` },
    }),
  )
  const expired = Items.filter(({ ttl }) => ttl !== undefined && (ttl as number) * 1000 < now)
  for (const item of expired) {
    const Key = { pk: item['pk'] as string, sk: item['sk'] as number }
    await client.send(new DeleteCommand({ TableName: table, Key }))
  }
  return expired.length
}
