import { startBridge } from '../../bridge/bridge.ts'
import { serveHealth } from '../../bridge/health-server.ts'
import { BridgeMetrics } from '../../bridge/metrics.ts'
import { LogLines } from '../../process/log-lines.ts'
import { createLogger } from '../../process/logger.ts'
import { logLevelOf, wholeNumber } from '../../process/settings.ts'
import { onShutdown } from '../../process/shutdown.ts'
import { variable } from '../environment.ts'
import { type BridgeOptions, bridgeSettings } from './options.ts'
import { targetFrom } from './target.ts'

/** Runs until a signal ends it. @throws CliError, SettingError if it cannot begin */
export async function runBridge(options: BridgeOptions): Promise<void> {
  const settings = bridgeSettings(options)
  const port =
    options.port === undefined
      ? wholeNumber('BRIDGE_PORT', variable('BRIDGE_PORT') ?? '3002', 0, 65_535)
      : wholeNumber('--port', options.port, 0, 65_535)
  const lines = new LogLines()
  const logger = createLogger(logLevelOf(process.env), lines)
  const target = await targetFrom(options)
  const metrics = new BridgeMetrics()
  const ended = new Promise<void>((resolve) => {
    onShutdown(resolve)
  })
  const bridge = startBridge(settings, { target, logger, metrics })
  try {
    const health = await serveHealth(bridge, metrics, { host: variable('HOST') ?? '127.0.0.1', port })
    logger.info({ health: `${health.url}/health` }, 'bridge serves its health')
    await ended
    await bridge.stop()
    await health.stop()
  } finally {
    await bridge.stop()
  }
  await lines.end()
  // What nobody reads would keep the process.
  process.exit()
}
