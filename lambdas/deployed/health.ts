import { createQueueClient } from '../../src/aws/clients/queues.ts'
import { createTableClient } from '../../src/aws/clients/tables.ts'
import { connectionsTable, deadLetterQueueUrl, logTable, queueUrl } from '../../src/aws/environment.ts'
import { healthChecks } from '../../src/aws/health-checks.ts'
import { loggerFor } from '../../src/aws/logger.ts'
import { createHandler } from '../health.ts'

const environment = process.env
const logger = loggerFor(environment)

export const handler = createHandler({
  logger,
  checks: healthChecks({
    tables: createTableClient(),
    queues: createQueueClient(),
    logTable: logTable(environment),
    connectionsTable: connectionsTable(environment),
    queueUrl: queueUrl(environment),
    deadLetterQueueUrl: deadLetterQueueUrl(environment),
    clock: Date,
    logger,
  }),
})
