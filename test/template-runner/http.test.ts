import type { Stack } from 'aws-cdk-lib'
import { Duration } from 'aws-cdk-lib'
import { CorsHttpMethod, HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { describe, expect, it } from 'vitest'
import type { RunningTemplate, TemplateOptions } from '../../src/template-runner/run-template.ts'
import { functionOf, readableLog, resourcesOf, run, withhold } from './support/fixture.ts'

const source = `
  export const handler = async (event) => {
    if (event.pathParameters.id === 'fail') throw new Error('asked to')
    return { statusCode: 201, headers: { 'x-route': event.routeKey }, body: JSON.stringify({ version: event.version, ...event.pathParameters, body: event.body }) }
  }`

async function serve(
  change: (stack: Stack, api: HttpApi) => void = () => undefined,
  options: TemplateOptions = {},
): Promise<RunningTemplate> {
  return run((stack) => {
    const api = new HttpApi(stack, 'Api', {
      corsPreflight: {
        allowOrigins: ['https://app.example'],
        allowMethods: [CorsHttpMethod.POST],
        allowHeaders: ['authorization'],
        maxAge: Duration.hours(1),
      },
    })
    const integration = new HttpLambdaIntegration(
      'Integration',
      functionOf(stack, 'Fn', source, { functionName: 'things' }),
    )
    api.addRoutes({ path: '/things/{id}', methods: [HttpMethod.POST], integration })
    change(stack, api)
  }, options)
}

const post = async (url: string, body = 'text'): Promise<Response> => fetch(url, { method: 'POST', body })

describe('an HTTP API', () => {
  it('serves its routes with payload format 2.0', async () => {
    const running = await serve()
    const response = await post(`${running.httpUrl}/things/5`)
    expect([response.status, response.headers.get('x-route')]).toEqual([201, 'POST /things/{id}'])
    expect(await response.json()).toEqual({ version: '2.0', id: '5', body: 'text' })
    expect((await fetch(`${running.httpUrl}/things/5`)).status).toBe(404)
    expect(running.recording.invocations).toMatchObject([{ trigger: 'http', routeKey: 'POST /things/{id}' }])
  })

  it('hides an error of the function', async () => {
    const running = await serve()
    const response = await post(`${running.httpUrl}/things/fail`)
    expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Server Error' }])
  })

  it('refuses with 413 what is too large for an event', async () => {
    const running = await serve()
    const response = await post(`${running.httpUrl}/things/5`, 'x'.repeat(6_291_456))
    expect([response.status, await response.json()]).toEqual([413, { message: 'Request Entity Too Large' }])
    expect(running.recording.invocations).toEqual([])
  })

  it('answers preflight requests as its CORS configuration says', async () => {
    const running = await serve()
    const response = await fetch(`${running.httpUrl}/things/5`, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
    })
    expect(response.status).toBe(204)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization',
      'access-control-max-age': '3600',
    })
  })

  it('throttles as its stage says', async () => {
    const running = await serve((_stack, api) => {
      const [stage] = resourcesOf(api, 'AWS::ApiGatewayV2::Stage')
      stage!.addPropertyOverride('DefaultRouteSettings', {
        ThrottlingRateLimit: 0.001,
        ThrottlingBurstLimit: 1,
      })
    })
    const statuses = [await post(`${running.httpUrl}/things/1`), await post(`${running.httpUrl}/things/2`)]
    expect(statuses.map(({ status }) => status)).toEqual([201, 429])
    expect(await statuses[1]!.json()).toEqual({ message: 'Too Many Requests' })
  })

  const throttleRoute = (key: string, dependsOnRoutes = true) =>
    serve((stack, api) => {
      const [stage] = resourcesOf(api, 'AWS::ApiGatewayV2::Stage')
      stage!.addPropertyOverride('RouteSettings', {
        [key]: { ThrottlingRateLimit: 0.001, ThrottlingBurstLimit: 1 },
      })
      if (dependsOnRoutes)
        for (const route of resourcesOf(stack, 'AWS::ApiGatewayV2::Route'))
          stage!.addResourceDependency(route)
      const free = new HttpLambdaIntegration('Free', functionOf(stack, 'Free', source))
      api.addRoutes({ path: '/free/{id}', methods: [HttpMethod.POST], integration: free })
    })

  it('throttles a route by itself where its stage says so', async () => {
    const { httpUrl } = await throttleRoute('POST /things/{id}')
    const statuses: number[] = []
    for (const path of ['things', 'things', 'free', 'free', 'free']) {
      statuses.push((await post(`${httpUrl}/${path}/1`)).status)
    }
    expect(statuses).toEqual([201, 429, 201, 201, 201])
  })

  it('cannot be served with a throttle of a route that is not there, or not yet', async () => {
    await expect(throttleRoute('POST /nothing')).rejects.toThrow('the API has no route POST /nothing')
    await expect(throttleRoute('POST /things/{id}', false)).rejects.toThrow('must depend on')
  })

  it('without a permission for its route answers 500 and says in the log what is missing', async () => {
    const { log, lines } = readableLog()
    const running = await serve(
      (stack) => {
        withhold(resourcesOf(stack, 'AWS::Lambda::Permission'))
      },
      { log },
    )
    expect((await post(`${running.httpUrl}/things/5`)).status).toBe(500)
    expect(running.recording.invocations).toEqual([])
    const said = lines.find(({ level, fields }) => level === 'error' && 'missing' in fields)
    expect(said?.fields['missing']).toMatch(
      /^no AWS::Lambda::Permission lets apigateway\.amazonaws\.com invoke Fn\w+ with the SourceArn arn:aws:execute-api:us-east-1:0+:\w+\/\$default\/POST\/things\/\{id\}$/,
    )
  })

  it('is where the outputs of the template say', async () => {
    const running = await serve((stack, api) => {
      stack.exportValue(api.apiEndpoint, { name: 'Endpoint' })
    })
    expect(Object.values(running.outputs)).toEqual([running.httpUrl])
  })

  it('with a route that needs an authorizer is refused: none is served here', async () => {
    const change = (_stack: Stack, api: HttpApi): void => {
      const [route] = resourcesOf(api, 'AWS::ApiGatewayV2::Route')
      route!.addPropertyOverride('AuthorizationType', 'AWS_IAM')
    }
    await expect(serve(change)).rejects.toThrow(
      'AuthorizationType AWS_IAM on POST /things/{id} is not served here',
    )
  })

  it('whose port is taken says so', async () => {
    const running = await serve()
    const port = Number(new URL(running.httpUrl).port)
    await expect(serve(undefined, { port })).rejects.toThrow(`cannot listen on port ${port}`)
  })
})
