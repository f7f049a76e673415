import { createTableClient } from '../../src/aws/clients/tables.ts'
import { connectionsPerUser } from '../../src/aws/environment.ts'
import { loggerFor } from '../../src/aws/logger.ts'
import { pusherFor } from '../../src/aws/parts/pushing.ts'
import { connectionsFor } from '../../src/aws/parts/tables.ts'
import { createHandler } from '../connect.ts'

const environment = process.env
const logger = loggerFor(environment)

export const handler = createHandler({
  clock: Date,
  logger,
  connections: connectionsFor(environment, createTableClient()),
  pusher: pusherFor(environment, logger),
  connectionsPerUser: connectionsPerUser(environment),
})
