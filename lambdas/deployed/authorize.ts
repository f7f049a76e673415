import { allowedOrigins } from '../../src/aws/environment.ts'
import { loggerFor } from '../../src/aws/logger.ts'
import { metricsFor, withMetrics } from '../../src/aws/metrics.ts'
import { verifierFor } from '../../src/aws/parts/tokens.ts'
import { createHandler } from '../authorize.ts'

const environment = process.env
const metrics = metricsFor(environment)
const logger = loggerFor(environment)
const origins = allowedOrigins(environment)

const handle = createHandler({
  metrics,
  logger,
  verifier: verifierFor(environment, logger),
  ...(origins && { allowedOrigins: origins }),
})

export const handler = withMetrics(metrics, handle)
