/** What pushes, what looks at sockets, and what publishes and then pushes, as a function's environment describes it. */
import type { Metrics } from '../../core/metrics.ts'
import type { Logger } from '../../core/ports.ts'
import { Publisher } from '../../core/publish.ts'
import { ApiGatewayProbe } from '../api-gateway-probe.ts'
import { ApiGatewayPusher } from '../api-gateway-pusher.ts'
import { createConnectionsClient } from '../clients/connections.ts'
import type { createTableClient } from '../clients/tables.ts'
import { connectionsEndpoint, type Environment, receiptDetail } from '../environment.ts'
import { connectionsFor, logFor, refusalsFor } from './tables.ts'

export function pusherFor(environment: Environment, logger: Logger): ApiGatewayPusher {
  return new ApiGatewayPusher({ client: createConnectionsClient(connectionsEndpoint(environment)), logger })
}

export function probeFor(environment: Environment, logger: Logger): ApiGatewayProbe {
  return new ApiGatewayProbe({ client: createConnectionsClient(connectionsEndpoint(environment)), logger })
}

export function publisherFor(
  environment: Environment,
  logger: Logger,
  tables: ReturnType<typeof createTableClient>,
  metrics: Metrics,
): Publisher {
  return new Publisher({
    clock: Date,
    logger,
    metrics,
    log: logFor(environment, tables),
    refusals: refusalsFor(environment, tables),
    connections: connectionsFor(environment, tables),
    pusher: pusherFor(environment, logger),
    receiptDetail: receiptDetail(environment),
  })
}
