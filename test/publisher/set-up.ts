import type { AnyEvents } from '../../src/client/event-map.ts'
import type { PublisherOptions } from '../../src/publisher/options.ts'
import { PublishError } from '../../src/publisher/publish-error.ts'
import { publisherIn } from '../../src/publisher/publisher.ts'
import { ManualEnvironment } from './manual-environment.ts'
import { type Reply, ScriptedServer } from './scripted-server.ts'

/** A publisher in front of a server that follows the script. */
export async function setUp(script: readonly Reply[], options: Partial<PublisherOptions> = {}) {
  const server = await ScriptedServer.with(...script)
  return { server, ...publisherTo(server.httpUrl, options) }
}

export function publisherTo(
  httpUrl: string,
  options: Partial<PublisherOptions> = {},
  environment = new ManualEnvironment(),
) {
  const publisher = publisherIn<AnyEvents>({ httpUrl, getToken: () => 'a-token', ...options }, environment)
  return { publisher, environment }
}

/** What it rejects with, which must be a `PublishError`. */
export async function failureOf(publishing: Promise<unknown>): Promise<PublishError> {
  const error: unknown = await publishing.then(
    (result) => `resolved to ${JSON.stringify(result)}`,
    (reason: unknown) => reason,
  )
  if (error instanceof PublishError) return error
  throw new Error('no PublishError', { cause: error })
}

/** An event that concerns somebody. */
export const event = { type: 'T', id: 'e-1', userId: 'u' }
