import { createHandler as authorize } from '../../lambdas/authorize.ts'
import { createHandler as connect } from '../../lambdas/connect.ts'
import { createHandler as disconnect } from '../../lambdas/disconnect.ts'
import { createHandler as message } from '../../lambdas/message.ts'
import type { Metrics } from '../core/metrics.ts'
import type { ConnectionRegistry, Logger, Pusher, SocketProbe, TokenVerifier } from '../core/ports.ts'
import type { DataFolder } from '../embedded/data-folder.ts'
import { MemoryConnectionRegistry } from '../embedded/memory-connection-registry.ts'
import { createWebSocketApi, type LogRecord, type WebSocketApi } from '../gateway/websocket/websocket-api.ts'
import { gatewayProbe, gatewayPusher } from './gateway-pusher.ts'
import type { Settings } from './settings.ts'

export interface SocketDependencies {
  readonly settings: Settings
  readonly folder: DataFolder
  readonly verifier: TokenVerifier
  readonly logger: Logger
  readonly metrics: Metrics
}

export interface EmbeddedSockets {
  readonly sockets: WebSocketApi
  readonly connections: ConnectionRegistry
  readonly pusher: Pusher
  readonly probe: SocketProbe
}

/**
 * AWS throttles per account and region, for everybody's sake. Here is one process for one owner: what protects it is
 * how fast a single client may send.
 */
const UNTHROTTLED = { perSecond: Infinity, burst: Infinity }

/** Paging through a long backlog takes some; what is more holds up everybody else, and is closed with 1008. */
const CLIENT_MESSAGES = { perSecond: 50, burst: 200 }

/** The WebSocket side: the project's handlers behind the gateway. */
export function embeddedSockets({
  settings,
  folder,
  verifier,
  logger,
  metrics,
}: SocketDependencies): EmbeddedSockets {
  const connections = new MemoryConnectionRegistry()
  const pusher: Pusher = {
    post: (connectionId, frame) => push.post(connectionId, frame),
    close: async (connectionId) => push.close(connectionId),
  }
  const { allowedOrigins, connectionsPerUser } = settings
  const { revocations } = folder
  const shared = { connections, pusher, revocations, clock: Date, logger, metrics, connectionsPerUser }
  const onMessage = {
    handler: message({ ...shared, log: folder.log, devices: folder.devices }),
    returnResponse: true,
  }
  const sockets = createWebSocketApi({
    stage: '',
    connectionsApi: settings.connectionsApi ? 'loopback' : 'off',
    authorizer: {
      handler: authorize({ verifier, logger, metrics, ...(allowedOrigins && { allowedOrigins }) }),
    },
    routes: {
      $connect: { handler: connect(shared) },
      $disconnect: { handler: disconnect(shared) },
      $default: onMessage,
      resume: onMessage,
      ping: onMessage,
      ack: onMessage,
      report: onMessage,
    },
    quotas: { connections: UNTHROTTLED, requests: UNTHROTTLED, clientMessages: CLIENT_MESSAGES },
    log: (record) => {
      write(logger, record)
    },
  })
  const push = gatewayPusher(sockets.connections)
  return { sockets, connections, pusher, probe: gatewayProbe(sockets.connections) }
}

/** Who came and went is in the handlers' own lines, with the user. */
function write(logger: Logger, { level, event, ...fields }: LogRecord): void {
  logger[level === 'info' ? 'debug' : level](fields, event)
}
