import type { Registry } from 'prom-client'
import type { HttpHandler, HttpResult } from '../../lambdas/shared/http.ts'
import { cameThroughProxy } from './console-request.ts'

/**
 * `GET /metrics`: Prometheus, in its text format. It asks for no token, as scrapers have none, and tells how much goes on here, but no
 * id and no event. A server that is open to the world stands behind a proxy, which speaks TLS; so what comes through one is
 * refused, and the numbers stay inside, unless somebody lets this very port out.
 *
 * @param refresh sets what is not counted but looked at
 */
export function metricsHandler(registry: Registry, refresh: () => Promise<unknown>): HttpHandler {
  return async (event) => {
    if (cameThroughProxy(event)) return forbidden()
    await refresh()
    const headers = { 'content-type': registry.contentType, 'cache-control': 'no-store' }
    return { statusCode: 200, headers, body: await registry.metrics() }
  }
}

function forbidden(): HttpResult {
  return {
    statusCode: 403,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
    body: 'The metrics are not shown through a proxy: ask this server’s own port, see docs/metrics.md.\n',
  }
}
