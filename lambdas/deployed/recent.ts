import { createTableClient } from '../../src/aws/clients/tables.ts'
import { loggerFor } from '../../src/aws/logger.ts'
import { devicesFor, logFor } from '../../src/aws/parts/tables.ts'
import { verifierFor } from '../../src/aws/parts/tokens.ts'
import { createHandler } from '../recent.ts'

const environment = process.env
const logger = loggerFor(environment)
const tables = createTableClient()

export const handler = createHandler({
  logger,
  log: logFor(environment, tables),
  devices: devicesFor(environment, tables),
  verifier: verifierFor(environment, logger),
})
