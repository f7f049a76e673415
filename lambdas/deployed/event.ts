import { createQueueClient } from '../../src/aws/clients/queues.ts'
import { deadLetterQueueUrl, queueUrl } from '../../src/aws/environment.ts'
import { loggerFor } from '../../src/aws/logger.ts'
import { publisherFor } from '../../src/aws/parts/pushing.ts'
import { SqsDeadLetters } from '../../src/aws/sqs-dead-letters.ts'
import { SqsRedelivery } from '../../src/aws/sqs-redelivery.ts'
import { createHandler } from '../event.ts'

const environment = process.env
const logger = loggerFor(environment)
const queues = createQueueClient()

export const handler = createHandler({
  logger,
  publisher: publisherFor(environment, logger),
  deadLetters: new SqsDeadLetters({ client: queues, queueUrl: deadLetterQueueUrl(environment) }),
  redelivery: new SqsRedelivery({ client: queues, queueUrl: queueUrl(environment), logger }),
})
