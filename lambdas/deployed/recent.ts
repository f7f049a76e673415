import { createTableClient } from '../../src/aws/clients/tables.ts'
import { loggerFor } from '../../src/aws/logger.ts'
import { metricsFor, withMetrics } from '../../src/aws/metrics.ts'
import { devicesFor, logFor, revocationsFor } from '../../src/aws/parts/tables.ts'
import { verifierFor } from '../../src/aws/parts/tokens.ts'
import { createHandler } from '../recent.ts'

const environment = process.env
const metrics = metricsFor(environment)
const logger = loggerFor(environment)
const tables = createTableClient()

const handle = createHandler({
  metrics,
  logger,
  log: logFor(environment, tables),
  devices: devicesFor(environment, tables),
  revocations: revocationsFor(environment, tables),
  verifier: verifierFor(environment, logger),
})

export const handler = withMetrics(metrics, handle)
