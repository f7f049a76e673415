import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { beforeEach, describe, expect, it } from 'vitest'
import { createHandler } from '../../lambdas/health.ts'
import { healthChecks } from '../../src/aws/health-checks.ts'
import { QueueProgress } from '../../src/aws/queue-progress.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { bodyOf, httpEvent } from '../lambdas/events.ts'
import { RecordingLogger } from '../support/fakes.ts'
import { interceptCalls, sdkError } from './calls.ts'
import { createTables, type Tables } from './dynalite.ts'
import { useQueues } from './queues.ts'

const MINUTE = 60_000

const queues = useQueues()
let tables: Tables
let clock: ManualClock
let logger: RecordingLogger
let queue: ReturnType<typeof queues.createQueue>
let dead: ReturnType<typeof queues.createQueue>
beforeEach(async () => {
  logger = new RecordingLogger()
  clock = new ManualClock()
  tables = await createTables()
  queue = queues.createQueue()
  dead = queues.createQueue()
  return () => tables.close()
})

async function health(broken: Readonly<Record<string, string>> = {}) {
  const { logTable, connectionsTable, client } = tables
  const checks = healthChecks({
    tables: client,
    queues: queue.client,
    logTable,
    connectionsTable,
    queueUrl: queue.queueUrl,
    deadLetterQueueUrl: dead.queueUrl,
    clock,
    logger,
    ...broken,
  })
  const answer = await createHandler({ checks, logger })(httpEvent())
  const { status, parts } = bodyOf(answer) as { status: string; parts: Record<string, object> }
  return { statusCode: answer.statusCode, status, parts }
}

async function send(to: typeof queue, group: string): Promise<void> {
  await to.client.send(
    new SendMessageCommand({
      QueueUrl: to.queueUrl,
      MessageBody: '{}',
      MessageGroupId: group,
      MessageDeduplicationId: group,
    }),
  )
}

const ok = { status: 'ok' }
const WELL = {
  log: ok,
  connections: ok,
  queue: { ...ok, waiting: 0, inFlight: 0 },
  deadLetters: { ...ok, messages: 0 },
}

describe('the health of a deployment', () => {
  it('is that of the tables and the queues', async () => {
    expect(await health()).toEqual({ statusCode: 200, status: 'ok', parts: WELL })
  })

  it('counts what waits, what is being worked on, and what is dead', async () => {
    for (const group of ['a', 'b', 'c']) await send(queue, group)
    await send(dead, 'a')
    await queue.client.send(new ReceiveMessageCommand({ QueueUrl: queue.queueUrl }))
    expect((await health()).parts).toEqual({
      ...WELL,
      queue: { ...ok, waiting: 2, inFlight: 1 },
      deadLetters: { ...ok, messages: 1 },
    })
  })

  it('writes to the log’s table, the same item each time', async () => {
    await health()
    clock.advance(5)
    await health()
    const Key = { pk: 'health', sk: 0 }
    const { Item } = await tables.client.send(new GetCommand({ TableName: tables.logTable, Key }))
    expect(Item).toEqual({ ...Key, at: clock.now() })
  })

  it('is bad if the log can be read and not be written', async () => {
    interceptCalls(tables.client, async ({ name }, proceed) => {
      if (name === 'Put') throw sdkError(400, 'AccessDeniedException')
      return proceed()
    })
    const { statusCode, parts } = await health()
    expect(statusCode).toBe(503)
    expect(parts).toEqual({
      ...WELL,
      log: { status: 'failing', detail: 'no answer: AccessDeniedException' },
    })
  })

  it.each([
    ['log', { logTable: 'nowhere' }],
    ['connections', { connectionsTable: 'nowhere' }],
    ['queue', { queueUrl: 'http://127.0.0.1/000000000000/nowhere.fifo' }],
    ['deadLetters', { deadLetterQueueUrl: 'http://127.0.0.1/000000000000/nowhere.fifo' }],
  ])('names the part that is unwell, %s, and leaves what AWS says to the log', async (part, broken) => {
    const { statusCode, parts } = await health(broken)
    expect(statusCode).toBe(503)
    expect(parts).toEqual({
      ...WELL,
      [part]: { status: 'failing', detail: expect.stringMatching(/^no answer: \w+$/) as string },
    })
    expect(logger.lines).toContainEqual(expect.objectContaining({ level: 'error', message: 'check failed' }))
  })
})

describe('the queue', () => {
  const receive = async () => {
    const QueueUrl = queue.queueUrl
    await queue.client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 3600 }),
    )
  }
  const consumed = async () => {
    const { client, connectionsTable: table } = tables
    await new QueueProgress({ client, table, clock }).consumed()
  }

  it('is stuck where messages wait for over five minutes and none is done with', async () => {
    await send(queue, 'a')
    expect((await health()).parts['queue']).toEqual({ ...ok, waiting: 1, inFlight: 0 })
    clock.advance(5 * MINUTE)
    expect((await health()).statusCode).toBe(200)
    clock.advance(1)
    expect(await health()).toMatchObject({
      statusCode: 503,
      parts: {
        queue: {
          status: 'failing',
          detail: expect.stringMatching(
            /^stuck: 1 messages wait, 0 are in flight or put off, and for 5 minutes /,
          ) as string,
        },
      },
    })
  })

  it('is not, once its consumer has got on', async () => {
    await send(queue, 'a')
    await health()
    clock.advance(6 * MINUTE)
    await consumed()
    expect((await health()).statusCode).toBe(200)
  })

  it('is stuck where all that is in it has failed and is put off, which SQS counts as in flight', async () => {
    for (const group of ['a', 'b']) await send(queue, group)
    await receive()
    expect((await health()).parts['queue']).toEqual({ ...ok, waiting: 0, inFlight: 2 })
    // One whose run broke off comes back by itself within this.
    clock.advance(8 * MINUTE)
    expect((await health()).parts['queue']).toEqual({ ...ok, waiting: 0, inFlight: 2 })
    clock.advance(1)
    const { statusCode, parts } = await health()
    expect(statusCode).toBe(503)
    expect(parts['queue']).toMatchObject({
      detail: expect.stringMatching(
        /^stuck: 0 messages wait, 2 are in flight or put off, and for 8 /,
      ) as string,
    })
  })

  it('is stuck by what was found in flight before, and waits again', async () => {
    await send(queue, 'a')
    await receive()
    await health()
    clock.advance(5 * MINUTE + 1)
    await send(queue, 'b')
    expect((await health()).statusCode).toBe(503)
  })

  it('is stuck where all that is in it is delayed', async () => {
    interceptCalls(queue.client, async ({ input }, proceed) => {
      if (input['QueueUrl'] !== queue.queueUrl) return proceed()
      const asked = input['AttributeNames'] as string[]
      return {
        Attributes: Object.fromEntries(asked.map((name) => [name, name.endsWith('Delayed') ? '3' : '0'])),
      }
    })
    expect((await health()).parts['queue']).toEqual({ ...ok, waiting: 0, inFlight: 0 })
    clock.advance(8 * MINUTE + 1)
    expect((await health()).statusCode).toBe(503)
  })

  it('is not, while batches take long, one always in flight, and each is done with in the end', async () => {
    await send(queue, 'a')
    await receive()
    for (let minute = 0; minute < 30; minute++) {
      expect((await health()).statusCode).toBe(200)
      clock.advance(MINUTE)
      // Each takes all of the function's minute, and a mark is written at most once in that.
      if (minute % 2 === 1) await consumed()
    }
  })
})
