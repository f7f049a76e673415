import { createQueueClient } from '../../src/aws/clients/queues.ts'
import { createTableClient } from '../../src/aws/clients/tables.ts'
import { queueUrl } from '../../src/aws/environment.ts'
import { loggerFor } from '../../src/aws/logger.ts'
import { metricsFor, withMetrics } from '../../src/aws/metrics.ts'
import { publisherFor } from '../../src/aws/parts/pushing.ts'
import { verifierFor } from '../../src/aws/parts/tokens.ts'
import { SqsEventQueue } from '../../src/aws/sqs-event-queue.ts'
import { createHandler } from '../publish.ts'

const environment = process.env
const metrics = metricsFor(environment)
const logger = loggerFor(environment)

const handle = createHandler({
  metrics,
  logger,
  publisher: publisherFor(environment, logger, createTableClient(), metrics),
  verifier: verifierFor(environment, logger),
  queue: new SqsEventQueue({ client: createQueueClient(), queueUrl: queueUrl(environment) }),
})

export const handler = withMetrics(metrics, handle)
