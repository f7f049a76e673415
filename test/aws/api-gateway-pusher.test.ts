import type { ServerResponse } from 'node:http'
import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { ApiGatewayPusher } from '../../src/aws/api-gateway-pusher.ts'
import { createConnectionsClient } from '../../src/aws/clients/connections.ts'
import { createWebSocketApi } from '../../src/gateway/websocket/websocket-api.ts'
import { Client } from '../gateway/websocket/client.ts'
import { conformanceApi } from '../gateway/websocket/conformance-api.ts'
import { RecordingLogger } from '../support/fakes.ts'
import { interceptCalls, sdkError } from './calls.ts'
import { stubEnvironment } from './lambda-environment.ts'
import { breakOff, hang, ok, type Reply, serve, status } from './scripted-server.ts'

const logger = new RecordingLogger()
afterEach(() => {
  logger.lines.length = 0
})

/** Time enough for any machine where a test does not wait for its end. */
const LONG = 30_000

function pusherTo(endpoint: string, deadlineMs = LONG): ApiGatewayPusher {
  const client = new ApiGatewayManagementApiClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
  })
  onTestFinished(() => {
    client.destroy()
  })
  return new ApiGatewayPusher({ client, logger, deadlineMs, random: () => 0 })
}

async function scripted(deadlineMs: number, ...script: [Reply, ...Reply[]]) {
  const { endpoint, requests } = await serve(...script)
  return { pusher: pusherTo(endpoint, deadlineMs), requests }
}

const throttled = status(429, 'LimitExceededException')

describe('against the gateway, by the unmodified SDK', () => {
  async function gateway() {
    const api = createWebSocketApi(conformanceApi())
    const { wsUrl, httpUrl } = await api.listen(0)
    onTestFinished(() => api.close({ timeoutMs: 0 }))
    return { wsUrl, pusher: pusherTo(httpUrl) }
  }

  it('sends the frame as it is', async () => {
    const { wsUrl, pusher } = await gateway()
    const client = await Client.open(wsUrl)
    const frame = '{"type":"event","offset":1,"event":{"text":"größe 😀"}}'
    expect(await pusher.post(await client.id(), frame)).toBe('sent')
    expect(await client.next()).toBe(frame)
  })

  it('closes a connection, which is gone from then on, and closing it again is no error', async () => {
    const { wsUrl, pusher } = await gateway()
    const client = await Client.open(wsUrl)
    const id = await client.id()
    expect(await pusher.close(id)).toBe(true)
    expect((await client.closed).code).toBe(1000)
    expect(await pusher.post(id, 'x')).toBe('gone')
    expect(await pusher.close(id)).toBe(true)
    expect(logger.lines).toEqual([])
  })

  it('fails at once, and says so, for an id that is none and a frame that is too large', async () => {
    const { wsUrl, pusher } = await gateway()
    const client = await Client.open(wsUrl)
    expect(await pusher.post('no-id', 'x')).toBe('failed')
    expect(await pusher.post(await client.id(), 'x'.repeat(128 * 1024 + 1))).toBe('failed')
    expect(logger.lines.map(({ message }) => message)).toEqual([
      'post did not get through',
      'post did not get through',
    ])
    expect(logger.text()).toContain('BadRequestException')
    expect(logger.text()).toContain('PayloadTooLargeException')
  })
})

describe('one more try', () => {
  it.each([
    ['a throttle', throttled],
    ['a failure of the service', status(500, 'InternalServerError')],
    ['a gateway that has no answer', status(504)],
    ['a connection that breaks', breakOff],
  ])('follows %s', async (_, reply) => {
    const { pusher, requests } = await scripted(LONG, reply, reply, ok)
    expect(await pusher.post('c1', 'x')).toBe('sent')
    expect(requests).toHaveLength(3)
    expect(logger.lines).toEqual([])
  })

  it.each([
    [410, 'GoneException', 'gone'],
    [413, 'PayloadTooLargeException', 'failed'],
    [403, 'ForbiddenException', 'failed'],
    [400, 'BadRequestException', 'failed'],
  ])('does not follow %s %s', async (code, type, outcome) => {
    const { pusher, requests } = await scripted(LONG, status(code, type), ok)
    expect(await pusher.post('c1', 'x')).toBe(outcome)
    expect(requests).toHaveLength(1)
    expect(logger.lines).toHaveLength(outcome === 'failed' ? 1 : 0)
  })

  it('may find the connection gone', async () => {
    const { pusher } = await scripted(LONG, throttled, status(410, 'GoneException'))
    expect(await pusher.post('c1', 'x')).toBe('gone')
  })

  it('knows a 410 by its status alone', async () => {
    const bare: Reply = (_, response) => {
      response.writeHead(410, { 'content-length': 0 }).end()
    }
    const { pusher } = await scripted(LONG, bare)
    expect(await pusher.post('c1', 'x')).toBe('gone')
  })
})

describe('the deadline', () => {
  it.each([
    ['throttled', 'a storm of throttles', throttled],
    ['failed', 'a service that is down', status(503)],
    ['failed', 'nobody there', breakOff],
  ])('%s: %s', async (outcome, _, reply) => {
    const { pusher, requests } = await scripted(150, reply)
    expect(await pusher.post('c1', 'x')).toBe(outcome)
    expect(requests.length).toBeGreaterThan(1)
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { connectionId: 'c1', outcome } }])
  })

  it('ends a post that hangs, and its request', async () => {
    const { pusher, requests } = await scripted(50, hang)
    expect(await pusher.post('c1', 'x')).toBe('failed')
    expect(logger.text()).toContain('no answer within 50 ms')
    const [request] = requests
    if (request && !request.socket.destroyed)
      await new Promise((resolve) => request.socket.once('close', resolve))
  })

  it('counts a throttle before the hanging as a throttle', async () => {
    const { pusher } = await scripted(100, throttled, hang)
    expect(await pusher.post('c1', 'x')).toBe('throttled')
  })

  it('holds also where a call does not heed its signal', async () => {
    const client = createConnectionsClient('http://127.0.0.1:9')
    const calls = interceptCalls(client, async () => new Promise(() => undefined))
    const pusher = new ApiGatewayPusher({ client, logger, deadlineMs: 20 })
    expect(await pusher.post('c1', 'x')).toBe('failed')
    expect(calls[0]?.options?.abortSignal?.aborted).toBe(true)
  })

  it('is not waited for where the next try would come after it', async () => {
    const client = createConnectionsClient('http://127.0.0.1:9')
    const calls = interceptCalls(client, async () => Promise.reject(sdkError(429)))
    // The first wait, 80 ms at most, is longer than all the time there is.
    const pusher = new ApiGatewayPusher({ client, logger, deadlineMs: 70, random: () => 1 })
    expect(await pusher.post('c1', 'x')).toBe('throttled')
    expect(calls).toHaveLength(1)
    expect(calls[0]?.options?.abortSignal?.aborted).toBe(false)
  })

  it('holds up nobody else: a post behind many that hang gets a socket of its own', async () => {
    const dead = Array.from({ length: 200 }, (_, i) => `dead${i}`)
    const hanging = new Set<ServerResponse>()
    let hangingThen: number | undefined
    const { endpoint } = await serve((request, response) => {
      hanging.add(response.on('close', () => hanging.delete(response)))
      if (request.url?.endsWith('live') === true) hangingThen ??= hanging.size
      if (hangingThen === undefined) return
      for (const each of hanging) if (!each.headersSent) ok(request, each)
    })
    stubEnvironment()
    const client = createConnectionsClient(endpoint)
    const pusher = new ApiGatewayPusher({ client, logger, deadlineMs: LONG })
    await Promise.all([...dead, 'live'].map(async (id) => pusher.post(id, 'x')))
    client.destroy()
    expect(hangingThen).toBeGreaterThan(100)
  })
})

describe('closing', () => {
  it('never rejects: what is not known to be closed is said to be open, and logged', async () => {
    for (const reply of [throttled, status(403, 'ForbiddenException'), hang, breakOff]) {
      const { pusher } = await scripted(60, reply)
      expect(await pusher.close('c1')).toBe(false)
    }
    const failures = logger.lines.map(({ message, fields }) => [
      message,
      'outcome' in fields && fields.outcome,
    ])
    expect(failures).toEqual([
      ['connection could not be closed', 'throttled'],
      ['connection could not be closed', 'failed'],
      ['connection could not be closed', 'failed'],
      ['connection could not be closed', 'failed'],
    ])
  })

  it('is tried again', async () => {
    const { pusher, requests } = await scripted(LONG, throttled, status(204))
    expect(await pusher.close('c1')).toBe(true)
    expect(requests.map(({ method }) => method)).toEqual(['DELETE', 'DELETE'])
    expect(logger.lines).toEqual([])
  })
})
