import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SUBPROTOCOL } from '../auth/presented-token.ts'
import { createTokenVerifier, MIN_SECRET_BYTES } from '../auth/verify-token.ts'
import type { Logger } from '../core/ports.ts'
import { Publisher } from '../core/publish.ts'
import { type DataFolder, openDataFolder } from '../embedded/data-folder.ts'
import { closeGently } from '../gateway/http/close-server.ts'
import type { HttpApi } from '../gateway/http/http-api.ts'
import type { WebSocketApi } from '../gateway/websocket/websocket-api.ts'
import { SettingError } from '../process/settings.ts'
import { embeddedBridge, type EmbeddedBridge } from './embedded-bridge.ts'
import { embeddedHttpApi } from './embedded-http.ts'
import { embeddedSockets } from './embedded-sockets.ts'
import type { Phase } from './phase.ts'
import { PrometheusMetrics } from './prometheus-metrics.ts'
import type { Settings } from './settings.ts'
import { readOrGenerateSecret, secretFile } from './token-secret.ts'

/** A running embedded server. */
export interface EmbeddedServer {
  readonly httpUrl: string
  readonly wsUrl: string
  /** No new publishes; running ones finish; sockets are closed with 1001; what is on disk is closed. Idempotent. */
  stop(): Promise<void>
}

/** @throws SettingError if a port cannot be had, or the data folder cannot be used: another process may have it open */
export async function startServer(settings: Settings, logger: Logger): Promise<EmbeddedServer> {
  const folder = openFolder(settings, logger)
  const parts = await assembleOn(folder, settings, logger)
  try {
    const httpUrl = await listen(parts.httpServer, 'http', 'PORT', settings.port, settings.host)
    const wsUrl = await listen(parts.wsServer, 'ws', 'WS_PORT', settings.wsPort, settings.host)
    parts.enter('serving')
    parts.bridge?.start()
    logger.info({ httpUrl, wsUrl, dataDir: settings.dataDir, subprotocol: SUBPROTOCOL }, 'serving')
    let stopping: Promise<void> | undefined
    return { httpUrl, wsUrl, stop: async () => (stopping ??= stop(parts, logger)) }
  } catch (error) {
    await stop(parts, logger)
    throw error
  }
}

function openFolder({ dataDir, retentionMs }: Settings, logger: Logger): DataFolder {
  try {
    return openDataFolder(dataDir, { retentionMs, logger })
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new SettingError(`DATA_DIR is "${dataDir}"; ${text}`)
  }
}

interface Parts {
  readonly folder: DataFolder
  readonly httpApi: HttpApi
  readonly sockets: WebSocketApi
  readonly httpServer: Server
  readonly wsServer: Server
  readonly bridge: EmbeddedBridge | undefined
  enter(phase: Phase): void
}

async function assembleOn(folder: DataFolder, settings: Settings, logger: Logger): Promise<Parts> {
  try {
    return assemble(settings, folder, logger)
  } catch (error) {
    await folder.close()
    throw error
  }
}

function assemble(settings: Settings, folder: DataFolder, logger: Logger): Parts {
  let phase: Phase = 'starting'
  const keys = settings.keys === 'generated' ? { secret: keptSecret(settings.dataDir) } : settings.keys
  const { issuer, audience } = settings
  const verifier = createTokenVerifier({
    keys,
    clock: Date,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  })
  const metrics = new PrometheusMetrics(() => sockets.connectionCount)
  const shared = { settings, folder, verifier, logger, metrics }
  const { sockets, connections, pusher, probe } = embeddedSockets(shared)
  const wsServer = createServer(sockets.handleRequest).on('upgrade', sockets.handleUpgrade)
  const publisher = new Publisher({
    log: folder.log,
    refusals: folder.refusals,
    connections,
    pusher,
    clock: Date,
    logger,
    metrics,
    receiptDetail: settings.receiptDetail,
  })
  const bridge = embeddedBridge(settings.bridge, publisher, logger, metrics.registry)
  const httpApi = embeddedHttpApi({
    ...shared,
    connections,
    pusher,
    probe,
    publisher,
    bridge,
    phase: () => phase,
    socketsListen: () => wsServer.listening,
    wsPort: () => (wsServer.address() as AddressInfo | null)?.port ?? 0,
  })
  return {
    folder,
    httpApi,
    sockets,
    httpServer: limited(createServer(httpApi.handleRequest)),
    wsServer,
    bridge,
    enter: (next) => {
      phase = next
    },
  }
}

/** A client that sends or reads nothing for so long is gone, or means no good. In milliseconds. */
const STALLED = 60_000
const WHOLE_REQUEST_WITHIN = 30_000

function limited(server: Server): Server {
  server.setTimeout(STALLED)
  server.requestTimeout = WHOLE_REQUEST_WITHIN
  return server
}

function keptSecret(dataDir: string): string {
  const secret = readOrGenerateSecret(dataDir)
  const bytes = Buffer.byteLength(secret)
  if (bytes >= MIN_SECRET_BYTES) return secret
  throw new SettingError(
    `the secret in ${secretFile(dataDir)} has ${bytes} bytes; HS256 needs at least ${MIN_SECRET_BYTES}. Remove the file to have a new one made, or set JWT_SECRET`,
  )
}

async function listen(
  server: Server,
  scheme: string,
  variable: string,
  port: number,
  host: string,
): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve)
  }).catch((error: unknown) => {
    const text = error instanceof Error ? error.message : String(error)
    throw new SettingError(
      `${variable} is "${port}" and HOST is "${host}"; cannot listen there: ${text}. Set another; port 0 is any free one`,
    )
  })
  const { address, family, port: bound } = server.address() as AddressInfo
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${bound}`
}

async function stop(parts: Parts, logger: Logger): Promise<void> {
  parts.enter('draining')
  logger.info({ connections: parts.sockets.connectionCount }, 'draining')
  await parts.bridge?.stop()
  // Publishes that come from now on are refused by the handlers; those that run push to sockets that are still open.
  await parts.httpApi.idle()
  await parts.sockets.close()
  await Promise.all([closeGently(parts.httpServer), closeGently(parts.wsServer)])
  await parts.folder.close()
  logger.info({}, 'stopped')
}
