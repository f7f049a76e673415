import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { ApiGatewayProbe } from '../../src/aws/api-gateway-probe.ts'
import { createWebSocketApi } from '../../src/gateway/websocket/websocket-api.ts'
import { Client } from '../gateway/websocket/client.ts'
import { conformanceApi } from '../gateway/websocket/conformance-api.ts'
import { RecordingLogger } from '../support/fakes.ts'
import { interceptCalls } from './calls.ts'
import { breakOff, hang, ok, type Reply, serve, status } from './scripted-server.ts'

const logger = new RecordingLogger()
afterEach(() => {
  logger.lines.length = 0
})

/** Time enough for any machine where a test does not wait for its end. */
const LONG = 30_000

function clientOf(endpoint: string): ApiGatewayManagementApiClient {
  const client = new ApiGatewayManagementApiClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
  })
  onTestFinished(() => {
    client.destroy()
  })
  return client
}

function probeTo(endpoint: string, deadlineMs = LONG): ApiGatewayProbe {
  return new ApiGatewayProbe({ client: clientOf(endpoint), logger, deadlineMs })
}

async function stateBy(reply: Reply, deadlineMs?: number) {
  const { endpoint, requests } = await serve(reply)
  return { state: await probeTo(endpoint, deadlineMs).stateOf('c-1='), requests }
}

describe('against the gateway, by the unmodified SDK', () => {
  it('tells when a socket was opened and last used, and that it is gone when it is', async () => {
    const api = createWebSocketApi(conformanceApi())
    const before = Date.now()
    const { wsUrl, httpUrl } = await api.listen(0)
    onTestFinished(() => api.close({ timeoutMs: 0 }))
    const probe = probeTo(httpUrl)
    const client = await Client.open(wsUrl)
    const id = await client.id()
    const state = await probe.stateOf(id)
    if (typeof state === 'string') throw new Error(`it is ${state}`)
    // The gateway tells whole seconds.
    for (const time of [state.connectedAt, state.lastActiveAt]) {
      expect(time).toBeGreaterThan(before - 1000)
      expect(time).toBeLessThanOrEqual(Date.now())
    }
    await clientOf(httpUrl).send(new DeleteConnectionCommand({ ConnectionId: id }))
    expect(await probe.stateOf(id)).toBe('gone')
    expect(logger.lines).toEqual([])
  })
})

describe('what is not known', () => {
  it.each<[string, Reply]>([
    ['a refusal', status(403, 'ForbiddenException')],
    ['a throttle', status(429, 'LimitExceededException')],
    ['a failure of the service', status(500)],
    ['a connection that breaks', breakOff],
  ])('is said to be so, and why is in the log, after one try: %s', async (_, reply) => {
    const { state, requests } = await stateBy(reply)
    expect(state).toBe('unknown')
    expect(requests).toHaveLength(1)
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { connectionId: 'c-1=' } }])
  })

  it('is an answer without times', async () => {
    expect((await stateBy(ok)).state).toBe('unknown')
  })

  it('is what takes too long, also where a call does not heed its signal', async () => {
    expect((await stateBy(hang, 50)).state).toBe('unknown')
    const client = clientOf('http://127.0.0.1:9')
    interceptCalls(client, async () => new Promise(() => undefined))
    expect(await new ApiGatewayProbe({ client, logger, deadlineMs: 50 }).stateOf('c-1=')).toBe('unknown')
  })
})

it('a 410 without a body means gone', async () => {
  expect((await stateBy(status(410, 'GoneException', ''))).state).toBe('gone')
  expect(logger.lines).toEqual([])
})
