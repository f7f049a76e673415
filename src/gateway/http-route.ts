import type { IncomingMessage } from 'node:http'
import type { LambdaHandler } from './lambda.ts'

export interface Route {
  readonly key: string
  readonly handler: LambdaHandler
  readonly method: string
  readonly pattern: RegExp
}

/** A route with what the request's address filled in. */
export interface Match extends Route {
  readonly path: string
  readonly query: string
  readonly pathParameters: Readonly<Record<string, string>>
}

/** `{name}` takes one segment, `{name+}` all that is left. */
export function compileRoute(key: string, handler: LambdaHandler): Route {
  if (key === '$default') return { key, handler, method: 'ANY', pattern: /^/ }
  const [method = '', path = ''] = key.split(' ')
  const pattern = path
    .replace(/[.*?^$|()[\]\\]/g, '\\$&')
    .replace(/\{(\w+)\+\}/g, '(?<$1>.+)')
    .replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')
  return { key, handler, method, pattern: new RegExp(`^${pattern}$`) }
}

/** The first route that fits, `$default` last whatever its place. */
export function matchRoute(
  routes: readonly Route[],
  { method, url = '/' }: IncomingMessage,
): Match | undefined {
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const query = mark < 0 ? '' : url.slice(mark + 1)
  const fits = (route: Route): boolean =>
    route.key !== '$default' &&
    (route.method === 'ANY' || route.method === method) &&
    route.pattern.test(path)
  const route = routes.find(fits) ?? routes.find(({ key }) => key === '$default')
  if (route === undefined) return undefined
  return { ...route, path, query, pathParameters: { ...route.pattern.exec(path)?.groups } }
}
