import { createTableClient } from '../../src/aws/clients/tables.ts'
import { loggerFor } from '../../src/aws/logger.ts'
import { metricsFor, withMetrics } from '../../src/aws/metrics.ts'
import { probeFor } from '../../src/aws/parts/pushing.ts'
import {
  connectionsFor,
  devicesFor,
  logFor,
  refusalsFor,
  revocationsFor,
} from '../../src/aws/parts/tables.ts'
import { verifierFor } from '../../src/aws/parts/tokens.ts'
import { createHandler } from '../inspect.ts'

const environment = process.env
const metrics = metricsFor(environment)
const logger = loggerFor(environment)
const tables = createTableClient()

const handle = createHandler({
  metrics,
  clock: Date,
  logger,
  log: logFor(environment, tables),
  refusals: refusalsFor(environment, tables),
  devices: devicesFor(environment, tables),
  connections: connectionsFor(environment, tables),
  revocations: revocationsFor(environment, tables),
  probe: probeFor(environment, logger),
  verifier: verifierFor(environment, logger),
})

export const handler = withMetrics(metrics, handle)
