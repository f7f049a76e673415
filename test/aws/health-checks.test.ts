import { beforeEach, describe, expect, it } from 'vitest'
import { createHandler } from '../../lambdas/health.ts'
import { healthChecks } from '../../src/aws/health-checks.ts'
import { bodyOf, httpEvent } from '../lambdas/events.ts'
import { RecordingLogger } from '../support/fakes.ts'
import { createTables, type Tables } from './dynalite.ts'
import { useQueues } from './queues.ts'

const queues = useQueues()
let tables: Tables
let logger: RecordingLogger
beforeEach(async () => {
  logger = new RecordingLogger()
  tables = await createTables()
  return () => tables.close()
})

function healthWith(broken: Readonly<Record<string, string>>) {
  const queue = queues.createQueue()
  const { logTable, connectionsTable, client } = tables
  const checks = healthChecks({
    tables: client,
    queues: queue.client,
    logTable,
    connectionsTable,
    queueUrl: queue.queueUrl,
    deadLetterQueueUrl: queues.createQueue().queueUrl,
    logger,
    ...broken,
  })
  return createHandler({ checks, logger })(httpEvent())
}

const ok = { status: 'ok' }

describe('the health of a deployment', () => {
  it('is that of the tables and the queues', async () => {
    const answer = await healthWith({})
    expect(answer.statusCode).toBe(200)
    expect(bodyOf(answer)).toEqual({
      status: 'ok',
      parts: { log: ok, connections: ok, queue: ok, deadLetters: ok },
    })
  })

  it.each([
    ['log', { logTable: 'nowhere' }],
    ['connections', { connectionsTable: 'nowhere' }],
    ['queue', { queueUrl: 'http://127.0.0.1/000000000000/nowhere.fifo' }],
    ['deadLetters', { deadLetterQueueUrl: 'http://127.0.0.1/000000000000/nowhere.fifo' }],
  ])('names the part that is unwell, %s, and leaves what AWS says to the log', async (part, broken) => {
    const answer = await healthWith(broken)
    expect(answer.statusCode).toBe(503)
    const { parts } = bodyOf(answer) as { parts: Record<string, object> }
    expect(parts).toEqual({
      ...{ log: ok, connections: ok, queue: ok, deadLetters: ok },
      [part]: { status: 'failing', detail: expect.stringMatching(/^no answer: \w+$/) as string },
    })
    expect(logger.lines).toContainEqual(expect.objectContaining({ level: 'error', message: 'check failed' }))
  })
})
