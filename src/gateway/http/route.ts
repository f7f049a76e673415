import type { IncomingMessage } from 'node:http'
import type { LambdaHandler } from '../lambda.ts'

export interface Route {
  readonly key: string
  readonly handler: LambdaHandler
  readonly method: string
  readonly pattern: RegExp
  /** Of two routes that fit, the one with the lower number is meant. */
  readonly vagueness: number
}

/** A route with what the request's address filled in. */
export interface Match extends Route {
  readonly path: string
  readonly query: string
  readonly pathParameters?: Readonly<Record<string, string>>
}

/**
 * `{name}` takes one segment, `{name+}` all that is left. The most specific route wins, `$default` last. Source: API
 * Gateway developer guide, page http-api-develop-routes.
 */
export function compileRoute(key: string, handler: LambdaHandler): Route {
  if (key === '$default') return { key, handler, method: 'ANY', pattern: /^/, vagueness: Infinity }
  const [method = '', path = ''] = key.split(' ')
  const pattern = path
    .replace(/[.*?^$|()[\]\\]/g, '\\$&')
    .replace(/\{(\w+)\+\}/g, '(?<$1>.+)')
    .replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')
  // A parameter is vaguer than a word, a greedy one vaguer than any number of parameters, any method than a named one.
  const parameters = path.split('{').length - 1
  const vagueness = parameters * 2 + (path.endsWith('+}') ? 1000 : 0) + (method === 'ANY' ? 1 : 0)
  return { key, handler, method, pattern: new RegExp(`^${pattern}$`), vagueness }
}

/** Finds the route of a request. */
export class Router {
  readonly #routes: readonly Route[]
  /** Those of one method and one path, under both: nothing is more specific. */
  readonly #exact: ReadonlyMap<string, Route>

  constructor(routes: readonly Route[]) {
    this.#routes = routes
    this.#exact = new Map(
      routes.filter(({ vagueness }) => vagueness === 0).map((route) => [route.key, route]),
    )
  }

  match({ method = '', url = '/' }: IncomingMessage): Match | undefined {
    const mark = url.indexOf('?')
    const path = mark < 0 ? url : url.slice(0, mark)
    const query = mark < 0 ? '' : url.slice(mark + 1)
    const exact = this.#exact.get(`${method} ${path}`)
    if (exact !== undefined) return { ...exact, path, query }
    const route = this.#mostSpecific(method, path)
    if (route === undefined) return undefined
    const groups = route.pattern.exec(path)?.groups
    return { ...route, path, query, ...(groups && { pathParameters: { ...groups } }) }
  }

  #mostSpecific(method: string, path: string): Route | undefined {
    return this.#routes
      .filter((one) => (one.method === 'ANY' || one.method === method) && one.pattern.test(path))
      .reduce<Route | undefined>(
        (best, one) => (best && best.vagueness <= one.vagueness ? best : one),
        undefined,
      )
  }
}
