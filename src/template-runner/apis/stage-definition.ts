import type { Rate } from '../../gateway/websocket/token-bucket.ts'
import { TemplateError } from '../template-error.ts'
import type { Properties } from '../template/properties.ts'
import type { Stack, StackResource } from '../template/stack.ts'

export interface StageDefinition {
  readonly name: string
  /** Undefined where the template leaves the account's own. */
  readonly throttle: Rate | undefined
  /** By route key: what holds for that route instead. */
  readonly routeThrottles: ReadonlyMap<string, Rate>
}

/** API Gateway's limits for an account. Source: API Gateway developer guide, page limits. */
const accountRate: Rate = { perSecond: 10_000, burst: 5_000 }

/** The one stage of an API. */
export function readStage(stack: Stack, apiId: string, protocol: string): StageDefinition {
  const stages = stack
    .ofType('AWS::ApiGatewayV2::Stage')
    .filter(({ properties }) => properties['ApiId'] === apiId)
  const [resource, ...others] = stages
  if (!resource || others.length > 0) {
    throw new TemplateError(`API ${apiId} has ${stages.length} stages; exactly one can be served`)
  }
  const properties = stack.open(resource)
  properties.noEffect('AccessLogSettings', 'AccessPolicyId', 'ApiId', 'Description', 'Tags')
  properties.refuse(['StageVariables', 'ClientCertificateId'], 'not served here')
  const name = properties.requiredText('StageName')
  if (protocol === 'HTTP' && name !== '$default') {
    throw new TemplateError(
      `${properties.where}: the stage of an HTTP API must be $default to be served here`,
    )
  }
  checkDeployed(stack, resource, properties, apiId)
  const throttle = readThrottle(properties.object('DefaultRouteSettings'))
  if (protocol !== 'HTTP') properties.refuse(['RouteSettings'], 'not served here for WebSockets')
  const routeThrottles = readRouteThrottles(stack, resource, properties, apiId)
  properties.warnAboutRest()
  return { name, throttle, routeThrottles }
}

function readRouteThrottles(
  stack: Stack,
  stage: StackResource,
  properties: Properties,
  apiId: string,
): ReadonlyMap<string, Rate> {
  const routes = routesOf(stack, apiId)
  const throttles = properties.entries('RouteSettings').map(([key, settings]) => {
    const route = routes.find(({ properties: { RouteKey: of } }) => of === key)
    if (!route) throw new TemplateError(`${settings.where}: the API has no route ${key}`)
    if (!stage.dependsOn.includes(route.id)) {
      throw new TemplateError(
        `${settings.where}: ${stage.id} must depend on ${route.id}, or may be made first`,
      )
    }
    return [key, readThrottle(settings)] as const
  })
  return new Map(throttles.filter((one): one is [string, Rate] => one[1] !== undefined))
}

function routesOf(stack: Stack, apiId: string): readonly StackResource[] {
  return stack.ofType('AWS::ApiGatewayV2::Route').filter(({ properties: { ApiId: of } }) => of === apiId)
}

/** A stage serves the routes as they were when its deployment was made; nothing without one. */
function checkDeployed(stack: Stack, stage: StackResource, properties: Properties, apiId: string): void {
  const deploymentId = properties.text('DeploymentId')
  if (properties.flag('AutoDeploy') === true) return
  const deployment = stack
    .ofType('AWS::ApiGatewayV2::Deployment')
    .find(({ id }) => deploymentId !== undefined && stack.ref(id) === deploymentId)
  if (!deployment) {
    throw new TemplateError(
      `stage ${stage.id} has neither AutoDeploy nor a deployment: on AWS it would serve nothing`,
    )
  }
  for (const route of routesOf(stack, apiId)) {
    if (deployment.dependsOn.includes(route.id)) continue
    stack.warn(
      `${deployment.id} does not depend on route ${route.id}: on AWS it may be made before the route, without it`,
    )
  }
}

function readThrottle(settings: Properties | undefined): Rate | undefined {
  if (!settings) return undefined
  settings.noEffect('DataTraceEnabled', 'DetailedMetricsEnabled', 'LoggingLevel')
  const perSecond = settings.number('ThrottlingRateLimit')
  const burst = settings.number('ThrottlingBurstLimit')
  if (perSecond === undefined && burst === undefined) return undefined
  return { perSecond: perSecond ?? accountRate.perSecond, burst: burst ?? accountRate.burst }
}
