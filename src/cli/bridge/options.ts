import { type BridgeSettings, readBridgeSettings } from '../../bridge/settings.ts'
import { SettingError } from '../../process/settings.ts'
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
  const given = { REDIS_URL: redis, REDIS_CHANNEL: channel, REDIS_FROM: from }
  const options = Object.fromEntries(Object.entries(given).filter(([, text]) => text !== undefined))
  try {
    const settings = readBridgeSettings({ ...process.env, ...options })
    if (settings !== undefined) return settings
  } catch (error) {
    if (!(error instanceof SettingError)) throw error
    throw new CliError(asTyped(error.message, options))
  }
  throw new CliError('say where Redis is: --redis redis://127.0.0.1:6379, or REDIS_URL')
}

const OPTIONS = { REDIS_URL: '--redis', REDIS_CHANNEL: '--channel', REDIS_FROM: '--from' } as const

/** What is wrong has the name under which it was given. */
function asTyped(message: string, options: Readonly<Record<string, unknown>>): string {
  for (const [variable, option] of Object.entries(OPTIONS)) {
    if (variable in options && message.startsWith(variable))
      return `${option}${message.slice(variable.length)}`
  }
  return message
}
