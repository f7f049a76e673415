import { DeadLetterShelf } from '../../bridge/dead-letter-shelf.ts'
import { bridgeKeys } from '../../bridge/keys.ts'
import { connectOnce } from '../../bridge/redis/connect.ts'
import { bridgeSettings, type RedisOptions } from './options.ts'
import { CliError } from '../errors.ts'
import { printable } from '../printable.ts'

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
  } catch (error) {
    throw isOfRedis(error) ? new CliError(`Redis failed: ${printable(error.message)}`) : error
  } finally {
    redis.disconnect()
  }
}

/** Its answer is an error, or there is no answer: the client has no class of its own for all that. */
function isOfRedis(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  return (
    ['ReplyError', 'AbortError', 'MaxRetriesPerRequestError'].includes(error.name) ||
    /^Connection is closed|^Socket timeout|^Stream isn't writeable/.test(error.message) ||
    ('syscall' in error && /^(read|write|connect)$/.test(String(error.syscall)))
  )
}
