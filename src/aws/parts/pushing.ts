/** What pushes, and what publishes and then pushes, as a function's environment describes it. */
import type { Logger } from '../../core/ports.ts'
import { Publisher } from '../../core/publish.ts'
import { ApiGatewayPusher } from '../api-gateway-pusher.ts'
import { createConnectionsClient } from '../clients/connections.ts'
import { createTableClient } from '../clients/tables.ts'
import { connectionsEndpoint, type Environment } from '../environment.ts'
import { connectionsFor, logFor } from './tables.ts'

export function pusherFor(environment: Environment, logger: Logger): ApiGatewayPusher {
  return new ApiGatewayPusher({ client: createConnectionsClient(connectionsEndpoint(environment)), logger })
}

export function publisherFor(environment: Environment, logger: Logger): Publisher {
  const client = createTableClient()
  const log = logFor(environment, client)
  const connections = connectionsFor(environment, client)
  return new Publisher({ clock: Date, logger, log, connections, pusher: pusherFor(environment, logger) })
}
