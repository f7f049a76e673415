import type { Clock, Connection, ConnectionRegistry, Logger, Pusher, Revocations } from './ports.ts'
import { dismiss } from './push.ts'

export interface DisconnectDependencies {
  readonly connections: ConnectionRegistry
  readonly revocations: Revocations
  readonly pusher: Pusher
  readonly clock: Clock
  readonly logger: Logger
}

export interface Disconnection {
  readonly userId: string
  /** The administrator who asked for it: for the log. */
  readonly by: string
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
 * @throws if a socket could not be closed. It stays registered as one whose token has ended, so nothing is pushed to it, its next
 *   `resume` closes it, and asking for all of this again finds it
 */
export async function disconnectUser(
  dependencies: DisconnectDependencies,
  { userId, by }: Disconnection,
): Promise<Disconnected> {
  const { connections, revocations, clock, logger } = dependencies
  const notBefore = clock.now()
  await revocations.revoke(userId, notBefore)
  const open = await connections.ofUser(userId)
  const results = await Promise.all(
    open.map(async (connection) => close(dependencies, connection, notBefore)),
  )
  const closed = results.filter(Boolean).length
  const left = open.length - closed
  logger.info({ userId, by, closed, left }, 'user disconnected')
  if (left > 0) throw new Error(`${left} of ${open.length} connections of the user could not be closed`)
  return { notBefore, closed }
}

async function close(
  dependencies: DisconnectDependencies,
  connection: Connection,
  notBefore: number,
): Promise<boolean> {
  try {
    const isClosed = await dismiss(dependencies, connection, 'disconnected')
    if (!isClosed) await dependencies.connections.register({ ...connection, expiresAt: notBefore })
    return isClosed
  } catch (error) {
    dependencies.logger.error({ err: error, connectionId: connection.id }, 'connection could not be closed')
    return false
  }
}
