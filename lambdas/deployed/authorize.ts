import { allowedOrigins } from '../../src/aws/environment.ts'
import { loggerFor } from '../../src/aws/logger.ts'
import { verifierFor } from '../../src/aws/parts/tokens.ts'
import { createHandler } from '../authorize.ts'

const environment = process.env
const logger = loggerFor(environment)
const origins = allowedOrigins(environment)

export const handler = createHandler({
  logger,
  verifier: verifierFor(environment, logger),
  ...(origins && { allowedOrigins: origins }),
})
