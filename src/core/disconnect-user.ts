import type { Clock, ConnectionRegistry, Logger, Pusher, Revocations } from './ports.ts'
import { dismiss } from './push.ts'

export interface DisconnectDependencies {
  readonly connections: ConnectionRegistry
  readonly revocations: Revocations
  readonly pusher: Pusher
  readonly clock: Clock
  readonly logger: Logger
}

export interface Disconnected {
  /** Tokens issued before are refused: milliseconds since 1970. */
  readonly notBefore: number
  /** Connections that were told `disconnected` and closed. */
  readonly closed: number
}

/**
 * Disconnects a user everywhere. First the tokens, then the connections: one that opens meanwhile registers first and asks
 * for the revocation then, so either it sees the revocation or it is among the connections that are closed.
 *
 * @throws if a connection could not be closed; all has to be asked for again then, which does no harm
 */
export async function disconnectUser(
  dependencies: DisconnectDependencies,
  userId: string,
): Promise<Disconnected> {
  const { connections, revocations, clock, logger } = dependencies
  const notBefore = clock.now()
  await revocations.revoke(userId, notBefore)
  const open = await connections.ofUser(userId)
  const results = await Promise.allSettled(
    open.map(async (connection) => dismiss(dependencies, connection, 'disconnected')),
  )
  const failed = results.filter((result) => result.status === 'rejected')
  logger.info({ userId, closed: open.length - failed.length, failed: failed.length }, 'user disconnected')
  if (failed[0] !== undefined) throw failed[0].reason
  return { notBefore, closed: open.length }
}
