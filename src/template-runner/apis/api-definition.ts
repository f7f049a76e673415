import type { CorsOptions } from '../../gateway/http/cors.ts'
import { TemplateError } from '../template-error.ts'
import type { Properties } from '../template/properties.ts'
import type { Stack, StackResource } from '../template/stack.ts'
import { type StageDefinition, readStage } from './stage-definition.ts'

export interface RouteDefinition {
  readonly key: string
  readonly functionId: string
  /** What the function's permission must name. */
  readonly sourceArn: string
  readonly returnResponse: boolean
  readonly authorizerId: string | undefined
}

export interface AuthorizerDefinition {
  readonly functionId: string
  readonly sourceArn: string
  readonly identitySources: readonly string[]
}

/** What the template says of one API. */
export interface ApiDefinition {
  /** Logical id. */
  readonly id: string
  readonly apiId: string
  readonly protocol: 'WEBSOCKET' | 'HTTP'
  readonly stage: StageDefinition
  readonly routes: readonly RouteDefinition[]
  /** Undefined where the template leaves API Gateway's own limit. */
  readonly integrationTimeoutMs: number | undefined
  readonly routeSelectionExpression: string | undefined
  readonly authorizer: AuthorizerDefinition | undefined
  readonly cors: CorsOptions | undefined
}

export function readApis(stack: Stack): readonly ApiDefinition[] {
  const apis = stack.ofType('AWS::ApiGatewayV2::Api').map((resource) => readApi(stack, resource))
  for (const protocol of ['WEBSOCKET', 'HTTP']) {
    const some = apis.filter((api) => api.protocol === protocol).map(({ id }) => id)
    if (some.length > 1)
      throw new TemplateError(`one ${protocol} API can be served; there are ${some.join(', ')}`)
  }
  return apis
}

/** Resources that belong to an API. */
export function partsOf(stack: Stack, type: string, apiId: string): readonly StackResource[] {
  return stack.ofType(`AWS::ApiGatewayV2::${type}`).filter(({ properties }) => properties['ApiId'] === apiId)
}

function readApi(stack: Stack, resource: StackResource): ApiDefinition {
  const properties = stack.open(resource)
  properties.noEffect('Description', 'IpAddressType', 'Name', 'Tags', 'ApiKeySelectionExpression', 'Version')
  properties.refuse(['Body', 'BodyS3Location', 'Target', 'RouteKey'], 'an API must consist of resources')
  const apiId = stack.ref(resource.id)
  const protocol = properties.requiredText('ProtocolType')
  if (protocol !== 'WEBSOCKET' && protocol !== 'HTTP') {
    throw new TemplateError(`${properties.where}.ProtocolType is "${protocol}", neither WEBSOCKET nor HTTP`)
  }
  const stage = readStage(stack, apiId, protocol)
  const routes = partsOf(stack, 'Route', apiId).map((route) =>
    readRoute(stack, route, apiId, stage.name, protocol),
  )
  const definition = {
    id: resource.id,
    apiId,
    protocol,
    stage,
    routes,
    integrationTimeoutMs: integrationTimeout(stack, apiId),
    routeSelectionExpression: properties.text('RouteSelectionExpression'),
    authorizer: readAuthorizer(stack, apiId, routes),
    cors: readCors(properties.object('CorsConfiguration')),
  } as const
  properties.warnAboutRest()
  return definition
}

function readRoute(
  stack: Stack,
  resource: StackResource,
  apiId: string,
  stage: string,
  protocol: string,
): RouteDefinition {
  const properties = stack.open(resource)
  properties.noEffect('ApiId', 'OperationName')
  properties.refuse(['AuthorizationScopes', 'RequestModels', 'RequestParameters'], 'not served here')
  const key = properties.requiredText('RouteKey')
  const authorization = properties.text('AuthorizationType') ?? 'NONE'
  const authorizerId = properties.text('AuthorizerId')
  const isCustom = authorization === 'CUSTOM' && protocol === 'WEBSOCKET' && key === '$connect'
  if (authorization !== 'NONE' && !isCustom) {
    throw new TemplateError(
      `${properties.where}: AuthorizationType ${authorization} on ${key} is not served here`,
    )
  }
  const integrationId = properties.requiredText('Target').replace(/^integrations\//, '')
  const route = {
    key,
    functionId: integratedFunction(stack, apiId, integrationId, protocol),
    sourceArn: executeApiArn(stack, `${apiId}/${stage}/${key.replace(' ', '')}`),
    returnResponse: returnsResponse(stack, resource, properties, apiId),
    authorizerId: isCustom ? authorizerId : undefined,
  }
  properties.warnAboutRest()
  return route
}

/** Both are needed: the expression, which says that there is a response, and the response itself. */
function returnsResponse(stack: Stack, route: StackResource, properties: Properties, apiId: string): boolean {
  const expression = properties.text('RouteResponseSelectionExpression')
  const responses = partsOf(stack, 'RouteResponse', apiId).filter(
    ({ properties: response }) => response['RouteId'] === stack.ref(route.id),
  )
  for (const response of responses) {
    const read = stack.open(response)
    read.noEffect('ApiId', 'RouteId')
    read.refuse(['ResponseModels', 'ResponseParameters', 'ModelSelectionExpression'], 'not served here')
    if (read.requiredText('RouteResponseKey') !== '$default') {
      throw new TemplateError(`${read.where}: API Gateway knows only the response key $default`)
    }
    read.warnAboutRest()
  }
  if ((expression === '$default') !== responses.length > 0) {
    stack.warn(
      `${properties.where}: without both RouteResponseSelectionExpression and a RouteResponse nobody is answered`,
    )
  }
  return expression === '$default' && responses.length > 0
}

function integratedFunction(stack: Stack, apiId: string, integrationId: string, protocol: string): string {
  const resource = partsOf(stack, 'Integration', apiId).find(({ id }) => stack.ref(id) === integrationId)
  if (!resource) throw new TemplateError(`API ${apiId} has no integration ${integrationId}`)
  const properties = stack.open(resource)
  properties.noEffect('ApiId', 'Description', 'IntegrationMethod', 'ConnectionType', 'TimeoutInMillis')
  properties.noEffect('PassthroughBehavior')
  const type = properties.requiredText('IntegrationType')
  if (type !== 'AWS_PROXY')
    throw new TemplateError(`${properties.where}: IntegrationType ${type} is not served here`)
  properties.refuse(['CredentialsArn'], 'functions are invoked by resource permission here, not by a role')
  properties.refuse(['IntegrationSubtype', 'RequestParameters', 'RequestTemplates'], 'not served here')
  properties.refuse(['ResponseParameters', 'TemplateSelectionExpression'], 'not served here')
  const format = properties.text('PayloadFormatVersion')
  if (protocol === 'HTTP' && format !== '2.0') {
    throw new TemplateError(
      `${properties.where}: PayloadFormatVersion is ${format ?? 'not set'}; only 2.0 is served`,
    )
  }
  const functionId = invokedFunction(stack, properties.requiredText('IntegrationUri'), properties.where)
  properties.warnAboutRest()
  return functionId
}

function readAuthorizer(
  stack: Stack,
  apiId: string,
  routes: readonly RouteDefinition[],
): AuthorizerDefinition | undefined {
  const wanted = routes.find(({ key }) => key === '$connect')?.authorizerId
  if (wanted === undefined) return undefined
  const resource = partsOf(stack, 'Authorizer', apiId).find(({ id }) => stack.ref(id) === wanted)
  if (!resource) throw new TemplateError(`API ${apiId} has no authorizer ${wanted}`)
  const properties = stack.open(resource)
  properties.noEffect('ApiId', 'Name')
  properties.refuse(
    ['AuthorizerCredentialsArn'],
    'functions are invoked by resource permission here, not by a role',
  )
  const type = properties.requiredText('AuthorizerType')
  if (type !== 'REQUEST')
    throw new TemplateError(`${properties.where}: AuthorizerType ${type} is not served here`)
  const authorizer = {
    functionId: invokedFunction(stack, properties.requiredText('AuthorizerUri'), properties.where),
    sourceArn: executeApiArn(stack, `${apiId}/authorizers/${wanted}`),
    identitySources: properties.texts('IdentitySource'),
  }
  properties.warnAboutRest()
  return authorizer
}

/** A function's own ARN, or the form with `lambda:path/…/invocations`. */
function invokedFunction(stack: Stack, uri: string, where: string): string {
  const [, wrapped = uri] = /:lambda:path\/2015-03-31\/functions\/(.+)\/invocations$/.exec(uri) ?? []
  const found = stack.named('AWS::Lambda::Function', wrapped)
  if (!found) throw new TemplateError(`${where}: ${uri} is no function of the template`)
  return found.id
}

/** The stand-ins have one limit for all routes. */
function integrationTimeout(stack: Stack, apiId: string): number | undefined {
  const timeouts = partsOf(stack, 'Integration', apiId).map((one) =>
    stack.open(one).number('TimeoutInMillis'),
  )
  const given = timeouts.filter((one) => one !== undefined)
  if (new Set(timeouts).size > 1) {
    stack.warn(`API ${apiId}: its integrations have several timeouts; the longest holds for all here`)
  }
  return given.length === timeouts.length && given.length > 0 ? Math.max(...given) : undefined
}

function readCors(cors: Properties | undefined): CorsOptions | undefined {
  if (!cors) return undefined
  cors.refuse(['AllowCredentials'], 'not served here')
  const maxAge = cors.number('MaxAge')
  return {
    allowOrigins: cors.texts('AllowOrigins'),
    allowMethods: cors.texts('AllowMethods'),
    allowHeaders: cors.texts('AllowHeaders'),
    ...(cors.raw('ExposeHeaders') !== undefined && { exposeHeaders: cors.texts('ExposeHeaders') }),
    ...(maxAge !== undefined && { maxAge }),
  }
}

function executeApiArn({ surroundings: { region, account } }: Stack, path: string): string {
  return `arn:aws:execute-api:${region}:${account}:${path}`
}
