import { type BridgeSettings, readBridgeSettings } from '../../bridge/settings.ts'
import { CliError } from '../errors.ts'

/** What the command line says of a Redis. What it leaves out, the environment says. */
export interface RedisOptions {
  readonly redis?: string
  readonly channel?: string
}

export interface TargetOptions {
  readonly to?: string
  readonly queue?: string
  readonly tokenFile?: string
}

export interface BridgeOptions extends RedisOptions, TargetOptions {
  readonly from?: string
  readonly port?: string
}

/** @throws CliError, SettingError */
export function bridgeSettings({
  redis,
  channel,
  from,
}: Pick<BridgeOptions, 'redis' | 'channel' | 'from'>): BridgeSettings {
  const settings = readBridgeSettings({
    ...process.env,
    ...(redis !== undefined && { REDIS_URL: redis }),
    ...(channel !== undefined && { REDIS_CHANNEL: channel }),
    ...(from !== undefined && { REDIS_FROM: from }),
  })
  if (settings !== undefined) return settings
  throw new CliError('say where Redis is: --redis redis://127.0.0.1:6379, or REDIS_URL')
}
