import { once } from 'node:events'
import type { Stack } from 'aws-cdk-lib'
import { CfnDeployment, CfnStage, WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2'
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { Function } from 'aws-cdk-lib/aws-lambda'
import { describe, expect, it } from 'vitest'
import type { TemplateOptions } from '../../src/template-runner/run-template.ts'
import type { RunningTemplate } from '../../src/template-runner/run-template.ts'
import { Client, refusal } from '../gateway/websocket/client.ts'
import { functionOf, moduleUrl, readableLog, resourcesOf, run, withhold } from './support/fixture.ts'

const echo = `
  export const handler = async (event) => {
    const { routeKey, eventType, connectionId, authorizer, stage, apiId } = event.requestContext
    if (event.body === '{"action":"fail"}') throw new Error('asked to')
    return { statusCode: 200, body: JSON.stringify({ routeKey, eventType, connectionId, authorizer, stage, apiId }) }
  }`

interface Wanted {
  readonly authorizer?: string
  readonly identitySource?: string[]
  readonly change?: (stack: Stack, api: WebSocketApi, fn: Function) => void
}

function socketStack({ authorizer, identitySource = [], change }: Wanted): (stack: Stack) => void {
  return (stack) => {
    const fn = functionOf(stack, 'Echo', echo)
    const integration = (id: string): WebSocketLambdaIntegration => new WebSocketLambdaIntegration(id, fn)
    const api = new WebSocketApi(stack, 'Api', {
      connectRouteOptions: {
        integration: integration('Connect'),
        ...(authorizer !== undefined && {
          authorizer: new WebSocketLambdaAuthorizer('Auth', functionOf(stack, 'Authorize', authorizer), {
            identitySource,
          }),
        }),
      },
    })
    api.addRoute('ask', { integration: integration('Ask'), returnResponse: true })
    api.addRoute('fail', { integration: integration('Fail'), returnResponse: true })
    api.addRoute('tell', { integration: integration('Tell') })
    new WebSocketStage(stack, 'Stage', { webSocketApi: api, stageName: 'v1', autoDeploy: true })
    change?.(stack, api, fn)
  }
}

const serve = async (
  wanted: Wanted = {},
  options: Omit<TemplateOptions, 'cdkOut'> = {},
): Promise<RunningTemplate> => run(socketStack(wanted), options)

describe('routes', () => {
  it('are served under the stage of the template, with the names of AWS', async () => {
    const running = await serve()
    expect(running.wsUrl).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/v1$/)
    const client = await Client.open(running.wsUrl)
    const answer = JSON.parse(await client.ask({ action: 'ask' })) as Record<string, unknown>
    expect(answer).toMatchObject({ routeKey: 'ask', eventType: 'MESSAGE', stage: 'v1' })
    expect(answer['apiId']).toMatch(/^[a-z\d]{10}$/)
    expect((await refusal(running.wsUrl.replace('/v1', '/v2'))).status).toBe(403)
  })

  it('answer only where the template has a route response', async () => {
    const running = await serve()
    const client = await Client.open(running.wsUrl)
    client.send({ action: 'tell' })
    await running.recording.when(({ invocations }) => invocations.some(({ routeKey }) => routeKey === 'tell'))
    expect(JSON.parse(await client.ask({ action: 'ask' }))).toMatchObject({ routeKey: 'ask' })
    expect(running.recording.counters).toMatchObject({
      messagesIn: { ask: { count: 1, units: 1 }, tell: { count: 1, units: 1 } },
      messagesOut: { ask: { count: 1, units: 1 } },
    })
    expect(Object.keys(running.recording.counters.messagesOut)).toEqual(['ask'])
  })

  it('without a $default answer Forbidden, and an error of the function is hidden from the client', async () => {
    const running = await serve()
    const client = await Client.open(running.wsUrl)
    expect(await client.ask({ action: 'other' })).toContain('"message": "Forbidden"')
    expect(await client.ask({ action: 'fail' })).toContain('"message": "Internal server error"')
    expect(running.recording.invocations.at(-1)).toMatchObject({
      trigger: 'websocket',
      routeKey: 'fail',
      outcome: 'threw',
    })
  })

  it('run $disconnect, and connection time is counted', async () => {
    const running = await serve({
      change: (_stack, api, fn) => {
        api.addRoute('$disconnect', { integration: new WebSocketLambdaIntegration('Bye', fn) })
      },
    })
    const client = await Client.open(running.wsUrl)
    client.socket.close()
    await running.recording.when(({ invocations }) =>
      invocations.some(({ routeKey }) => routeKey === '$disconnect'),
    )
    expect(running.recording.counters.connectionMinutes).toBeGreaterThan(0)
    expect(running.recording.counters.messagesIn).toEqual({})
  })

  it('are throttled as the stage says', async () => {
    const running = await serve({
      change: (stack) => {
        const [stage] = resourcesOf(stack, 'AWS::ApiGatewayV2::Stage')
        stage!.addPropertyOverride('DefaultRouteSettings', {
          ThrottlingRateLimit: 0.001,
          ThrottlingBurstLimit: 1,
        })
      },
    })
    const client = await Client.open(running.wsUrl)
    expect(await client.ask({ action: 'ask' })).toContain('"routeKey":"ask"')
    expect(await client.ask({ action: 'ask' })).toContain('Too Many Requests')
  })
})

describe('the authorizer', () => {
  const policy = (effect: string): string => `
    export const handler = async (event) => ({
      principalId: 'someone',
      policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect: '${effect}', Resource: event.methodArn }] },
      context: { userId: event.headers['X-User'] ?? 'nobody' },
    })`

  it('lets in, and its context reaches every route', async () => {
    const running = await serve({ authorizer: policy('Allow') })
    const client = await Client.open(running.wsUrl, { headers: { 'X-User': 'ann' } })
    expect(JSON.parse(await client.ask({ action: 'ask' }))).toMatchObject({
      authorizer: { userId: 'ann', principalId: 'someone' },
    })
    expect(running.recording.invocations.map(({ trigger }) => trigger)).toEqual([
      'authorizer',
      'websocket',
      'websocket',
    ])
  })

  it.each([
    ['denies', policy('Deny'), 403],
    ['throws Unauthorized', `export const handler = async () => { throw new Error('Unauthorized') }`, 401],
    ['throws something else', `export const handler = async () => { throw new Error('broken') }`, 500],
  ])('that %s refuses the client', async (_what, authorizer, status) => {
    const running = await serve({ authorizer })
    expect((await refusal(running.wsUrl)).status).toBe(status)
  })

  it('is not asked when an identity source is missing', async () => {
    const running = await serve({
      authorizer: policy('Allow'),
      identitySource: ['route.request.querystring.token'],
    })
    expect((await refusal(running.wsUrl)).status).toBe(401)
    expect(running.recording.invocations).toEqual([])
    await Client.open(`${running.wsUrl}?token=x`)
  })
})

describe('without a permission', () => {
  const without =
    (pattern: RegExp) =>
    (stack: Stack): void => {
      withhold(resourcesOf(stack, 'AWS::Lambda::Permission').filter(({ node }) => pattern.test(node.path)))
    }
  const missing = (lines: ReturnType<typeof readableLog>['lines']): unknown =>
    lines.find(({ message }) => message === 'a function was not invoked: a permission is missing')?.fields[
      'missing'
    ]

  it.each([
    [
      'of the $connect route',
      /connect-Route.*Permission/i,
      /SourceArn arn:aws:execute-api:us-east-1:0+:\w+\/v1\/\$connect$/,
    ],
    [
      'of the authorizer',
      /Auth.*Permission/,
      /SourceArn arn:aws:execute-api:us-east-1:0+:\w+\/authorizers\/\w+$/,
    ],
  ])('%s a client is refused with 500, and the log says what is missing', async (_what, pattern, said) => {
    const { log, lines } = readableLog()
    const authorizer = `export const handler = async (event) => ({
      principalId: 'x', policyDocument: { Statement: [{ Action: '*', Effect: 'Allow', Resource: '*' }] } })`
    const running = await serve({ authorizer, change: without(pattern) }, { log })
    expect((await refusal(running.wsUrl)).status).toBe(500)
    expect(missing(lines)).toMatch(said)
  })

  it('of a message route the client is told of an error', async () => {
    const { log, lines } = readableLog()
    const running = await serve({ change: without(/ask-Route.*Permission/i) }, { log })
    const client = await Client.open(running.wsUrl)
    expect(await client.ask({ action: 'ask' })).toContain('Internal server error')
    expect(missing(lines)).toMatch(
      /lets apigateway\.amazonaws\.com invoke Echo\w+ with the SourceArn .*\/v1\/ask$/,
    )
    expect(running.recording.invocations.map(({ routeKey }) => routeKey)).toEqual(['$connect'])
  })
})

describe('@connections', () => {
  const poster = `
    import { ApiGatewayManagementApiClient, PostToConnectionCommand, DeleteConnectionCommand } from '${moduleUrl('@aws-sdk/client-apigatewaymanagementapi')}'
    const client = new ApiGatewayManagementApiClient({ endpoint: process.env.CALLBACK, maxAttempts: 1 })
    export const handler = async (event) => {
      const input = { ConnectionId: event.id, Data: event.data }
      try {
        await client.send(event.data ? new PostToConnectionCommand(input) : new DeleteConnectionCommand(input))
        return 'ok'
      } catch (error) {
        return error.name
      }
    }`
  const withPoster: Wanted = {
    change: (stack) => {
      const stages = stack.node.findAll().filter((one) => one instanceof WebSocketStage)
      functionOf(stack, 'Post', poster, {
        functionName: 'post',
        environment: { CALLBACK: stages[0]!.callbackUrl },
      })
    },
  }

  it('is reached at the callback URL of the template, and recorded as IAM would see it', async () => {
    const running = await serve(withPoster)
    const client = await Client.open(running.wsUrl)
    const { connectionId } = JSON.parse(await client.ask({ action: 'ask' })) as { connectionId: string }
    expect(await running.invoke('post', { id: connectionId, data: 'hello' })).toBe('ok')
    expect(await client.next()).toBe('hello')
    expect(await running.invoke('post', { id: connectionId })).toBe('ok')
    expect((await client.closed).code).toBe(1000)
    expect(await running.invoke('post', { id: connectionId, data: 'hello' })).toBe('GoneException')
    const seen = running.recording.calls.map(({ service, operation, status, errorType, request }) => ({
      service,
      operation,
      status,
      errorType,
      request,
    }))
    expect(seen).toEqual([
      {
        service: 'execute-api',
        operation: 'PostToConnection',
        status: 200,
        errorType: undefined,
        request: { bytes: 5 },
      },
      {
        service: 'execute-api',
        operation: 'DeleteConnection',
        status: 204,
        errorType: undefined,
        request: { bytes: 0 },
      },
      {
        service: 'execute-api',
        operation: 'PostToConnection',
        status: 410,
        errorType: 'GoneException',
        request: { bytes: 5 },
      },
    ])
    expect(running.recording.calls[0]?.resources[0]).toMatch(
      /^arn:aws:execute-api:us-east-1:000000000000:[a-z\d]{10}\/v1\/POST\/@connections\/.+=$/,
    )
    expect(running.recording.calls[0]?.caller).toMatch(/^Post/)
    expect(running.recording.counters.messagesOut['@connections']).toEqual({ count: 1, units: 1 })
  })
})

describe('what would not work on AWS', () => {
  const instead =
    (make: (stack: Stack, api: WebSocketApi) => void): Wanted['change'] =>
    (stack, api) => {
      stack.node.tryRemoveChild('Stage')
      make(stack, api)
    }

  it('is refused: a stage without a deployment', async () => {
    const change = instead((stack, api) => new CfnStage(stack, 'Bare', { apiId: api.apiId, stageName: 'v1' }))
    await expect(serve({ change: change! })).rejects.toThrow('has neither AutoDeploy nor a deployment')
  })

  it('is listed: a deployment that may be made before a route', async () => {
    const change = instead((stack, api) => {
      const deployment = new CfnDeployment(stack, 'Deployment', { apiId: api.apiId })
      new CfnStage(stack, 'Bare', { apiId: api.apiId, stageName: 'v1', deploymentId: deployment.ref })
    })
    const running = await serve({ change: change! })
    expect(running.warnings).toContainEqual(
      expect.stringMatching(/^Deployment does not depend on route Apiask/),
    )
  })
})

it('stopping closes sockets with 1001 and runs $disconnect', async () => {
  const running = await serve({
    change: (_stack, api, fn) => {
      api.addRoute('$disconnect', { integration: new WebSocketLambdaIntegration('Bye', fn) })
    },
  })
  const client = await Client.open(running.wsUrl)
  const closed = once(client.socket, 'close')
  await running.stop()
  expect((await closed)[0]).toBe(1001)
  expect(running.recording.invocations.at(-1)).toMatchObject({ routeKey: '$disconnect', outcome: 'returned' })
})
