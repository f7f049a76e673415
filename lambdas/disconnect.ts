import { type Metrics, NO_METRICS } from '../src/core/metrics.ts'
import type { ConnectionRegistry, Logger } from '../src/core/ports.ts'
import { type DisconnectEvent, senderOf, type SocketResult } from './shared/socket.ts'

export interface Dependencies {
  readonly connections: ConnectionRegistry
  readonly logger: Logger
  readonly metrics?: Metrics
}

/** `$disconnect`: forgets the connection. Best effort on AWS; a push that meets a dead one removes it as well. */
export function createHandler({ connections, logger, metrics = NO_METRICS }: Dependencies) {
  return async ({ requestContext }: DisconnectEvent): Promise<SocketResult> => {
    const { id, userId } = senderOf(requestContext)
    await connections.remove(userId, id)
    metrics.add('connectionsClosed', 1)
    const { disconnectStatusCode: code, disconnectReason: reason } = requestContext
    logger.info({ userId, connectionId: id, code, reason }, 'disconnected')
    return { statusCode: 200 }
  }
}
