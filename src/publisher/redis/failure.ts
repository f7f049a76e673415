import { PublishError } from '../publish-error.ts'
import type { ChannelKeys } from './wire.ts'

/** Why Redis has not taken an event. */
export interface RedisFailure {
  readonly code: 'unreachable' | 'unavailable'
  readonly message: string
  readonly cause?: unknown
}

/**
 * As the caller gets it. Whatever Redis says, the event may be there: after a connection broke, the client sends again what was not
 * answered, and this is the answer to the last time only.
 */
export function notEmitted({ code, message, cause }: RedisFailure, id: string | undefined): PublishError {
  const again = id === undefined ? 'unchanged' : `with the id ${JSON.stringify(id)}`
  return new PublishError(
    `${message}; the event may have been emitted all the same, so emit it again ${again}: no log gets it twice`,
    { code, refused: false, mayHaveBeenPublished: true, attempts: 1, id },
    cause === undefined ? undefined : { cause },
  )
}

/** WATCH is of the connection: one that the app has begun ends in this transaction. */
export const WATCHED: RedisFailure = {
  code: 'unavailable',
  message:
    'Redis has dropped the transaction, as a key that the app watches on this connection has changed; emit on a connection without WATCH',
}

/** @param error of the whole transaction, or of a command in it */
export function failureOf(error: unknown, keys: ChannelKeys): RedisFailure {
  const first = firstOf(error)
  const reason = first instanceof Error ? first.message : String(first)
  const [, word] = /^([A-Z]{2,}) /.exec(reason) ?? []
  if (word !== undefined) {
    const message = `Redis refuses it (${reason}); ${adviceFor(word, keys)}`
    return { code: 'unavailable', message, cause: error }
  }
  const message = `no answer from Redis (${reason}); is it running, and the connection open and no subscriber's?`
  return { code: 'unreachable', message, cause: error }
}

/** EXECABORT says only that a command before it was refused; `ioredis` keeps why. */
function firstOf(error: unknown): unknown {
  const { previousErrors } = Object(error) as { readonly previousErrors?: unknown }
  return Array.isArray(previousErrors) && previousErrors.length > 0 ? previousErrors[0] : error
}

/** @param word that an error reply begins with */
function adviceFor(word: string, { stream, producers }: ChannelKeys): string {
  switch (word) {
    case 'WRONGTYPE':
      return `the keys ${stream} (a stream) and ${producers} (a hash) must be emit's own, so rename what is there, or emit to another channel`
    case 'NOPERM':
      return `the connection's user needs ~${stream} ~${producers} &${stream} +multi +exec +xadd +publish +hset (see ACL SETUSER)`
    case 'OOM':
      return 'raise its maxmemory, or let it keep less'
    case 'READONLY':
      return 'connect to the primary, for this is a replica'
    case 'ERR':
      return 'Redis 6.2 or later is needed, and no transaction of the app open on this connection'
    default:
      return 'it may pass'
  }
}
