import { once } from 'node:events'
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { describe, expect, it } from 'vitest'
import { Client, refusal } from '../gateway/websocket/client.ts'
import { resourcesOf } from './support/fixture.ts'
import { serve } from './support/sockets.ts'

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
