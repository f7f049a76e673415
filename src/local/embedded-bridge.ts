import { type Bridge, startBridge } from '../bridge/bridge.ts'
import { BridgeMetrics } from '../bridge/metrics.ts'
import type { BridgeSettings } from '../bridge/settings.ts'
import { logTarget } from '../bridge/targets/log-target.ts'
import type { Logger } from '../core/ports.ts'
import type { Publisher } from '../core/publish.ts'
import type { HttpHandler } from '../../lambdas/shared/http.ts'

/** The bridge from Redis inside the server, publishing into its own log. */
export interface EmbeddedBridge {
  readonly routes: Readonly<Record<string, HttpHandler>>
  /** For `/health`. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>
  /** Once the server serves. */
  start(): void
  /** What was taken from Redis is published first. */
  stop(): Promise<void>
}

/** @returns nothing if no Redis is configured */
export function embeddedBridge(
  settings: BridgeSettings | undefined,
  publisher: Publisher,
  logger: Logger,
): EmbeddedBridge | undefined {
  if (settings === undefined) return undefined
  const metrics = new BridgeMetrics()
  let bridge: Bridge | undefined
  return {
    routes: { 'GET /metrics': metricsHandler(metrics, () => bridge) },
    checks: {
      redis: async () => {
        const problems = bridge === undefined ? ['not started yet'] : (await bridge.status()).problems
        if (problems.length > 0) throw new Error(problems.join('; '))
      },
    },
    start: () => {
      bridge = startBridge(settings, { target: logTarget(publisher), logger, metrics })
    },
    stop: async () => bridge?.stop(),
  }
}

/** `GET /metrics`: Prometheus. */
function metricsHandler({ registry }: BridgeMetrics, bridge: () => Bridge | undefined): HttpHandler {
  return async () => {
    // Asking for the status sets the gauges.
    await bridge()?.status()
    const headers = { 'content-type': registry.contentType, 'cache-control': 'no-store' }
    return { statusCode: 200, headers, body: await registry.metrics() }
  }
}
