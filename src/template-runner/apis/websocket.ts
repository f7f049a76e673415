import type { LambdaHandler } from '../../gateway/lambda.ts'
import type { LogRecord } from '../../gateway/log.ts'
import type { Route } from '../../gateway/websocket/options.ts'
import { type WebSocketApi, createWebSocketApi } from '../../gateway/websocket/websocket-api.ts'
import type { Recording } from '../invocation.ts'
import { isObject } from '../json.ts'
import type { Surroundings } from '../template/intrinsics.ts'
import type { ApiDefinition, RouteDefinition } from './api-definition.ts'
import { type Invoking, NotPermittedError, invokePermitted } from './invoke-permitted.ts'

/** The template's WebSocket API behind the gateway's stand-in. */
export function serveWebSocketApi(
  definition: ApiDefinition,
  { region, account, urlSuffix }: Surroundings,
  invoking: Invoking,
  recording: Recording,
): WebSocketApi {
  const { authorizer, stage, apiId, routeSelectionExpression, integrationTimeoutMs } = definition
  return createWebSocketApi({
    apiId,
    region,
    accountId: account,
    domainName: `${apiId}.execute-api.${region}.${urlSuffix}`,
    stage: stage.name,
    ...(routeSelectionExpression !== undefined && { routeSelectionExpression }),
    routes: Object.fromEntries(
      definition.routes.map((route) => [route.key, toRoute(route, invoking, recording)]),
    ),
    ...(authorizer && {
      authorizer: {
        identitySources: authorizer.identitySources,
        handler: handler(async (event) =>
          invokePermitted(invoking, authorizer, event, { trigger: 'authorizer' }),
        ),
      },
    }),
    quotas: {
      ...(stage.throttle && { requests: stage.throttle }),
      ...(integrationTimeoutMs !== undefined && { integrationTimeoutMs }),
    },
    log: (record) => {
      write(record, invoking, recording)
    },
  })
}

function toRoute(route: RouteDefinition, invoking: Invoking, recording: Recording): Route {
  const { key: routeKey, returnResponse } = route
  const isMessage = routeKey !== '$connect' && routeKey !== '$disconnect'
  return {
    returnResponse,
    handler: handler(async (event) => {
      if (isMessage) recording.addMessage('in', routeKey, bytesOf(event, 'body'))
      const result = await invokePermitted(invoking, route, event, { trigger: 'websocket', routeKey }).catch(
        refuseConnect(routeKey),
      )
      const answer = isMessage && returnResponse ? bytesOf(result, 'body') : 0
      if (answer > 0) recording.addMessage('out', routeKey, answer)
      return result
    }),
  }
}

/** A function that throws gives 502 on `$connect`; one that may not be invoked gives 500. */
function refuseConnect(routeKey: string): (error: unknown) => unknown {
  return (error) => {
    if (routeKey === '$connect' && error instanceof NotPermittedError) return { statusCode: 500 }
    throw error
  }
}

function bytesOf(value: unknown, name: string): number {
  const text = isObject(value) ? value[name] : undefined
  return typeof text === 'string' ? Buffer.byteLength(text) : 0
}

function handler(invoke: (event: unknown) => Promise<unknown>): LambdaHandler {
  return invoke
}

function write(record: LogRecord, { log }: Invoking, recording: Recording): void {
  const { level, event, ...fields } = record
  if (event === 'connection.opened') recording.connectionOpened(fields.connectionId ?? '')
  if (event === 'connection.closed') recording.connectionClosed(fields.connectionId ?? '')
  log[level === 'info' ? 'debug' : level](fields, event)
}
