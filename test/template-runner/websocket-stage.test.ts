import type { Stack } from 'aws-cdk-lib'
import { CfnDeployment, CfnStage, type WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2'
import { describe, expect, it } from 'vitest'
import { Client } from '../gateway/websocket/client.ts'
import { functionOf, moduleUrl } from './support/fixture.ts'
import { serve, type Wanted } from './support/sockets.ts'

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
