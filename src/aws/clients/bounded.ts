interface CallOptions {
  readonly abortSignal?: AbortSignal
}

type Send = (command: object, options?: CallOptions) => Promise<unknown>

/** A call that took too long, its tries included. What became of it is not known. */
export class CallTimeout extends Error {
  override readonly name = 'CallTimeout'
}

/**
 * Gives every call of an SDK client an end. The SDK's own limits are about one try, and none of them covers the waits
 * between tries, or a body that comes a byte at a time.
 *
 * @param service for the error's text: a minified command no longer knows its name
 * @param ms for one call with all its tries
 * @returns the client itself, its `send` replaced
 */
export function bounded<C extends { send: unknown }>(client: C, service: string, ms: number): C {
  const send = (client.send as Send).bind(client)
  const timed: Send = async (command, options) => {
    const over = new AbortController()
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new CallTimeout(`a call of ${service} took over ${ms} ms with all its tries`))
        over.abort()
      }, ms)
    })
    try {
      // Not by the signal alone: what the SDK does before and after the request does not look at it.
      return await Promise.race([send(command, { ...options, abortSignal: over.signal }), timeout])
    } finally {
      clearTimeout(timer)
    }
  }
  return Object.assign(client, { send: timed })
}
