import { offeredProtocols, SUBPROTOCOL } from '../src/auth/presented-token.ts'
import { connect, type ConnectDependencies } from '../src/core/connect.ts'
import { type ConnectEvent, senderOf, type SocketResult } from './shared/socket.ts'

/** `$connect`: registers the connection and selects the subprotocol, without which browsers would hang up. */
export function createHandler(dependencies: ConnectDependencies) {
  return async (event: ConnectEvent): Promise<SocketResult> => {
    const registeredAt = dependencies.clock.now()
    await connect(dependencies, { ...senderOf(event.requestContext), registeredAt })
    const offered = offeredProtocols(event.headers).includes(SUBPROTOCOL)
    return { statusCode: 200, ...(offered && { headers: { 'Sec-WebSocket-Protocol': SUBPROTOCOL } }) }
  }
}
