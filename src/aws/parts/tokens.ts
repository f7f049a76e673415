/** What verifies tokens, as a function's environment describes it. */
import { createTokenVerifier } from '../../auth/verify-token.ts'
import type { Logger, TokenVerifier } from '../../core/ports.ts'
import { createSecretsClient } from '../clients/secrets.ts'
import { type Environment, keySource, requiredClaims } from '../environment.ts'
import { SecretTokenVerifier } from '../token-verifier.ts'

export function verifierFor(environment: Environment, logger: Logger): TokenVerifier {
  const source = keySource(environment)
  const options = { ...requiredClaims(environment), clock: Date }
  if ('jwksUrl' in source) return createTokenVerifier({ ...options, keys: source })
  const { secretArn } = source
  return new SecretTokenVerifier({ ...options, secretArn, client: createSecretsClient(), logger })
}
