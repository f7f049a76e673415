import { createHandler as disconnectUser } from '../../lambdas/disconnect-user.ts'
import { createHandler as health, type HealthCheck } from '../../lambdas/health.ts'
import { createHandler as inspect, INSPECT_ROUTES } from '../../lambdas/inspect.ts'
import { createHandler as publish } from '../../lambdas/publish.ts'
import { createHandler as recent } from '../../lambdas/recent.ts'
import { type HttpHandler, problem } from '../../lambdas/shared/http.ts'
import { FanoutError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Publisher } from '../core/publish.ts'
import { createHttpApi, type HttpApi } from '../gateway/http/http-api.ts'
import { consoleRoutes } from './console.ts'
import type { EmbeddedBridge } from './embedded-bridge.ts'
import type { EmbeddedSockets, SocketDependencies } from './embedded-sockets.ts'
import { metricsHandler } from './metrics-route.ts'
import type { Phase } from './phase.ts'
import type { PrometheusMetrics } from './prometheus-metrics.ts'

export interface HttpDependencies
  extends SocketDependencies, Pick<EmbeddedSockets, 'connections' | 'pusher' | 'probe'> {
  readonly metrics: PrometheusMetrics
  readonly publisher: Publisher
  readonly bridge: EmbeddedBridge | undefined
  readonly phase: () => Phase
  /** Whether the WebSocket port takes connections. */
  readonly socketsListen: () => boolean
  /** The port of the sockets, once it is known. */
  readonly wsPort: () => number
}

/** Twice the largest batch: enough to say what is wrong with one that is too large. */
const MAX_BODY_BYTES = 2 * LIMITS.batchBytes

/** The HTTP side: the project's handlers behind the stand-in for API Gateway's HTTP APIs. */
export function embeddedHttpApi(dependencies: HttpDependencies): HttpApi {
  const { settings, folder, verifier, logger, metrics, phase, wsPort, publisher, bridge } = dependencies
  const shared = { verifier, logger, metrics, clock: Date }
  return createHttpApi({
    routes: {
      'POST /api/v1/events': whileServing(phase, publish({ ...shared, publisher })),
      'GET /api/v1/events/recent': whileServing(
        phase,
        recent({ ...shared, log: folder.log, devices: folder.devices, revocations: folder.revocations }),
      ),
      ...adminRoutes(dependencies),
      'GET /health': health({ logger, checks: checks(dependencies) }),
      'GET /metrics': metricsHandler(metrics.registry, settings.host, async () => bridge?.look()),
      ...consoleRoutes({ settings, logger, wsPort }),
      $default: notFound,
    },
    maxBodyBytes: MAX_BODY_BYTES,
    cors: {
      allowOrigins: settings.allowedOrigins ?? ['*'],
      allowMethods: ['GET', 'POST', 'DELETE', 'OPTIONS'],
      allowHeaders: ['authorization', 'content-type', 'prefer'],
      maxAge: 3600,
    },
    log: ({ level, event, ...fields }) => {
      logger[level](fields, event)
    },
  })
}

/** For whoever has the scope `events:admin`. */
function adminRoutes(dependencies: HttpDependencies): Readonly<Record<string, HttpHandler>> {
  const { folder, verifier, logger, metrics, connections, pusher, probe, phase } = dependencies
  const { log, devices, refusals, revocations } = folder
  const shared = { verifier, logger, metrics, clock: Date, connections, revocations }
  const inspecting = whileServing(phase, inspect({ ...shared, log, devices, refusals, probe }))
  return {
    ...Object.fromEntries(Object.keys(INSPECT_ROUTES).map((route) => [route, inspecting])),
    'DELETE /api/v1/users/{id}/connections': whileServing(phase, disconnectUser({ ...shared, pusher })),
  }
}

/** What `/health` looks at. */
function checks({ folder, phase, socketsListen, bridge }: HttpDependencies): Record<string, HealthCheck> {
  return {
    http: async () => {
      if (phase() !== 'serving') throw new Error(`the server is ${phase()}`)
      return undefined
    },
    sockets: async () => {
      if (!socketsListen()) throw new Error('the WebSocket port takes no connections')
      return undefined
    },
    log: async () => folder.check().then(() => undefined),
    ...bridge?.checks,
  }
}

function whileServing(phase: () => Phase, handler: HttpHandler): HttpHandler {
  return async (event) => {
    if (phase() === 'serving') return handler(event)
    const refusal = problem(new FanoutError('unavailable', `the server is ${phase()}; try again in a moment`))
    // The client's next try should reach the server that takes over, not this one.
    return { ...refusal, headers: { ...refusal.headers, connection: 'close' } }
  }
}

const notFound: HttpHandler = async ({ requestContext: { http } }) =>
  problem(
    new FanoutError(
      'not_found',
      `there is no ${http.method} ${http.path.slice(0, 200)}; see docs/protocol.md`,
    ),
  )
