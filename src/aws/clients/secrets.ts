import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { bounded } from './bounded.ts'
import { CALL_MS, handlerWith, TRIES } from './limits.ts'

/** One secret is all that is ever asked for. */
const SOCKETS = 1

export function createSecretsClient(): SecretsManagerClient {
  const requestHandler = handlerWith(SOCKETS)
  return bounded(new SecretsManagerClient({ requestHandler, maxAttempts: TRIES }), 'Secrets Manager', CALL_MS)
}
