import { createTableClient } from '../../src/aws/clients/tables.ts'
import { loggerFor } from '../../src/aws/logger.ts'
import { metricsFor, withMetrics } from '../../src/aws/metrics.ts'
import { connectionsFor } from '../../src/aws/parts/tables.ts'
import { createHandler } from '../disconnect.ts'

const environment = process.env
const metrics = metricsFor(environment)

const handle = createHandler({
  metrics,
  logger: loggerFor(environment),
  connections: connectionsFor(environment, createTableClient()),
})

export const handler = withMetrics(metrics, handle)
