import { createQueueClient } from '../../src/aws/clients/queues.ts'
import { queueUrl } from '../../src/aws/environment.ts'
import { loggerFor } from '../../src/aws/logger.ts'
import { publisherFor } from '../../src/aws/parts/pushing.ts'
import { verifierFor } from '../../src/aws/parts/tokens.ts'
import { SqsEventQueue } from '../../src/aws/sqs-event-queue.ts'
import { createHandler } from '../publish.ts'

const environment = process.env
const logger = loggerFor(environment)

export const handler = createHandler({
  logger,
  publisher: publisherFor(environment, logger),
  verifier: verifierFor(environment, logger),
  queue: new SqsEventQueue({ client: createQueueClient(), queueUrl: queueUrl(environment) }),
})
