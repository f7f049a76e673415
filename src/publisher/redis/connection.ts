/** What `emit` needs of a connection. `Redis` and `Cluster` of `ioredis`, version 5 or 6, have it. */
export interface RedisConnection {
  multi(commands: unknown[][]): {
    exec(): Promise<[error: Error | null, result: unknown][] | null>
  }
  readonly options?: { readonly keyPrefix?: string | Uint8Array | undefined }
  /** Of one that has subscribed, `subscriber`: it takes no other commands. */
  readonly mode?: string | undefined
}

/**
 * A `keyPrefix` is put before keys, but not before channels: the stream would lie where no bridge looks for it.
 *
 * @throws TypeError if it cannot be emitted on this connection
 */
export function checkConnection(redis: RedisConnection): void {
  // JavaScript may call it with anything.
  const { multi, options, mode } = Object(redis) as Partial<RedisConnection>
  if (typeof multi !== 'function') {
    throw new TypeError(`the connection is ${kindOf(redis)}; it must be a Redis or a Cluster of ioredis`)
  }
  if (mode === 'subscriber') {
    throw new TypeError(
      'the connection has subscribed, and takes no other commands; emit on another one, such as redis.duplicate(), made once',
    )
  }
  const prefix = String(options?.keyPrefix ?? '')
  if (prefix === '') return
  throw new TypeError(
    `the connection has the keyPrefix ${JSON.stringify(prefix)}, which is not put before channels; emit on one without, such as redis.duplicate({ keyPrefix: '' }), made once`,
  )
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'object' ? 'an object without multi()' : typeof value
}
