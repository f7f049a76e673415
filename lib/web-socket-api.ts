import { ArnFormat, Names, Stack } from 'aws-cdk-lib'
import {
  type DomainName,
  WebSocketApi,
  WebSocketIntegrationType,
  type WebSocketRoute,
  WebSocketRouteIntegration,
  type WebSocketRouteIntegrationConfig,
  type WebSocketRouteOptions,
  WebSocketStage,
} from 'aws-cdk-lib/aws-apigatewayv2'
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct, type IDependable } from 'constructs'
import { accessLogs, WEB_SOCKET_ACCESS_LOG } from './access-logs.ts'
import { acknowledge, acknowledgeWildcard } from './acknowledge.ts'
import { bind, type Functions } from './functions.ts'
import type { Settings } from './settings.ts'

/** The version of the protocol, as in the subprotocol `fanout.v1`. */
const STAGE = 'v1'

/** Answered by the same function. `ack` and `report` answer only what is malformed, for which they need the way back. */
const MESSAGE_ROUTES = ['$default', 'resume', 'ping', 'ack', 'report']

export interface DeployOptions {
  readonly domain: DomainName | undefined
  /** What has to be there before the stage can log. */
  readonly logRole: IDependable | undefined
}

/**
 * The clients' sockets, in three steps: functions need the API's id (`allow`), its routes need the functions (`route`),
 * and the stage needs them all (`deploy`).
 */
export class FanoutWebSocketApi extends Construct {
  readonly apiId: string
  readonly #api: WebSocketApi
  readonly #routes: WebSocketRoute[] = []

  constructor(scope: Construct, id: string) {
    super(scope, id)
    this.#api = new WebSocketApi(this, 'Api', {
      apiName: Names.uniqueResourceName(this, { maxLength: 128, separator: '-' }),
      description: 'event-fanout: live events',
      routeSelectionExpression: '$request.body.action',
    })
    this.apiId = this.#api.apiId
  }

  /** @param methods of `@connections`: `POST` posts to a connection, `DELETE` closes it, `GET` looks at it */
  allow(to: LambdaFunction, ...methods: readonly ('POST' | 'DELETE' | 'GET')[]): void {
    const connections = methods.map((method) => this.#arn(`${STAGE}/${method}/@connections/*`))
    // The API's own name also where there is a custom domain: it works before the domain's DNS does, and both reach
    // the same connections.
    const { region, urlSuffix } = Stack.of(this)
    const CONNECTIONS_ENDPOINT = `https://${this.#api.apiId}.execute-api.${region}.${urlSuffix}/${STAGE}`
    bind(to, { CONNECTIONS_ENDPOINT }, ['execute-api:ManageConnections'], connections)
    for (const arn of connections) {
      acknowledgeWildcard(
        to.role ?? to,
        arn,
        'Connection ids are given by API Gateway and known only at run time. The wildcard stands for the ' +
          `connections of this one API and stage, and only for ${methods.join(' and ')}.`,
      )
    }
  }

  route({ authorize, connect, disconnect, message }: Functions): void {
    // None, as the token may come in any of three ways; CDK's default is the header, which browsers cannot send.
    const authorizer = new WebSocketLambdaAuthorizer('Authorizer', authorize, { identitySource: [] })
    this.#add('$connect', connect, { authorizer })
    this.#add('$disconnect', disconnect)
    for (const key of MESSAGE_ROUTES) this.#add(key, message, { returnResponse: true })
  }

  /** @returns the URL that clients connect to */
  deploy(settings: Settings, { domain, logRole }: DeployOptions): string {
    const stage = new WebSocketStage(this, 'Stage', {
      webSocketApi: this.#api,
      stageName: STAGE,
      autoDeploy: true,
      throttle: settings.webSocketThrottle,
      accessLogSettings: accessLogs(this, WEB_SOCKET_ACCESS_LOG, settings),
      ...(domain && { domainMapping: { domainName: domain } }),
    })
    // A stage that deploys itself would else deploy once per route, in any order, and at first with none.
    stage.node.addDependency(...this.#routes)
    if (logRole) stage.node.addDependency(logRole)
    return domain ? `wss://${domain.name}` : stage.url
  }

  #add(key: string, handler: LambdaFunction, options: Omit<WebSocketRouteOptions, 'integration'> = {}): void {
    const integration = new Integration(handler)
    const route = this.#api.addRoute(key, { integration, ...options })
    handler.addPermission('Invoke', {
      scope: route,
      principal: new ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: this.#arn(`${STAGE}/${key}`),
    })
    this.#routes.push(route)
    if (options.authorizer) return
    acknowledge(
      route,
      'AwsSolutions-APIG4',
      'API Gateway authorizes WebSocket connections at $connect and takes no authorizer at other routes. These ' +
        'can be reached only over a connection that the authorizer of $connect let in.',
    )
  }

  #arn(resourceName: string): string {
    return Stack.of(this).formatArn({
      service: 'execute-api',
      resource: this.#api.apiId,
      resourceName,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    })
  }
}

/** As CDK's own, but for the permission, which that gives to every stage and to every route whose name ends alike. */
class Integration extends WebSocketRouteIntegration {
  readonly #handler: LambdaFunction

  constructor(handler: LambdaFunction) {
    super('Integration')
    this.#handler = handler
  }

  override bind(): WebSocketRouteIntegrationConfig {
    const uri = Stack.of(this.#handler).formatArn({
      service: 'apigateway',
      account: 'lambda',
      resource: 'path/2015-03-31/functions',
      resourceName: `${this.#handler.functionArn}/invocations`,
    })
    return { type: WebSocketIntegrationType.AWS_PROXY, uri }
  }
}
