import { ArnFormat, Duration, Names, Stack } from 'aws-cdk-lib'
import {
  CfnStage,
  CorsHttpMethod,
  type DomainName,
  HttpApi,
  HttpIntegrationType,
  HttpMethod,
  type HttpRoute,
  HttpRouteIntegration,
  type HttpRouteIntegrationConfig,
  HttpStage,
  PayloadFormatVersion,
  type ThrottleSettings,
} from 'aws-cdk-lib/aws-apigatewayv2'
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { accessLogs, HTTP_ACCESS_LOG } from './access-logs.ts'
import { acknowledge } from './acknowledge.ts'
import type { Functions } from './functions.ts'
import type { Settings } from './settings.ts'

const TOKEN_IN_FUNCTION =
  'The function verifies the bearer token itself, and its scope, before it does anything else. A JWT authorizer of ' +
  'API Gateway cannot verify HS256, nor answer with the problem document that the contract asks for.'

const NO_DATA =
  'For load balancers and uptime checks, which send no token. It says whether the parts work and shows no data.'

/** Publishing, polling, and what administrators ask. */
export class FanoutHttpApi extends Construct {
  /** Without a slash at the end. */
  readonly url: string
  readonly apiId: string
  readonly #api: HttpApi

  constructor(
    scope: Construct,
    id: string,
    functions: Functions,
    settings: Settings,
    domain: DomainName | undefined,
  ) {
    super(scope, id)
    this.#api = this.#createApi(settings)
    this.apiId = this.#api.apiId
    const routes = this.#addAll(functions)
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.#api,
      stageName: '$default',
      autoDeploy: true,
      throttle: settings.httpThrottle,
      accessLogSettings: accessLogs(this, HTTP_ACCESS_LOG, settings),
      ...(domain && { domainMapping: { domainName: domain } }),
    })
    // A stage that deploys itself would else deploy once per route.
    stage.node.addDependency(...routes)
    throttleRoute(stage, 'GET /health', settings.healthThrottle)
    this.url = domain ? `https://${domain.name}` : this.#api.apiEndpoint
  }

  #createApi({ allowedOrigins = ['*'] }: Settings): HttpApi {
    return new HttpApi(this, 'Api', {
      apiName: Names.uniqueResourceName(this, { maxLength: 128, separator: '-' }),
      description: 'event-fanout: publishing and polling',
      createDefaultStage: false,
      corsPreflight: {
        allowOrigins: [...allowedOrigins],
        allowMethods: [
          CorsHttpMethod.GET,
          CorsHttpMethod.POST,
          CorsHttpMethod.DELETE,
          CorsHttpMethod.OPTIONS,
        ],
        allowHeaders: ['authorization', 'content-type', 'prefer'],
        maxAge: Duration.hours(1),
      },
    })
  }

  #addAll({ publish, recent, inspect, disconnectUser, health }: Functions): HttpRoute[] {
    const { GET, POST, DELETE } = HttpMethod
    return [
      this.#add(POST, '/api/v1/events', publish, TOKEN_IN_FUNCTION),
      this.#add(GET, '/api/v1/events/recent', recent, TOKEN_IN_FUNCTION),
      this.#add(GET, '/api/v1/events/{id}/receipt', inspect, TOKEN_IN_FUNCTION),
      this.#add(GET, '/api/v1/events/{id}/why', inspect, TOKEN_IN_FUNCTION),
      this.#add(GET, '/api/v1/users/{id}/status', inspect, TOKEN_IN_FUNCTION),
      this.#add(DELETE, '/api/v1/users/{id}/connections', disconnectUser, TOKEN_IN_FUNCTION),
      this.#add(GET, '/health', health, NO_DATA),
    ]
  }

  #add(method: HttpMethod, path: string, handler: LambdaFunction, whyNoAuthorizer: string): HttpRoute {
    const integration = new Integration(handler)
    const [route] = this.#api.addRoutes({ path, methods: [method], integration })
    if (route === undefined) throw new Error(`CDK made no route for ${method} ${path}`)
    handler.addPermission('Invoke', {
      scope: route,
      principal: new ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: this.#arn(method, path),
    })
    acknowledge(route, 'AwsSolutions-APIG4', whyNoAuthorizer)
    return route
  }

  /**
   * Any stage, as AWS writes it for HTTP APIs: there is only one, and how `$default` stands there is not documented. Nor is
   * whether a path's parameter stands there by its name, as CDK's own integration takes it, or by its value, as REST APIs
   * were found to have it (aws/serverless-application-model, issue 110): a wildcard holds either way.
   */
  #arn(method: HttpMethod, path: string): string {
    return Stack.of(this).formatArn({
      service: 'execute-api',
      resource: this.#api.apiId,
      resourceName: `*/${method}${path.replaceAll(/\{\w+\}/g, '*')}`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    })
  }
}

/** CDK's `HttpStage` has one throttle for all routes. A route that is named here must be there before the stage. */
function throttleRoute(stage: HttpStage, key: string, { rateLimit, burstLimit }: ThrottleSettings): void {
  const resource = stage.node.defaultChild
  if (!(resource instanceof CfnStage)) throw new Error(`CDK made no stage resource at ${stage.node.path}`)
  resource.routeSettings = {
    [key]: { ThrottlingRateLimit: rateLimit, ThrottlingBurstLimit: burstLimit },
  }
}

/** As CDK's own, but for the permission, which that gives to every method of the path. */
class Integration extends HttpRouteIntegration {
  readonly #handler: LambdaFunction

  constructor(handler: LambdaFunction) {
    super('Integration')
    this.#handler = handler
  }

  override bind(): HttpRouteIntegrationConfig {
    return {
      type: HttpIntegrationType.AWS_PROXY,
      uri: this.#handler.functionArn,
      payloadFormatVersion: PayloadFormatVersion.VERSION_2_0,
    }
  }
}
