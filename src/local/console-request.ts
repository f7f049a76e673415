import { isIPv4 } from 'node:net'
import type { HttpEvent } from '../../lambdas/shared/http.ts'

/** Whether an address to listen on is of this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

/** The host name, without the port, that a request was made to; `undefined` if it could not be one. */
export function hostnameOf({ headers }: HttpEvent): string | undefined {
  return /^(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/i.exec(headers['host'] ?? '')?.[1]?.toLowerCase()
}

/**
 * The page's own origin, if the request was made to this machine by name. With DNS rebinding a foreign page reaches this server
 * as well, but under the foreign name.
 */
export function loopbackOrigin(event: HttpEvent): string | undefined {
  const hostname = hostnameOf(event)?.replace(/^\[(.*)\]$/, '$1')
  if (hostname === undefined || !isLoopback(hostname)) return undefined
  return originOf(event)
}

/** The origin that a page has which was served in answer to this request, as browsers write it. */
export function originOf({ headers }: HttpEvent): string | undefined {
  const url = `http://${headers['host'] ?? ''}`
  return URL.canParse(url) ? new URL(url).origin : undefined
}

const PROXY_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip']

/** Through a proxy, anybody may be asking: that the server listens to this machine alone says nothing then. */
export function cameThroughProxy({ headers }: HttpEvent): boolean {
  return PROXY_HEADERS.some((name) => name in headers)
}
