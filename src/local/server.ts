import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SUBPROTOCOL } from '../auth/presented-token.ts'
import { createTokenVerifier } from '../auth/verify-token.ts'
import type { Logger } from '../core/ports.ts'
import { type DataFolder, openDataFolder } from '../embedded/data-folder.ts'
import type { HttpApi } from '../gateway/http-api.ts'
import type { WebSocketApi } from '../gateway/websocket-api.ts'
import { embeddedHttpApi } from './embedded-http.ts'
import { embeddedSockets } from './embedded-sockets.ts'
import type { Settings } from './settings.ts'
import { readOrGenerateSecret } from './token-secret.ts'

/** What the server is doing; everything but `serving` makes `/health` answer 503. */
export type Phase = 'starting' | 'serving' | 'draining'

/** A running embedded server. */
export interface EmbeddedServer {
  readonly httpUrl: string
  readonly wsUrl: string
  /** No new publishes; running ones finish; sockets are closed with 1001; what is on disk is closed. Idempotent. */
  stop(): Promise<void>
}

/** @throws if a port is taken, or the data folder is in use by another process */
export async function startServer(settings: Settings, logger: Logger): Promise<EmbeddedServer> {
  const folder = openDataFolder(settings.dataDir, { retentionMs: settings.retentionMs, logger })
  const parts = assemble(settings, folder, logger)
  try {
    const httpUrl = await listen(parts.httpServer, 'http', settings.port, settings.host)
    const wsUrl = await listen(parts.wsServer, 'ws', settings.wsPort, settings.host)
    parts.enter('serving')
    logger.info({ httpUrl, wsUrl, dataDir: settings.dataDir, subprotocol: SUBPROTOCOL }, 'serving')
    let stopping: Promise<void> | undefined
    return { httpUrl, wsUrl, stop: async () => (stopping ??= stop(parts, logger)) }
  } catch (error) {
    await stop(parts, logger)
    throw error
  }
}

interface Parts {
  readonly folder: DataFolder
  readonly httpApi: HttpApi
  readonly sockets: WebSocketApi
  readonly httpServer: Server
  readonly wsServer: Server
  enter(phase: Phase): void
}

function assemble(settings: Settings, folder: DataFolder, logger: Logger): Parts {
  let phase: Phase = 'starting'
  const keys =
    settings.keys === 'generated' ? { secret: readOrGenerateSecret(settings.dataDir) } : settings.keys
  const { issuer, audience } = settings
  const verifier = createTokenVerifier({
    keys,
    clock: Date,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  })
  const { sockets, connections, pusher } = embeddedSockets({ settings, folder, verifier, logger })
  const wsServer = createServer(sockets.handleRequest).on('upgrade', sockets.handleUpgrade)
  const httpApi = embeddedHttpApi({
    settings,
    folder,
    verifier,
    logger,
    connections,
    pusher,
    sockets,
    phase: () => phase,
    socketsListen: () => wsServer.listening,
  })
  return {
    folder,
    httpApi,
    sockets,
    httpServer: createServer(httpApi.handleRequest),
    wsServer,
    enter: (next) => {
      phase = next
    },
  }
}

async function listen(server: Server, scheme: string, port: number, host: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve)
  })
  const { address, family, port: bound } = server.address() as AddressInfo
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${bound}`
}

async function stop(parts: Parts, logger: Logger): Promise<void> {
  parts.enter('draining')
  logger.info({ connections: parts.sockets.connectionCount }, 'draining')
  // Publishes that come from now on are refused by the handlers; those that run push to sockets that are still open.
  await parts.httpApi.idle()
  await parts.sockets.close()
  await Promise.all([closeServer(parts.httpServer), closeServer(parts.wsServer)])
  await parts.folder.close()
  logger.info({}, 'stopped')
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return
  await new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })
}
