import { LIMITS } from './limits.ts'
import { NO_METRICS } from './metrics.ts'
import type { Connection, Revocations } from './ports.ts'
import { dismiss, type PushDependencies } from './push.ts'
import { isRevoked, tellRevoked } from './revoked.ts'

export interface ConnectDependencies extends PushDependencies {
  readonly revocations: Revocations
  /** How many connections one user may have. */
  readonly connectionsPerUser?: number
}

/**
 * Registers a connection whose token was verified, unless an administrator has disconnected the user since it was issued.
 * Registers first and asks then: see `disconnectUser`.
 *
 * @param issuedAt of the token
 * @returns whether it was let in
 */
export async function connect(
  dependencies: ConnectDependencies,
  connection: Connection,
  issuedAt: number,
): Promise<boolean> {
  const { connections, revocations, logger, metrics = NO_METRICS } = dependencies
  const { userId, id: connectionId } = connection
  const open = await registerWithinCap(dependencies, connection)
  if (await isRevoked(revocations, userId, issuedAt)) {
    await connections.remove(userId, connectionId)
    tellRevoked(dependencies, userId, '$connect')
    return false
  }
  metrics.add('connectionsOpened', 1)
  logger.info({ userId, connectionId, open }, 'connected')
  return true
}

/**
 * Past the cap, the user's oldest connections are told `evicted` and closed: the newest is the screen that somebody is
 * looking at.
 *
 * @returns how many the user has then
 */
export async function registerWithinCap(
  dependencies: ConnectDependencies,
  connection: Connection,
): Promise<number> {
  const { connections, connectionsPerUser = LIMITS.connectionsPerUser } = dependencies
  const all = await connections.register(connection)
  // Never a newer one: of two that connect at once, each would evict the other, and none would be left.
  const oldest = all.slice(0, Math.max(0, all.length - connectionsPerUser))
  const surplus = oldest.filter(({ id }) => id !== connection.id)
  await Promise.all(surplus.map(async (other) => evict(dependencies, other)))
  return all.length - surplus.length
}

/** Whoever has just come is let in also where an old one could not be shut out: the next to come tries that again. */
async function evict(dependencies: ConnectDependencies, connection: Connection): Promise<void> {
  await dismiss(dependencies, connection, 'evicted').catch((error: unknown) => {
    const { userId, id: connectionId } = connection
    dependencies.logger.error({ err: error, userId, connectionId }, 'connection could not be evicted')
  })
}
