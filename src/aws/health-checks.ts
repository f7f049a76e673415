import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import type { Logger } from '../core/ports.ts'

export interface HealthOptions {
  readonly tables: DynamoDBDocumentClient
  readonly queues: SQSClient
  readonly logTable: string
  readonly connectionsTable: string
  readonly queueUrl: string
  readonly deadLetterQueueUrl: string
  readonly logger: Logger
}

type Checks = Readonly<Record<string, () => Promise<void>>>

/** Each of the parts is asked for the least that only works if it does. */
export function healthChecks(options: HealthOptions): Checks {
  const { tables, queues, logger } = options
  const table = (TableName: string, sk: string | number) => async () =>
    tables.send(new GetCommand({ TableName, Key: { pk: 'health', sk } }))
  const queue = (QueueUrl: string) => async () =>
    queues.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }))
  const checks = {
    log: table(options.logTable, 0),
    connections: table(options.connectionsTable, 'health'),
    queue: queue(options.queueUrl),
    deadLetters: queue(options.deadLetterQueueUrl),
  }
  return Object.fromEntries(
    Object.entries(checks).map(([part, check]) => [part, discreet(logger, part, check)]),
  )
}

/** Anybody may ask for `/health`, and AWS's errors name accounts, roles and resources: those are for the log alone. */
function discreet(logger: Logger, part: string, check: () => Promise<unknown>): () => Promise<void> {
  return async () => {
    try {
      await check()
    } catch (error) {
      logger.error({ err: error, part }, 'check failed')
      throw new Error(`no answer: ${error instanceof Error ? error.name : 'unknown error'}`)
    }
  }
}
