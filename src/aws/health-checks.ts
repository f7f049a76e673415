import { GetQueueAttributesCommand, type QueueAttributeName, type SQSClient } from '@aws-sdk/client-sqs'
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { Clock, Logger } from '../core/ports.ts'
import { QueueProgress } from './queue-progress.ts'

export interface HealthOptions {
  readonly tables: DynamoDBDocumentClient
  readonly queues: SQSClient
  readonly logTable: string
  readonly connectionsTable: string
  readonly queueUrl: string
  readonly deadLetterQueueUrl: string
  readonly clock: Clock
  readonly logger: Logger
}

type Counts = Readonly<Record<string, number>>

/** Throws if its part does not work; answers what can be counted about it, if anything. As `lambdas/health.ts` has it. */
type Check = () => Promise<Counts | undefined>

/** What is wrong in words that anybody may read. */
class Unwell extends Error {
  override readonly name = 'Unwell'
}

/** The longest that messages may wait while nothing is consumed, in milliseconds. */
const STUCK_MS = 5 * 60_000

/**
 * The same where all of them are in flight, or put off. One whose run broke off is hidden for the queue's visibility timeout,
 * 6 minutes, and then a run takes 1 at most; SQS tells of it up to 1 late.
 */
const HIDDEN_MS = 8 * 60_000

/** Each of the parts is asked for the least that only works if it does. */
export function healthChecks(options: HealthOptions): Readonly<Record<string, Check>> {
  const checks = {
    log: async () => canWrite(options),
    connections: async () => canRead(options),
    queue: async () => queueCounts(options),
    deadLetters: async () => ({ messages: await countOf(options, options.deadLetterQueueUrl) }),
  }
  return Object.fromEntries(
    Object.entries(checks).map(([part, check]) => [part, discreet(options.logger, part, check)]),
  )
}

/** A log that can be read and not written would still answer everything but what matters. One item, written anew each time. */
async function canWrite({ tables, logTable: TableName, clock }: HealthOptions): Promise<undefined> {
  await tables.send(new PutCommand({ TableName, Item: { pk: 'health', sk: 0, at: clock.now() } }))
}

async function canRead({ tables, connectionsTable: TableName }: HealthOptions): Promise<undefined> {
  await tables.send(new GetCommand({ TableName, Key: { pk: 'health', sk: 'health' } }))
}

/** What has failed is put off, and counts as in flight until it comes again: that alone is no sign that the queue gets on. */
async function queueCounts(options: HealthOptions): Promise<Counts> {
  const [waiting, inFlight, delayed] = await attributesOf(options, options.queueUrl, [
    'ApproximateNumberOfMessages',
    'ApproximateNumberOfMessagesNotVisible',
    'ApproximateNumberOfMessagesDelayed',
  ])
  const stuckMs = await stuckFor(options, waiting + inFlight + delayed)
  if (stuckMs <= (waiting > 0 ? STUCK_MS : HIDDEN_MS)) return { waiting, inFlight }
  throw new Unwell(
    `stuck: ${waiting} messages wait, ${inFlight + delayed} are in flight or put off, and for ${Math.floor(stuckMs / 60_000)} minutes none was done with; look whether the event function is invoked, and at its log`,
  )
}

/** The table has a check of its own: this one is about the queue, as far as it can be told. */
async function stuckFor({ tables, connectionsTable, clock, logger }: HealthOptions, present: number) {
  const progress = new QueueProgress({ client: tables, table: connectionsTable, clock })
  return progress.stuckFor(present).catch((error: unknown) => {
    logger.error({ err: error }, 'it is not known whether the queue is stuck')
    return 0
  })
}

async function countOf(options: HealthOptions, queueUrl: string): Promise<number> {
  const [messages] = await attributesOf(options, queueUrl, ['ApproximateNumberOfMessages'])
  return messages
}

/** Numbers that SQS tells of a queue, each within a minute of the truth. */
async function attributesOf<Names extends readonly [QueueAttributeName, ...QueueAttributeName[]]>(
  { queues }: HealthOptions,
  QueueUrl: string,
  names: Names,
): Promise<{ readonly [K in keyof Names]: number }> {
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] })
  const { Attributes = {} } = await queues.send(command)
  return names.map((name) => Number(Attributes[name] ?? 0)) as { [K in keyof Names]: number }
}

/** Anybody may ask for `/health`, and AWS's errors name accounts, roles and resources: those are for the log alone. */
function discreet(logger: Logger, part: string, check: Check): Check {
  return async () => {
    try {
      return await check()
    } catch (error) {
      if (error instanceof Unwell) throw error
      logger.error({ err: error, part }, 'check failed')
      throw new Error(`no answer: ${error instanceof Error ? error.name : 'unknown error'}`)
    }
  }
}
