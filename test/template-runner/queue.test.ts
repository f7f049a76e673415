import { GetQueueAttributesCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import { Duration, type Stack } from 'aws-cdk-lib'
import { SqsEventSource, type SqsEventSourceProps } from 'aws-cdk-lib/aws-lambda-event-sources'
import { Queue, type QueueProps } from 'aws-cdk-lib/aws-sqs'
import { describe, expect, it } from 'vitest'
import type { Faults, RunningTemplate, TemplateOptions } from '../../src/template-runner/run-template.ts'
import { deferred } from '../support/deferred.ts'
import { functionOf, run } from './support/fixture.ts'
import { sqs } from './support/queues.ts'

/** Writes what it got, a line each; fails what says so. */
const consumer = `
  export const handler = async (event) => {
    const failed = []
    for (const record of event.Records) {
      const { attributes: { MessageGroupId: group, ApproximateReceiveCount: count }, body } = record
      console.log(JSON.stringify({ group, body, count: Number(count), batch: event.Records.length }))
      if (body === 'record') console.log(JSON.stringify(record))
      if (body.startsWith('throw')) throw new Error('asked to')
      if (body.startsWith('fail')) failed.push({ itemIdentifier: record.messageId })
      if (body.startsWith('unknown')) failed.push({ itemIdentifier: 'nobody' })
    }
    return { batchItemFailures: failed }
  }`

interface Wanted {
  readonly source?: Partial<SqsEventSourceProps>
  readonly queue?: Partial<QueueProps>
  readonly maxReceiveCount?: number
}

async function serve(
  { source, queue: props, maxReceiveCount }: Wanted = {},
  options: Omit<TemplateOptions, 'cdkOut'> = {},
): Promise<RunningTemplate> {
  return run((stack: Stack) => {
    const dead = new Queue(stack, 'Dead', { fifo: true })
    const queue = new Queue(stack, 'Queue', {
      fifo: true,
      visibilityTimeout: Duration.seconds(1),
      ...(maxReceiveCount !== undefined && { deadLetterQueue: { queue: dead, maxReceiveCount } }),
      ...props,
    })
    const fn = functionOf(stack, 'Consumer', consumer, {
      functionName: 'consumer',
      timeout: Duration.seconds(1),
    })
    fn.addEventSource(new SqsEventSource(queue, { batchSize: 10, reportBatchItemFailures: true, ...source }))
  }, options)
}

interface Line {
  readonly group: string
  readonly body: string
  readonly count: number
  readonly batch: number
}

const linesOf = (running: RunningTemplate): Line[] =>
  running.logs.lines.map(({ text }) => JSON.parse(text) as Line).filter(({ group }) => group)
const deletedBy = (running: RunningTemplate): number =>
  running.recording.calls
    .filter(({ operation }) => operation === 'DeleteMessageBatch')
    .reduce((sum, { request }) => sum + (request as { Entries: unknown[] }).Entries.length, 0)
const untilDeleted = async (running: RunningTemplate, count: number): Promise<void> =>
  running.recording.when(() => deletedBy(running) >= count)

function queueUrl(running: RunningTemplate, id: RegExp): string {
  return Object.entries(running.queueUrls).find(([name]) => id.test(name))![1]
}

/** At most ten at a time, `[group, body]` each. */
async function send(running: RunningTemplate, messages: [string, string][]): Promise<void> {
  await sqs(running).send(
    new SendMessageBatchCommand({
      QueueUrl: queueUrl(running, /^Queue/),
      Entries: messages.map(([group, body], index) => ({
        Id: String(index),
        MessageBody: body,
        MessageGroupId: group,
        MessageDeduplicationId: `${group}-${body}`,
        MessageAttributes: { kind: { DataType: 'String', StringValue: 'test' } },
      })),
    }),
  )
}

/** Keeps the poller from receiving until all that it is to find was sent. */
function heldReceives(): { faults: Faults; letGo: () => void } {
  const { promise, resolve } = deferred<undefined>()
  const before: Faults['before'] = async ({ operation }) =>
    operation === 'ReceiveMessage' ? promise : undefined
  return {
    faults: { before },
    letGo: () => {
      resolve(undefined)
    },
  }
}

describe('the poller', () => {
  it('hands messages over as Lambda does, then deletes them', async () => {
    const running = await serve()
    await send(running, [['g', 'record']])
    await untilDeleted(running, 1)
    const record = JSON.parse(running.logs.lines[1]!.text) as Record<string, unknown>
    expect(record).toEqual({
      messageId: expect.any(String) as string,
      receiptHandle: expect.any(String) as string,
      body: 'record',
      attributes: {
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d+$/) as string,
        ApproximateReceiveCount: '1',
        MessageDeduplicationId: 'g-record',
        MessageGroupId: 'g',
        SenderId: expect.any(String) as string,
        SentTimestamp: expect.stringMatching(/^\d+$/) as string,
        SequenceNumber: expect.any(String) as string,
      },
      messageAttributes: {
        kind: { stringValue: 'test', stringListValues: [], binaryListValues: [], dataType: 'String' },
      },
      md5OfBody: expect.stringMatching(/^[\da-f]{32}$/) as string,
      md5OfMessageAttributes: expect.stringMatching(/^[\da-f]{32}$/) as string,
      eventSource: 'aws:sqs',
      eventSourceARN: expect.stringMatching(
        /^arn:aws:sqs:us-east-1:000000000000:Test-Queue.*\.fifo$/,
      ) as string,
      awsRegion: 'us-east-1',
    })
    expect(running.recording.invocations).toMatchObject([
      { trigger: 'queue', records: 1, outcome: 'returned' },
    ])
  })

  it('is recorded on behalf of the function whose role it uses', async () => {
    const running = await serve()
    await send(running, [['g', 'a']])
    await untilDeleted(running, 1)
    const own = running.recording.calls.filter(({ caller }) => caller === 'runner')
    expect(new Set(own.map(({ operation }) => operation))).toEqual(
      new Set(['ReceiveMessage', 'DeleteMessageBatch']),
    )
    for (const { onBehalfOf, resources } of own) {
      expect(onBehalfOf).toMatch(/^Consumer/)
      expect(resources).toEqual([expect.stringMatching(/^arn:aws:sqs:us-east-1:000000000000:Test-Queue/)])
    }
  })

  it('keeps the order of a group, whatever else is under way', async () => {
    const running = await serve()
    const groups = ['a', 'b', 'c', 'd']
    for (let n = 0; n < 10; n += 2) {
      await send(
        running,
        groups.flatMap((group): [string, string][] => [
          [group, `${n}`],
          [group, `${n + 1}`],
        ]),
      )
    }
    await untilDeleted(running, 40)
    for (const group of groups) {
      const bodies = linesOf(running)
        .filter((line) => line.group === group)
        .map(({ body }) => body)
      expect(bodies).toEqual(Array.from({ length: 10 }, (_, n) => String(n)))
    }
  })

  it('collects messages of several groups into one batch, up to the batch size', async () => {
    const { faults, letGo } = heldReceives()
    const running = await serve({ source: { batchSize: 3 } }, { faults })
    const groups = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    await send(
      running,
      groups.map((group) => [group, 'x']),
    )
    letGo()
    await untilDeleted(running, groups.length)
    expect(running.recording.invocations.map(({ records }) => records).sort()).toEqual([2, 3, 3])
  })

  it('deletes what did not fail; the rest comes back after the visibility timeout, before its group goes on', async () => {
    const running = await serve()
    await send(running, [
      ['a', 'fail-1'],
      ['a', '2'],
      ['b', '3'],
    ])
    await untilDeleted(running, 1)
    await running.recording.when(() => linesOf(running).filter(({ body }) => body === 'fail-1').length >= 2)
    const lines = linesOf(running)
    expect(
      lines
        .filter(({ body }) => body === 'fail-1')
        .map(({ count }) => count)
        .slice(0, 2),
    ).toEqual([1, 2])
    expect(lines.filter(({ body }) => body === '3')).toHaveLength(1)
    expect(lines.filter(({ body }) => body === '2')).toEqual([])
  })

  it.each(['throw', 'unknown'])('fails the whole batch if the function answers with %s', async (what) => {
    const { faults, letGo } = heldReceives()
    const running = await serve({}, { faults })
    await send(running, [
      ['b', 'fine'],
      ['a', what],
    ])
    letGo()
    const seen = (body: string, count: number): boolean =>
      linesOf(running).some((line) => line.body === body && line.count === count)
    // What comes again was not deleted.
    await running.recording.when(() => seen('fine', 2) && seen(what, 2))
    expect(running.recording.invocations[0]).toMatchObject({ records: 2 })
  })

  it('does not look at the answer unless the template says ReportBatchItemFailures', async () => {
    const running = await serve({ source: { reportBatchItemFailures: false } })
    await send(running, [['a', 'fail-1']])
    await untilDeleted(running, 1)
    expect(linesOf(running)).toHaveLength(1)
  })

  it('leaves what failed too often to the dead-letter queue, and the group goes on', async () => {
    const running = await serve({ maxReceiveCount: 2 })
    await send(running, [
      ['a', 'throw'],
      ['a', 'next'],
    ])
    await untilDeleted(running, 1)
    expect(linesOf(running).map(({ body, count }) => [body, count])).toEqual([
      ['throw', 1],
      ['throw', 2],
      ['next', 1],
    ])
    const { Attributes: attributes } = await attributesOf(running, /^Dead/)
    expect(attributes?.['ApproximateNumberOfMessages']).toBe('1')
  })

  it('runs batches of different groups at once', async () => {
    const running = await serve({ source: { batchSize: 1 } })
    let held = 0
    running.faults.before = async ({ operation }) => {
      if (operation !== 'DeleteMessageBatch') return undefined
      held += 1
      // Nobody goes on before all three batches are there.
      while (held < 3) await new Promise((resolve) => setImmediate(resolve))
      return undefined
    }
    await send(running, [
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ])
    await untilDeleted(running, 3)
    expect(linesOf(running)).toHaveLength(3)
  })

  it('when stopped lets its batches end', async () => {
    const running = await serve()
    await send(running, [['a', '1']])
    await running.recording.when(({ invocations }) => invocations.length === 1)
    await running.stop()
    expect(deletedBy(running)).toBe(1)
  })
})

async function attributesOf(
  running: RunningTemplate,
  id: RegExp,
): Promise<{ Attributes?: Record<string, string> | undefined }> {
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl(running, id), AttributeNames: ['All'] })
  return sqs(running).send(command)
}
