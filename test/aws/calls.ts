/** Between an SDK client and its service: what is called, and what the test does about it. */

export interface Call {
  /** The command without its suffix, such as `BatchGet`. */
  readonly name: string
  readonly input: Readonly<Record<string, unknown>>
  readonly options: { readonly abortSignal?: AbortSignal } | undefined
}

export type Answer = (call: Call, proceed: () => Promise<unknown>) => Promise<unknown>

interface Command {
  readonly input: Call['input']
}

type Send = (command: Command, options?: Call['options']) => Promise<unknown>

/**
 * Records the calls of a client, and lets a test answer them itself.
 *
 * @returns the calls so far; a test may empty it
 */
export function interceptCalls(
  client: { send: unknown },
  answer: Answer = async (_, proceed) => proceed(),
): Call[] {
  const calls: Call[] = []
  const send = (client.send as Send).bind(client)
  const intercepted: Send = async (command, options) => {
    const call = { name: command.constructor.name.replace(/Command$/, ''), input: command.input, options }
    calls.push(call)
    return answer(call, async () => send(command, options))
  }
  Object.assign(client, { send: intercepted })
  return calls
}

/** An error as the SDK throws it for an answer of this status. */
export function sdkError(status: number, name = 'SomeException'): Error {
  return Object.assign(new Error(`answered with ${status}`), { name, $metadata: { httpStatusCode: status } })
}
