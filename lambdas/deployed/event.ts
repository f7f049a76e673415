import { createQueueClient } from '../../src/aws/clients/queues.ts'
import { createTableClient } from '../../src/aws/clients/tables.ts'
import { deadLetterQueueUrl, queueUrl } from '../../src/aws/environment.ts'
import { loggerFor } from '../../src/aws/logger.ts'
import { metricsFor, withMetrics } from '../../src/aws/metrics.ts'
import { notingProgress } from '../../src/aws/noting-progress.ts'
import { publisherFor } from '../../src/aws/parts/pushing.ts'
import { progressFor } from '../../src/aws/parts/tables.ts'
import { SqsDeadLetters } from '../../src/aws/sqs-dead-letters.ts'
import { SqsRedelivery } from '../../src/aws/sqs-redelivery.ts'
import { createHandler } from '../event.ts'

const environment = process.env
const metrics = metricsFor(environment)
const logger = loggerFor(environment)
const queues = createQueueClient()
const tables = createTableClient()

const handle = createHandler({
  clock: Date,
  logger,
  metrics,
  publisher: publisherFor(environment, logger, tables, metrics),
  deadLetters: new SqsDeadLetters({ client: queues, queueUrl: deadLetterQueueUrl(environment) }),
  redelivery: new SqsRedelivery({ client: queues, queueUrl: queueUrl(environment), logger }),
})

export const handler = withMetrics(
  metrics,
  notingProgress({ progress: progressFor(environment, tables), logger }, handle),
)
