import type { IncomingMessage } from 'node:http'
import type { AuthorizerOptions } from './authorizer.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { LambdaHandler } from '../lambda.ts'
import type { Log } from '../log.ts'
import type { Rate } from './token-bucket.ts'

export interface Route {
  handler: LambdaHandler
  /**
   * Whether a message route has a route response: only then does the `body` that it returns reach the client.
   *
   * @default false
   */
  returnResponse?: boolean
}

/**
 * The limits. Defaults are API Gateway's (developer guide, pages apigateway-execution-service-websocket-limits-table and
 * limits) unless said otherwise. `Infinity` lifts one.
 */
export interface Quotas {
  /** How long a connection may last, in milliseconds. @default 2 h */
  lifetimeMs: number
  /** How long it may go without a message in either direction, in milliseconds. @default 10 min */
  idleMs: number
  /** Payload of one frame, in bytes. @default 32 KiB */
  frameBytes: number
  /** Payload of one message, in bytes. @default 128 KiB */
  messageBytes: number
  /** How long a function may take, in milliseconds. @default 29 s */
  integrationTimeoutMs: number
  /** The authorizer's result as JSON, in bytes. @default 8 KiB */
  authorizerResultBytes: number
  /** New connections. @default 500/s, burst 500 */
  connections: Rate
  /** Messages from all clients and calls of `@connections`, together. @default 10,000/s, burst 5,000 */
  requests: Rate
  /** Messages from one client; faster ones are closed with 1008. @default 1,000/s, burst 1,000: a choice of this gateway */
  clientMessages: Rate
  /** Unsent bytes of a socket from which on posts are throttled. @default 1 MiB: a choice of this gateway */
  sendBufferBytes: number
  /** How long a client may take to answer a close frame, in milliseconds. @default 5 s: a choice of this gateway */
  closeTimeoutMs: number
}

export interface WebSocketApiOptions {
  /** By route key: `$connect`, `$disconnect`, `$default`, and what the route selection expression may yield. All optional. */
  routes: Readonly<Record<string, Route>>
  /** @default $request.body.action */
  routeSelectionExpression?: string
  /** Runs before `$connect`. @default none: everyone may connect */
  authorizer?: AuthorizerOptions
  /** The one path that clients may connect to; with '' they may use any. @default prod */
  stage?: string
  /** Accept any path, whatever the stage is called. @default false */
  anyPath?: boolean
  /** @default local */
  apiId?: string
  /** @default us-east-1 */
  region?: string
  /** @default 000000000000 */
  accountId?: string
  /** What events call the API's host. @default the Host header of the handshake */
  domainName?: string
  quotas?: Partial<Quotas>
  /** @default the system's */
  clock?: Clock
  /**
   * Who may use `@connections` over HTTP: processes on the same machine that did not come through a proxy, anyone who
   * reaches the port, or nobody. Signatures are not verified, so `anyone` belongs behind something that does.
   *
   * @default loopback
   */
  connectionsApi?: 'loopback' | 'anyone' | 'off'
  /** @default none */
  log?: Log
}

/** Options with every default filled in. */
export interface Settings extends Required<
  Omit<WebSocketApiOptions, 'authorizer' | 'domainName' | 'quotas'>
> {
  readonly authorizer: AuthorizerOptions | undefined
  readonly domainNameOf: (request: IncomingMessage) => string
  readonly quotas: Quotas
}

const defaultQuotas: Quotas = {
  lifetimeMs: 2 * 60 * 60_000,
  idleMs: 10 * 60_000,
  frameBytes: 32 * 1024,
  messageBytes: 128 * 1024,
  integrationTimeoutMs: 29_000,
  authorizerResultBytes: 8 * 1024,
  connections: { perSecond: 500, burst: 500 },
  requests: { perSecond: 10_000, burst: 5_000 },
  clientMessages: { perSecond: 1_000, burst: 1_000 },
  sendBufferBytes: 1024 * 1024,
  closeTimeoutMs: 5_000,
}

export function settle(options: WebSocketApiOptions): Settings {
  const { authorizer, domainName, apiId = 'local', region = 'us-east-1', stage = 'prod' } = options
  return {
    routes: options.routes,
    routeSelectionExpression: options.routeSelectionExpression ?? '$request.body.action',
    authorizer,
    stage,
    anyPath: options.anyPath ?? stage === '',
    apiId,
    region,
    accountId: options.accountId ?? '000000000000',
    domainNameOf: ({ headers }) =>
      domainName ?? headers.host ?? `${apiId}.execute-api.${region}.amazonaws.com`,
    quotas: settleQuotas(options.quotas ?? {}),
    clock: options.clock ?? systemClock,
    connectionsApi: options.connectionsApi ?? 'loopback',
    log: options.log ?? (() => undefined),
  }
}

function settleQuotas(given: Partial<Quotas>): Quotas {
  const quotas = { ...defaultQuotas, ...given }
  for (const [name, quota] of Object.entries(quotas)) {
    const numbers: number[] = typeof quota === 'number' ? [quota] : [quota.perSecond, quota.burst]
    if (!numbers.every((number) => number > 0)) {
      throw new RangeError(`quotas.${name}: ${JSON.stringify(quota)} is not above 0`)
    }
  }
  return quotas
}
