import type { Registry } from 'prom-client'
import { type Bridge, startBridge } from '../bridge/bridge.ts'
import { BridgeMetrics } from '../bridge/metrics.ts'
import type { BridgeSettings } from '../bridge/settings.ts'
import { logTarget } from '../bridge/targets/log-target.ts'
import type { Logger } from '../core/ports.ts'
import type { Publisher } from '../core/publish.ts'
import type { HealthCheck } from '../../lambdas/health.ts'

/** The bridge from Redis inside the server, publishing into its own log. */
export interface EmbeddedBridge {
  /** Sets the metrics that are not counted but looked at. */
  look(): Promise<void>
  /** For `/health`. */
  readonly checks: Readonly<Record<string, HealthCheck>>
  /** Once the server serves. */
  start(): void
  /** What was taken from Redis is published first. */
  stop(): Promise<void>
}

/**
 * @param registry where the bridge counts
 * @returns nothing if no Redis is configured
 */
export function embeddedBridge(
  settings: BridgeSettings | undefined,
  publisher: Publisher,
  logger: Logger,
  registry: Registry,
): EmbeddedBridge | undefined {
  if (settings === undefined) return undefined
  const metrics = new BridgeMetrics(registry)
  let bridge: Bridge | undefined
  return {
    look: async () => {
      await bridge?.status()
    },
    checks: {
      redis: async () => {
        const problems = bridge === undefined ? ['not started yet'] : (await bridge.status()).problems
        if (problems.length > 0) throw new Error(problems.join('; '))
        return undefined
      },
    },
    start: () => {
      bridge = startBridge(settings, { target: logTarget(publisher), logger, metrics })
    },
    stop: async () => bridge?.stop(),
  }
}
