import { createTableClient } from '../../src/aws/clients/tables.ts'
import { connectionsPerUser } from '../../src/aws/environment.ts'
import { loggerFor } from '../../src/aws/logger.ts'
import { metricsFor, withMetrics } from '../../src/aws/metrics.ts'
import { pusherFor } from '../../src/aws/parts/pushing.ts'
import { connectionsFor, devicesFor, logFor, revocationsFor } from '../../src/aws/parts/tables.ts'
import { createHandler } from '../message.ts'

const environment = process.env
const metrics = metricsFor(environment)
const logger = loggerFor(environment)
const tables = createTableClient()

const handle = createHandler({
  metrics,
  clock: Date,
  logger,
  log: logFor(environment, tables),
  devices: devicesFor(environment, tables),
  connections: connectionsFor(environment, tables),
  revocations: revocationsFor(environment, tables),
  pusher: pusherFor(environment, logger),
  connectionsPerUser: connectionsPerUser(environment),
})

export const handler = withMetrics(metrics, handle)
