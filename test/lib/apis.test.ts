import { beforeAll, describe, expect, it } from 'vitest'
import {
  flat,
  labelsOf,
  ofType,
  only,
  type Resource,
  SYNTHESIS_MS,
  synthesize,
  type Synthesized,
} from './synthesized.ts'

const ASKED = {
  httpThrottle: { rateLimit: 7 },
  healthThrottle: { burstLimit: 3 },
  webSocketThrottle: { burstLimit: 9 },
  accountLogRole: false,
  allowedOrigins: ['https://app.example'],
}

let deployed: Synthesized
let asked: Synthesized
let labels: ReadonlyMap<string, string>
beforeAll(() => {
  deployed = synthesize()
  asked = synthesize(ASKED)
  labels = labelsOf(deployed)
}, SYNTHESIS_MS)

/** Every route key with the function that it ends at. */
function routesOf({ resources }: Synthesized): Record<string, string> {
  const routes = ofType(resources, 'AWS::ApiGatewayV2::Route').map(([, { Properties }]) => {
    const target = /integrations\/<(.*)>/.exec(flat(Properties['Target']))![1]!
    const uri = flat(resources[target]!.Properties['IntegrationUri'], labels)
    return [Properties['RouteKey'] as string, /<([a-zA-Z]+)>(?:\/invocations)?$/.exec(uri)![1]!] as const
  })
  return Object.fromEntries(routes)
}

/** Who may invoke which function: `function from ARN`. */
function invocations({ resources }: Synthesized): string[] {
  return ofType(resources, 'AWS::Lambda::Permission').map(([, { Properties }]) => {
    expect(Properties).toMatchObject({
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
    })
    return `${flat(Properties['FunctionName'], labels)} from ${flat(Properties['SourceArn'], labels)}`
  })
}

const stageOf = ({ resources }: Synthesized, name: string): Resource =>
  only(resources, 'AWS::ApiGatewayV2::Stage', ({ StageName }) => StageName === name)

const API = 'arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>'

describe('both APIs', () => {
  it('lead each route to its function', () => {
    expect(routesOf(deployed)).toEqual({
      $connect: 'connect',
      $disconnect: 'disconnect',
      $default: 'message',
      resume: 'message',
      ping: 'message',
      ack: 'message',
      report: 'message',
      'POST /api/v1/events': 'publish',
      'GET /api/v1/events/recent': 'recent',
      'GET /api/v1/events/{id}/receipt': 'inspect',
      'GET /api/v1/events/{id}/why': 'inspect',
      'GET /api/v1/users/{id}/status': 'inspect',
      'DELETE /api/v1/users/{id}/connections': 'disconnectUser',
      'GET /health': 'health',
    })
  })

  it('may invoke a function from its own route alone', () => {
    const authorizer = ofType(deployed.resources, 'AWS::ApiGatewayV2::Authorizer')[0]![0]
    expect(invocations(deployed).sort()).toEqual(
      [
        `<authorize> from ${API}:<sockets>/authorizers/<${authorizer}>`,
        `<connect> from ${API}:<sockets>/v1/$connect`,
        `<disconnect> from ${API}:<sockets>/v1/$disconnect`,
        ...['$default', 'resume', 'ping', 'ack', 'report'].map(
          (key) => `<message> from ${API}:<sockets>/v1/${key}`,
        ),
        `<publish> from ${API}:<http>/*/POST/api/v1/events`,
        `<recent> from ${API}:<http>/*/GET/api/v1/events/recent`,
        `<inspect> from ${API}:<http>/*/GET/api/v1/events/*/receipt`,
        `<inspect> from ${API}:<http>/*/GET/api/v1/events/*/why`,
        `<inspect> from ${API}:<http>/*/GET/api/v1/users/*/status`,
        `<disconnectUser> from ${API}:<http>/*/DELETE/api/v1/users/*/connections`,
        `<health> from ${API}:<http>/*/GET/health`,
      ].sort(),
    )
  })

  it('can be told apart in the console', () => {
    const names = ofType(deployed.resources, 'AWS::ApiGatewayV2::Api').map(([, { Properties }]) =>
      String(Properties['Name']),
    )
    expect(names.map((name) => name.replace(/-[0-9A-F]{8}$/, '')).sort()).toEqual([
      'Test-Fanout-Http',
      'Test-Fanout-WebSocket',
    ])
  })

  it.each(['v1', '$default'])('deploy the stage %s when all of its routes are there', (name) => {
    const stage = stageOf(deployed, name)
    expect(stage.Properties['AutoDeploy']).toBe(true)
    const mine = Object.entries(deployed.resources).filter(
      ([, { Type, Properties }]) =>
        /ApiGatewayV2::(Route|RouteResponse|Integration)$/.test(Type) &&
        flat(Properties['ApiId']) === flat(stage.Properties['ApiId']),
    )
    expect(mine.length).toBeGreaterThan(5)
    expect(stage.DependsOn).toEqual(expect.arrayContaining(mine.map(([id]) => id)))
  })

  it.each([
    ['v1', 2000, 1000],
    ['$default', 1000, 500],
  ])('throttle the stage %s', (name, ThrottlingRateLimit, ThrottlingBurstLimit) => {
    expect(stageOf(deployed, name).Properties['DefaultRouteSettings']).toEqual({
      ThrottlingRateLimit,
      ThrottlingBurstLimit,
    })
  })

  it('throttle the health check, which needs no token, to a few requests a second', () => {
    const { Properties, DependsOn } = stageOf(deployed, '$default')
    expect(Properties['RouteSettings']).toEqual({
      'GET /health': { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 },
    })
    expect(stageOf(asked, '$default').Properties['RouteSettings']).toEqual({
      'GET /health': { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 3 },
    })
    // API Gateway refuses the settings of a route that is not there yet.
    const health = ofType(deployed.resources, 'AWS::ApiGatewayV2::Route').find(
      ([, { Properties: route }]) => route['RouteKey'] === 'GET /health',
    )!
    expect(DependsOn).toContain(health[0])
    expect(stageOf(deployed, 'v1').Properties).not.toHaveProperty('RouteSettings')
  })

  it('throttle as asked for, the rest as before', () => {
    expect(stageOf(asked, '$default').Properties).toMatchObject({
      DefaultRouteSettings: { ThrottlingRateLimit: 7, ThrottlingBurstLimit: 500 },
    })
    expect(stageOf(asked, 'v1').Properties).toMatchObject({
      DefaultRouteSettings: { ThrottlingRateLimit: 2000, ThrottlingBurstLimit: 9 },
    })
  })
})

describe('access logs', () => {
  const COMMON = [
    '$context.requestId',
    '$context.requestTime',
    '$context.identity.sourceIp',
    '$context.routeKey',
    '$context.status',
    '$context.error.message',
    '$context.integration.status',
    '$context.integration.error',
    '$context.integration.latency',
  ]
  const ALLOWED: Record<string, string[]> = {
    $default: [...COMMON, '$context.responseLatency'],
    v1: [
      ...COMMON,
      '$context.eventType',
      '$context.connectionId',
      '$context.authorizer.status',
      '$context.authorizer.error',
      '$context.authorizer.latency',
    ],
  }

  it.each(['v1', '$default'])('of the stage %s hold nothing in which a token could be', (name) => {
    const { Format } = stageOf(deployed, name).Properties['AccessLogSettings'] as { Format: string }
    const fields = JSON.parse(Format) as Record<string, string>
    expect(Object.values(fields).sort()).toEqual(ALLOWED[name]!.sort())
  })

  it.each(['v1', '$default'])('of the stage %s go to a group of their own that forgets', (name) => {
    const { DestinationArn } = stageOf(deployed, name).Properties['AccessLogSettings'] as {
      DestinationArn: unknown
    }
    const arn = flat(DestinationArn)
    const group = /^arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:<(\w+)>$/.exec(
      arn,
    )![1]!
    const { Properties } = deployed.resources[group]!
    expect(Properties['RetentionInDays']).toBe(30)
    // Unique also after a stack of the same name: its logs were retained.
    expect(JSON.stringify(Properties['LogGroupName'])).toMatch(
      /\/aws\/vendedlogs\/apigateway\/Test[\w-]+.*"Fn::Select":\[2.*AWS::StackId/,
    )
  })

  it('can be written: the account’s role is set before the WebSocket stage, and stays', () => {
    const [[accountId, account]] = ofType(deployed.resources, 'AWS::ApiGateway::Account') as [
      [string, Resource],
    ]
    const role = deployed.resources[/<(.*)>/.exec(flat(account.Properties['CloudWatchRoleArn']))![1]!]!
    expect(stageOf(deployed, 'v1').DependsOn).toContain(accountId)
    for (const { DeletionPolicy, UpdateReplacePolicy } of [account, role]) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain'])
    }
    expect(flat((role.Properties['ManagedPolicyArns'] as unknown[])[0])).toBe(
      'arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs',
    )
  })

  it('leave the account alone if told so', () => {
    asked.template.resourceCountIs('AWS::ApiGateway::Account', 0)
  })
})

describe('the WebSocket API', () => {
  it('routes by the action', () => {
    deployed.template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
      ProtocolType: 'WEBSOCKET',
      RouteSelectionExpression: '$request.body.action',
    })
  })

  it('asks the authorizer at $connect, whichever way the token came', () => {
    const [[id, authorizer]] = ofType(deployed.resources, 'AWS::ApiGatewayV2::Authorizer') as [
      [string, Resource],
    ]
    expect(authorizer.Properties).toMatchObject({ AuthorizerType: 'REQUEST', IdentitySource: [] })
    expect(flat(authorizer.Properties['AuthorizerUri'], labels)).toContain('<authorize>/invocations')
    const connect = only(
      deployed.resources,
      'AWS::ApiGatewayV2::Route',
      ({ RouteKey }) => RouteKey === '$connect',
    )
    expect(connect.Properties).toMatchObject({ AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: id } })
  })

  it('sends answers back on every route that can answer, and on no other', () => {
    const answering = ofType(deployed.resources, 'AWS::ApiGatewayV2::RouteResponse').map(
      ([, { Properties }]) => {
        expect(Properties['RouteResponseKey']).toBe('$default')
        return deployed.resources[(Properties['RouteId'] as { Ref: string }).Ref]!.Properties
      },
    )
    expect(answering.map(({ RouteKey }) => RouteKey).sort()).toEqual(
      ['$default', 'ack', 'ping', 'report', 'resume'].sort(),
    )
    for (const route of answering) expect(route['RouteResponseSelectionExpression']).toBe('$default')
  })

  it('has the URL of its stage', () => {
    expect(flat(deployed.stack.resolve(deployed.fanout.webSocketUrl), labels)).toBe(
      'wss://<sockets>.execute-api.<AWS::Region>.<AWS::URLSuffix>/v1',
    )
  })
})

describe('the HTTP API', () => {
  const corsOf = ({ resources }: Synthesized) =>
    only(resources, 'AWS::ApiGatewayV2::Api', ({ ProtocolType }) => ProtocolType === 'HTTP').Properties[
      'CorsConfiguration'
    ]

  it('answers pages of every origin, as the embedded server does', () => {
    expect(corsOf(deployed)).toEqual({
      AllowOrigins: ['*'],
      AllowMethods: ['GET', 'POST', 'DELETE', 'OPTIONS'],
      AllowHeaders: ['authorization', 'content-type', 'prefer'],
      MaxAge: 3600,
    })
  })

  it('answers pages of the allowed origins, if there is a list', () => {
    expect(corsOf(asked)).toMatchObject({ AllowOrigins: ['https://app.example'] })
  })

  it('hands over events in format 2.0', () => {
    const payloads = ofType(deployed.resources, 'AWS::ApiGatewayV2::Integration').map(
      ([, { Properties }]) => Properties['PayloadFormatVersion'],
    )
    expect(payloads.filter((version) => version === '2.0')).toHaveLength(7)
  })

  it('has its own URL, without a slash at the end', () => {
    const api = ofType(deployed.resources, 'AWS::ApiGatewayV2::Api').find(
      ([id]) => labels.get(id) === 'http',
    )![0]
    expect(deployed.stack.resolve(deployed.fanout.httpUrl)).toEqual({ 'Fn::GetAtt': [api, 'ApiEndpoint'] })
  })
})
