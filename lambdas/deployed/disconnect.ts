import { createTableClient } from '../../src/aws/clients/tables.ts'
import { loggerFor } from '../../src/aws/logger.ts'
import { connectionsFor } from '../../src/aws/parts/tables.ts'
import { createHandler } from '../disconnect.ts'

const environment = process.env

export const handler = createHandler({
  logger: loggerFor(environment),
  connections: connectionsFor(environment, createTableClient()),
})
