import { DeadLetterShelf } from '../../bridge/dead-letter-shelf.ts'
import { bridgeKeys } from '../../bridge/keys.ts'
import { connectOnce } from '../../bridge/redis/connect.ts'
import { bridgeSettings, type RedisOptions } from './options.ts'
import { CliError } from '../errors.ts'

/** Lends the dead letters of a Redis. @throws CliError, SettingError */
export async function withShelf(
  options: RedisOptions,
  use: (shelf: DeadLetterShelf) => Promise<void>,
): Promise<void> {
  const settings = bridgeSettings(options)
  const redis = await connectOnce(settings.redis).catch((error: unknown) => {
    throw new CliError(error instanceof Error ? error.message : String(error))
  })
  try {
    await use(new DeadLetterShelf(redis, bridgeKeys(settings.channel, settings.group).dead))
  } finally {
    redis.disconnect()
  }
}
