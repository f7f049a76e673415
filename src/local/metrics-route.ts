import type { Registry } from 'prom-client'
import type { HttpEvent, HttpHandler, HttpResult } from '../../lambdas/shared/http.ts'
import { cameThroughProxy, isLoopback, loopbackOrigin } from './console-request.ts'

/**
 * `GET /metrics`: Prometheus, in its text format. It asks for no token, as scrapers have none, and tells how much goes on here, but no
 * id and no event. A server that is open to the world stands behind a proxy, which speaks TLS; so what comes through one is
 * refused, and the numbers stay inside, unless somebody lets this very port out. Nor are they for pages in a browser.
 *
 * @param host that the server listens on
 * @param refresh sets what is not counted but looked at
 */
export function metricsHandler(
  registry: Registry,
  host: string,
  refresh: () => Promise<unknown>,
): HttpHandler {
  return async (event) => {
    const refusal = whyNot(event, host)
    if (refusal !== undefined) return forbidden(refusal)
    await refresh()
    const headers = { 'content-type': registry.contentType, 'cache-control': 'no-store' }
    return { statusCode: 200, headers, body: await registry.metrics() }
  }
}

function whyNot(event: HttpEvent, host: string): string | undefined {
  if (cameThroughProxy(event)) return 'through a proxy: ask this server’s own port'
  if (event.headers['origin'] !== undefined) return 'to pages of a browser'
  // With DNS rebinding a foreign page is of the same origin, but under the foreign name.
  if (isLoopback(host) && loopbackOrigin(event) === undefined) return 'but by a name of this machine'
  return undefined
}

function forbidden(refusal: string): HttpResult {
  return {
    statusCode: 403,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
    body: `The metrics are not shown ${refusal}, see docs/metrics.md.\n`,
  }
}
