import { beforeEach, describe, expect, it } from 'vitest'
import { notingProgress } from '../../src/aws/noting-progress.ts'
import { QueueProgress } from '../../src/aws/queue-progress.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { RecordingLogger } from '../support/fakes.ts'
import { type Call, interceptCalls } from './calls.ts'
import { createTables, type Tables } from './dynalite.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

let tables: Tables
let clock: ManualClock
let calls: Call[]
let consumer: QueueProgress
beforeEach(async () => {
  tables = await createTables()
  clock = new ManualClock()
  clock.advance(HOUR)
  calls = interceptCalls(tables.client)
  consumer = instance()
  return () => tables.close()
})

interface Result {
  readonly batchItemFailures: readonly object[]
}

/** A function's instance, which has written no mark yet. */
const instance = () => new QueueProgress({ client: tables.client, table: tables.connectionsTable, clock })
const check = async (waiting: number) => instance().stuckFor(waiting)

describe('a queue', () => {
  it('is not stuck while nothing waits, and then nothing is written', async () => {
    expect(await check(0)).toBe(0)
    clock.advance(HOUR)
    expect(await check(0)).toBe(0)
    expect(calls.map(({ name }) => name)).toEqual(['Get', 'Get'])
  })

  it('is not stuck by a burst after a quiet night', async () => {
    await consumer.consumed()
    clock.advance(8 * HOUR)
    expect(await check(500)).toBe(0)
    clock.advance(MINUTE)
    await consumer.consumed()
    expect(await check(300)).toBe(0)
  })

  it('is not stuck by a burst where the check before came hours ago, in another burst', async () => {
    await consumer.consumed()
    clock.advance(30 * SECOND)
    expect(await check(5)).toBe(0)
    // Got on with all five, without a mark: the last one is no minute old.
    clock.advance(5 * SECOND)
    await consumer.consumed()
    clock.advance(8 * HOUR)
    expect(await check(5)).toBe(0)
  })

  it('is not stuck by a burst where the check before still counted what was done with', async () => {
    await consumer.consumed()
    // The last of it is done with 59 s after the mark, and SQS counts it for 60 s more.
    clock.advance(119 * SECOND)
    expect(await check(1)).toBe(0)
    clock.advance(8 * HOUR)
    expect(await check(1)).toBe(0)
  })

  it('is stuck for as long as messages have waited, and its consumer is switched off', async () => {
    await consumer.consumed()
    clock.advance(10 * SECOND)
    // The first mark of those who check may be undone once, by the consumer's last.
    await check(1)
    clock.advance(2 * MINUTE)
    await check(2)
    const since = clock.now()
    for (const minutes of [1, 2, 3, 4]) {
      clock.advance(minutes * MINUTE)
      expect(await check(2 + minutes)).toBe(clock.now() - since)
    }
  })

  it('is stuck where there never was a consumer', async () => {
    await check(1)
    clock.advance(6 * MINUTE)
    expect(await check(1)).toBe(6 * MINUTE)
  })

  it('is not stuck any more once it is empty, or consumed', async () => {
    await check(1)
    clock.advance(6 * MINUTE)
    expect(await check(0)).toBe(0)
    expect(await check(1)).toBe(0)
    clock.advance(6 * MINUTE)
    expect(await check(1)).toBe(6 * MINUTE)
    await consumer.consumed()
    expect(await check(1)).toBe(0)
  })

  it('is not stuck while one group is blocked and others get on', async () => {
    for (let minute = 0; minute < 30; minute++) {
      await consumer.consumed()
      expect(await check(7)).toBe(0)
      clock.advance(MINUTE)
    }
  })
})

describe('a mark of the consumer', () => {
  it('is written once a minute by each instance, however much it consumes', async () => {
    for (let second = 0; second < 120; second++) {
      await consumer.consumed()
      clock.advance(SECOND)
    }
    expect(calls.map(({ name }) => name)).toEqual(['Update', 'Update'])
    await instance().consumed()
    expect(calls).toHaveLength(3)
  })
})

describe('the consumer', () => {
  const batch = { Records: [{}, {}] }
  const failing = (count: number) => async (): Promise<Result> => ({
    batchItemFailures: Array.from({ length: count }, () => ({ itemIdentifier: 'm' })),
  })
  let marks = 0
  const logger = new RecordingLogger()
  const progress = {
    consumed: async () => {
      marks++
    },
  }
  beforeEach(() => {
    marks = 0
    logger.lines.length = 0
  })

  it.each<[string, () => Promise<Result | undefined>, object, number]>([
    ['all was done with', failing(0), batch, 1],
    ['a part was done with', failing(1), batch, 1],
    ['nothing was done with', failing(2), batch, 0],
    ['nothing came from the queue', async () => undefined, { type: 'T' }, 0],
  ])('marks where %s', async (_, handle, event, expected) => {
    expect(await notingProgress({ progress, logger }, handle)(event)).toEqual(await handle())
    expect(marks).toBe(expected)
  })

  it('goes on where the mark cannot be written', async () => {
    const broken = { consumed: async () => Promise.reject(new Error('down')) }
    const handle = notingProgress({ progress: broken, logger }, failing(0))
    expect(await handle(batch)).toEqual({ batchItemFailures: [] })
    expect(logger.lines).toMatchObject([{ level: 'warn' }])
  })

  it('marks nothing where it fails as a whole', async () => {
    const handle = notingProgress({ progress, logger }, async () => Promise.reject(new Error('no')))
    await expect(handle(batch)).rejects.toThrow('no')
    expect(marks).toBe(0)
  })
})
