import { onTestFinished } from 'vitest'
import type { Bridge } from '../../src/bridge/bridge.ts'
import { type HealthServer, serveHealth } from '../../src/bridge/health-server.ts'
import { BridgeMetrics } from '../../src/bridge/metrics.ts'

/** What a probe asks, of a bridge that has these problems, until the test is over. */
export async function healthOf(problems: readonly string[] = []): Promise<HealthServer> {
  const bridge: Bridge = {
    status: async () => ({
      from: 'stream',
      channel: 'business-events',
      state: 'standby',
      redis: 'redis://redis:6379',
      target: 'http://event-fanout:3000',
      lag: undefined,
      problems,
    }),
    stop: async () => undefined,
  }
  const server = await serveHealth(bridge, new BridgeMetrics(), { host: '127.0.0.1', port: 0 })
  onTestFinished(async () => server.stop())
  return server
}
