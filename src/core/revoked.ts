import { type Metrics, NO_METRICS } from './metrics.ts'
import type { Logger, Revocations } from './ports.ts'

/**
 * Whether an administrator has disconnected the user after the token was issued. `iat` counts whole seconds (RFC 7519, section
 * 2): of the tokens issued in the very second of the disconnection all are refused, and one of the next second is good.
 */
export async function isRevoked(
  revocations: Revocations,
  userId: string,
  issuedAt: number,
): Promise<boolean> {
  const notBefore = await revocations.notBefore(userId)
  return notBefore !== undefined && issuedAt < notBefore
}

/** The answer tells nobody why. */
export function tellRevoked(
  { logger, metrics = NO_METRICS }: { readonly logger: Logger; readonly metrics?: Metrics },
  userId: string,
  path: string,
): void {
  metrics.add('tokensRefused', 1, 'revoked')
  logger.warn({ reason: 'revoked', userId, path }, 'token refused')
}
