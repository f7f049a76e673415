import type { LocalAddress } from './localize.ts'
import type { Stack } from './stack.ts'

export interface ServedAddresses {
  queueUrl(name: string): string
  /** `@connections`, without a stage. */
  readonly connections: string
  /** Of the HTTP API, without a slash at its end; undefined if there is none. */
  readonly http: string | undefined
  /** Of the WebSocket API, without its stage. */
  readonly ws: string | undefined
}

/** Where on this machine is what the template's variables and outputs point to on AWS. */
export function localAddresses(stack: Stack, served: ServedAddresses): readonly LocalAddress[] {
  const queues = stack.ofType('AWS::SQS::Queue').map(({ id }) => ({
    aws: stack.ref(id),
    local: served.queueUrl(stack.attribute(id, 'QueueName')),
  }))
  const { region, urlSuffix } = stack.surroundings
  const apis = stack.ofType('AWS::ApiGatewayV2::Api').flatMap(({ id, properties }) => {
    const host = `${stack.ref(id)}.execute-api.${region}.${urlSuffix}`
    return apiAddresses(host, '', properties['ProtocolType'] === 'WEBSOCKET', served)
  })
  return [...queues, ...apis, ...mappedAddresses(stack, served)]
}

function apiAddresses(
  host: string,
  path: string,
  isWebSocket: boolean,
  served: ServedAddresses,
): LocalAddress[] {
  const { connections, http, ws } = served
  if (!isWebSocket) return http === undefined ? [] : [{ aws: `https://${host}`, local: http }]
  return [
    { aws: `https://${host}`, local: connections + path },
    ...(ws === undefined ? [] : [{ aws: `wss://${host}`, local: ws + path }]),
  ]
}

/** On a custom domain the mapping's key stands for the stage. */
function mappedAddresses(stack: Stack, served: ServedAddresses): readonly LocalAddress[] {
  for (const domain of stack.ofType('AWS::ApiGatewayV2::DomainName')) {
    const properties = stack.open(domain)
    properties.noEffect('DomainName', 'DomainNameConfigurations', 'Tags', 'RoutingMode')
    properties.warnAboutRest()
  }
  return stack.ofType('AWS::ApiGatewayV2::ApiMapping').flatMap((resource) => {
    const properties = stack.open(resource)
    const key = properties.text('ApiMappingKey') ?? ''
    const stage = properties.requiredText('Stage')
    const api = stack.named('AWS::ApiGatewayV2::Api', properties.requiredText('ApiId'))
    const host = properties.requiredText('DomainName') + (key === '' ? '' : `/${key}`)
    properties.warnAboutRest()
    const isWebSocket = api?.properties['ProtocolType'] === 'WEBSOCKET'
    return apiAddresses(host, `/${stage}`, isWebSocket, served)
  })
}
