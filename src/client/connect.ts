import { checkOptions } from './check-options.ts'
import { createClient } from './client.ts'
import { platformEnvironment } from './environment.ts'
import type { EventClient } from './event-client.ts'
import type { AnyEvents, EventMap } from './event-map.ts'
import type { ConnectOptions } from './options.ts'

/**
 * Connects a user's device to its events, and keeps it connected: over a WebSocket while one is to be had, by polling while not.
 * Returns at once; handlers that are added in the same turn miss nothing.
 *
 * @throws TypeError if an option cannot be used
 */
export function connect<Events extends EventMap<Events> = AnyEvents>(
  options: ConnectOptions,
): EventClient<Events> {
  const environment = platformEnvironment(options)
  checkOptions({ ...options, ...environment })
  return createClient(options, environment) as unknown as EventClient<Events>
}
