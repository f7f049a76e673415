import { createTableClient } from '../../src/aws/clients/tables.ts'
import { connectionsPerUser } from '../../src/aws/environment.ts'
import { loggerFor } from '../../src/aws/logger.ts'
import { pusherFor } from '../../src/aws/parts/pushing.ts'
import { connectionsFor, devicesFor, logFor } from '../../src/aws/parts/tables.ts'
import { createHandler } from '../message.ts'

const environment = process.env
const logger = loggerFor(environment)
const tables = createTableClient()

export const handler = createHandler({
  clock: Date,
  logger,
  log: logFor(environment, tables),
  devices: devicesFor(environment, tables),
  connections: connectionsFor(environment, tables),
  pusher: pusherFor(environment, logger),
  connectionsPerUser: connectionsPerUser(environment),
})
