import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SettingError } from '../process/settings.ts'
import type { Bridge } from './bridge.ts'
import type { BridgeMetrics } from './metrics.ts'

export interface HealthServer {
  readonly url: string
  stop(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/**
 * Serves how a bridge is doing: `/health` (200, or 503 and what is wrong), `/live` (200 as long as the process does anything) and `/metrics`
 * (Prometheus). Nothing in it is secret, and nothing asks for a token: let only the monitoring reach it.
 *
 * @throws SettingError if it cannot listen there
 */
export async function serveHealth(
  bridge: Bridge,
  metrics: BridgeMetrics,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    void respond(bridge, metrics, request, response)
  })
  server.requestTimeout = 10_000
  await listen(server, host, port)
  const { address, family, port: bound } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve)
  }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new SettingError(
      `the health cannot be served on port ${port} of ${host}: ${reason}. Give another with --port, or BRIDGE_PORT and HOST; port 0 is any free one`,
    )
  })
}

async function respond(
  bridge: Bridge,
  metrics: BridgeMetrics,
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, type, body } = await answer(bridge, metrics, url.split('?')[0] ?? '').catch(
    (error: unknown) => plain(500, error instanceof Error ? error.message : String(error)),
  )
  const length = Buffer.byteLength(body)
  response.writeHead(status, { 'content-type': type, 'content-length': length, 'cache-control': 'no-store' })
  response.end(method === 'HEAD' ? undefined : body)
}

async function answer(bridge: Bridge, metrics: BridgeMetrics, path: string): Promise<Answer> {
  if (path === '/live') return plain(200, 'alive')
  if (path === '/health') return health(bridge)
  if (path !== '/metrics') return plain(404, 'There are /health, /live and /metrics.')
  // Asking for the status sets the gauges.
  await bridge.status()
  return { status: 200, type: metrics.registry.contentType, body: await metrics.registry.metrics() }
}

async function health(bridge: Bridge): Promise<Answer> {
  const status = await bridge.status()
  const isWell = status.problems.length === 0
  return {
    status: isWell ? 200 : 503,
    type: 'application/json',
    body: `${JSON.stringify({ status: isWell ? 'ok' : 'failing', ...status })}\n`,
  }
}

function plain(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` }
}
