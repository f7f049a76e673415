import type { Pusher, SocketProbe } from '../core/ports.ts'
import type { ConnectionsPort, PostOutcome } from '../gateway/websocket/websocket-api.ts'

const OUTCOMES = {
  ok: 'sent',
  gone: 'gone',
  throttled: 'throttled',
  too_large: 'failed',
  malformed_id: 'failed',
} as const satisfies Record<PostOutcome, string>

/** Pushes through the gateway in this process: a frame is handed to its socket, and nobody waits for it. */
export function gatewayPusher(connections: ConnectionsPort): Pusher {
  return {
    post: (connectionId, frame) => OUTCOMES[connections.post(connectionId, frame)],
    close: async (connectionId) => {
      const outcome = connections.delete(connectionId)
      return outcome === 'ok' || outcome === 'gone'
    },
  }
}

/** Asks the gateway in this process. */
export function gatewayProbe(connections: ConnectionsPort): SocketProbe {
  return {
    stateOf: async (connectionId) => {
      const found = connections.get(connectionId)
      if (found === 'gone') return 'gone'
      if (typeof found === 'string') return 'unknown'
      return { connectedAt: found.connectedAt.getTime(), lastActiveAt: found.lastActiveAt.getTime() }
    },
  }
}
