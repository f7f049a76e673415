import { offeredProtocols, SUBPROTOCOL } from '../src/auth/presented-token.ts'
import { connect, type ConnectDependencies } from '../src/core/connect.ts'
import { type ConnectEvent, senderOf, type SocketResult } from './shared/socket.ts'

/** `$connect`: registers the connection, unless the user was disconnected, and selects the subprotocol, without which browsers would hang up. */
export function createHandler(dependencies: ConnectDependencies) {
  return async (event: ConnectEvent): Promise<SocketResult> => {
    const { id, userId, expiresAt, issuedAt } = senderOf(event.requestContext)
    const registeredAt = dependencies.clock.now()
    // The handshake is answered with this status, as it is where the token itself is not good.
    if (!(await connect(dependencies, { id, userId, expiresAt, registeredAt }, issuedAt)))
      return { statusCode: 401 }
    const offered = offeredProtocols(event.headers).includes(SUBPROTOCOL)
    return { statusCode: 200, ...(offered && { headers: { 'Sec-WebSocket-Protocol': SUBPROTOCOL } }) }
  }
}
