import { handleMessage, type MessageDependencies } from '../src/core/handle-message.ts'
import { type MessageEvent, senderOf, type SocketResult } from './shared/socket.ts'

/** `resume`, `ping`, `ack`, `report` and `$default`: the answer goes out through the route response. */
export function createHandler(dependencies: MessageDependencies) {
  return async (event: MessageEvent): Promise<SocketResult> => {
    const body = await handleMessage(dependencies, senderOf(event.requestContext), event.body ?? '')
    return { statusCode: 200, ...(body !== undefined && { body }) }
  }
}
