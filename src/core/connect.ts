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
 * Lets a connection in whose token was verified.
 *
 * @param issuedAt of the token
 * @returns whether it was let in
 */
export async function connect(
  dependencies: ConnectDependencies,
  connection: Connection,
  issuedAt: number,
): Promise<boolean> {
  const { logger, metrics = NO_METRICS } = dependencies
  const { userId, id: connectionId } = connection
  const open = await admit(dependencies, connection, issuedAt)
  if (open === undefined) {
    tellRevoked(dependencies, userId, '$connect')
    return false
  }
  metrics.add('connectionsOpened', 1)
  logger.info({ userId, connectionId, open }, 'connected')
  return true
}

/**
 * Registers a connection, unless an administrator has disconnected the user since its token was issued. It registers first and
 * asks then: `disconnectUser` does it the other way round, so either this sees the revocation, or that sees the connection.
 *
 * Past the cap, the user's oldest connections are told `evicted` and closed: the newest is the screen that somebody is
 * looking at. But not before it is known that the new one may stay.
 *
 * @returns how many the user has then; `undefined` if it was not let in
 */
export async function admit(
  dependencies: ConnectDependencies,
  connection: Connection,
  issuedAt: number,
): Promise<number | undefined> {
  const { connections, connectionsPerUser = LIMITS.connectionsPerUser } = dependencies
  const all = await connections.register(connection)
  if (!(await mayStay(dependencies, connection, issuedAt))) return undefined
  // Never a newer one: of two that connect at once, each would evict the other, and none would be left.
  const oldest = all.slice(0, Math.max(0, all.length - connectionsPerUser))
  const surplus = oldest.filter(({ id }) => id !== connection.id)
  await Promise.all(surplus.map(async (other) => evict(dependencies, other)))
  return all.length - surplus.length
}

/** Where it may not, or where that cannot be found out, it is not registered any more. */
async function mayStay(
  { connections, revocations }: ConnectDependencies,
  { userId, id }: Connection,
  issuedAt: number,
): Promise<boolean> {
  let isRefused = true
  try {
    isRefused = await isRevoked(revocations, userId, issuedAt)
    return !isRefused
  } finally {
    if (isRefused) await connections.remove(userId, id)
  }
}

/** Whoever has just come is let in also where an old one could not be shut out: the next to come tries that again. */
async function evict(dependencies: ConnectDependencies, connection: Connection): Promise<void> {
  await dismiss(dependencies, connection, 'evicted').catch((error: unknown) => {
    const { userId, id: connectionId } = connection
    dependencies.logger.error({ err: error, userId, connectionId }, 'connection could not be evicted')
  })
}
