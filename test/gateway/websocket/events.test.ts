import { describe, expect, it } from 'vitest'
import type {
  AuthorizerEvent,
  ConnectEvent,
  DisconnectEvent,
} from '../../../src/gateway/websocket/websocket-api.ts'
import { Client } from './client.ts'
import { conformanceApi } from './conformance-api.ts'
import { FakeClock } from './fake-clock.ts'
import { RawClient, frame, opcode } from './raw-client.ts'
import { start, target } from './target.ts'

const idForm = /^[\w-]{15}=$/
const authorizer = { principalId: 'ann', userId: 'ann', level: '7', isAdmin: 'false' }

/** What the request contexts of all three events have in common. */
function commonContext(host: string) {
  return {
    authorizer,
    extendedRequestId: expect.stringMatching(idForm) as string,
    requestTime: expect.stringMatching(
      /^\d\d\/(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\/\d{4}:\d\d:\d\d:\d\d \+0000$/,
    ) as string,
    messageDirection: 'IN',
    stage: 'prod',
    connectedAt: expect.any(Number) as number,
    requestTimeEpoch: expect.any(Number) as number,
    identity: { sourceIp: '127.0.0.1', userAgent: 'suite/1' },
    requestId: expect.stringMatching(idForm) as string,
    domainName: host,
    connectionId: expect.stringMatching(idForm) as string,
    apiId: 'local',
  }
}

async function handshakeOf(client: Client) {
  return JSON.parse(await client.ask({ action: 'handshake' })) as {
    connect: ConnectEvent
    authorize: AuthorizerEvent
  }
}

const headers = { 'User-Agent': 'suite/1', 'X-MiXeD-Case': 'kept' }

describe('event shapes', () => {
  it('CONNECT: exactly these keys, header names in the client’s spelling', async () => {
    const { wsUrl } = await target()
    const { host } = new URL(wsUrl)
    const client = await Client.open(`${wsUrl}?a=1&a=2&b=%20x&c`, { headers })
    const { connect } = await handshakeOf(client)
    expect(connect).toStrictEqual({
      headers: {
        Host: host,
        'User-Agent': 'suite/1',
        'X-MiXeD-Case': 'kept',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': expect.stringMatching(/==$/) as string,
        'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
        'X-Amzn-Trace-Id': expect.stringMatching(/^Root=1-[\da-f]{8}-[\da-f]{24}$/) as string,
        'X-Forwarded-For': '127.0.0.1',
        'X-Forwarded-Port': new URL(wsUrl).port,
        'X-Forwarded-Proto': 'http',
      },
      multiValueHeaders: Object.fromEntries(
        Object.entries(connect.headers).map(([name, value]) => [name, [value]]),
      ),
      queryStringParameters: { a: '2', b: ' x', c: '' },
      multiValueQueryStringParameters: { a: ['1', '2'], b: [' x'], c: [''] },
      requestContext: { ...commonContext(host), routeKey: '$connect', eventType: 'CONNECT' },
      isBase64Encoded: false,
    })
    expect(connect.requestContext.requestId).toBe(connect.requestContext.extendedRequestId)
  })

  it('CONNECT: without query, user agent and authorizer these keys are left out', async () => {
    const events: ConnectEvent[] = []
    const { wsUrl } = await start({
      routes: {
        $connect: {
          handler: (event: ConnectEvent) => {
            events.push(event)
            return { statusCode: 200 }
          },
        },
      },
    })
    await RawClient.open(wsUrl)
    await RawClient.open(`${wsUrl}?`)
    for (const event of events) {
      expect(Object.keys(event)).toStrictEqual([
        'headers',
        'multiValueHeaders',
        'requestContext',
        'isBase64Encoded',
      ])
      expect(event.requestContext.identity).toStrictEqual({ sourceIp: '127.0.0.1' })
      expect(event.requestContext).not.toHaveProperty('authorizer')
    }
    expect(events).toHaveLength(2)
  })

  it('CONNECT: a repeated header has its last value, and all of them in the twin', async () => {
    const { wsUrl } = await target()
    const client = await RawClient.open(wsUrl, [
      'X-Twice: one',
      'x-twice: two',
      '__proto__: own',
      'X-Forwarded-For: 9.9.9.9',
    ])
    client.send(frame(opcode.text, '{"action":"handshake"}'))
    const { connect } = JSON.parse((await client.next()).payload.toString()) as { connect: ConnectEvent }
    expect(connect.headers['X-Twice']).toBe('two')
    expect(connect.multiValueHeaders['X-Twice']).toStrictEqual(['one', 'two'])
    expect(Object.entries(connect.headers)).toContainEqual(['__proto__', 'own'])
    expect(connect.headers['X-Forwarded-For']).toBe('9.9.9.9, 127.0.0.1')
    expect(connect.headers).toHaveProperty('hOsT')
  })

  it('the authorizer’s: type, methodArn, stage variables, and the hop-by-hop headers', async () => {
    const { wsUrl } = await target()
    const { host } = new URL(wsUrl)
    const client = await Client.open(`${wsUrl}?a=1`, { headers })
    const { connect, authorize } = await handshakeOf(client)
    const context: Partial<ReturnType<typeof commonContext>> = commonContext(host)
    delete context.authorizer
    expect(authorize).toStrictEqual({
      type: 'REQUEST',
      methodArn: 'arn:aws:execute-api:us-east-1:000000000000:local/prod/$connect',
      headers: { ...connect.headers, Connection: 'Upgrade', Upgrade: 'websocket', 'content-length': '0' },
      multiValueHeaders: {
        ...connect.multiValueHeaders,
        Connection: ['Upgrade'],
        Upgrade: ['websocket'],
        'content-length': ['0'],
      },
      queryStringParameters: { a: '1' },
      multiValueQueryStringParameters: { a: ['1'] },
      stageVariables: {},
      requestContext: { ...context, routeKey: '$connect', eventType: 'CONNECT' },
    })
    expect(authorize.requestContext.connectionId).toBe(connect.requestContext.connectionId)
  })

  it('MESSAGE: no headers, no query; a message id and the authorizer’s context', async () => {
    const { wsUrl } = await target()
    const client = await Client.open(`${wsUrl}?a=1`, { headers })
    const { connect } = await handshakeOf(client)
    const { event } = await client.reflect()
    expect(event).toStrictEqual({
      requestContext: {
        ...commonContext(new URL(wsUrl).host),
        routeKey: 'reflect',
        eventType: 'MESSAGE',
        messageId: expect.stringMatching(idForm) as string,
      },
      body: '{"action":"reflect"}',
      isBase64Encoded: false,
    })
    expect(event.requestContext.requestId).toBe(event.requestContext.extendedRequestId)
    expect(event.requestContext.connectionId).toBe(connect.requestContext.connectionId)
    expect(event.requestContext.connectedAt).toBe(connect.requestContext.connectedAt)
  })

  it('DISCONNECT: four headers, the code, the reason, the authorizer’s context; once', async () => {
    const { wsUrl } = await target()
    const { host } = new URL(wsUrl)
    const [client, observer] = [await Client.open(wsUrl, { headers }), await Client.open(wsUrl)]
    const id = await client.id()
    client.socket.close()
    const events = JSON.parse(await observer.ask({ action: 'disconnectsOf', id })) as DisconnectEvent[]
    expect(events).toStrictEqual([
      {
        headers: { Host: host, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' },
        multiValueHeaders: { Host: [host], 'x-api-key': [''], 'X-Forwarded-For': [''], 'x-restapi': [''] },
        requestContext: {
          ...commonContext(host),
          routeKey: '$disconnect',
          eventType: 'DISCONNECT',
          connectionId: id,
          disconnectStatusCode: 1005,
          disconnectReason: 'Client-side close frame status not set',
        },
        isBase64Encoded: false,
      },
    ])
  })

  it('the request’s time in the log format, and in milliseconds', async () => {
    const clock = new FakeClock(Date.UTC(2026, 1, 3, 4, 5, 6, 789))
    const { wsUrl } = await start({ ...conformanceApi(), clock })
    const client = await Client.open(wsUrl)
    clock.advance(1_000)
    const { requestContext } = (await client.reflect()).event
    expect(requestContext.requestTime).toBe('03/Feb/2026:04:05:07 +0000')
    expect(requestContext.requestTimeEpoch).toBe(Date.UTC(2026, 1, 3, 4, 5, 7, 789))
    expect(requestContext.connectedAt).toBe(Date.UTC(2026, 1, 3, 4, 5, 6, 789))
  })

  it('names and account come from the options', async () => {
    const api = conformanceApi()
    const names = {
      stage: 'live',
      apiId: 'abc',
      region: 'eu-west-1',
      accountId: '123456789012',
      domainName: 'ws.test',
    }
    const { wsUrl } = await start({ ...api, ...names })
    const client = await Client.open(wsUrl)
    const { connect, authorize } = await handshakeOf(client)
    expect(connect.requestContext).toMatchObject({ stage: 'live', apiId: 'abc', domainName: 'ws.test' })
    expect(authorize.methodArn).toBe('arn:aws:execute-api:eu-west-1:123456789012:abc/live/$connect')
  })

  it('a function that changes its event changes no later one', async () => {
    const { wsUrl } = await start({
      authorizer: {
        handler: ({ methodArn }: AuthorizerEvent) => ({
          principalId: 'ann',
          policyDocument: { Statement: [{ Effect: 'Allow', Action: '*', Resource: methodArn }] },
        }),
      },
      routes: {
        reflect: {
          returnResponse: true,
          handler: (event: { requestContext: { authorizer: { principalId: string }; identity: object } }) => {
            const body = JSON.stringify(event.requestContext.authorizer)
            event.requestContext.authorizer.principalId = 'eve'
            return { body }
          },
        },
      },
    })
    const client = await Client.open(wsUrl)
    expect(await client.ask({ action: 'reflect' })).toBe('{"principalId":"ann"}')
    expect(await client.ask({ action: 'reflect' })).toBe('{"principalId":"ann"}')
  })

  it('functions get a context like Lambda’s', async () => {
    const clock = new FakeClock()
    const { wsUrl } = await start({ ...conformanceApi(), clock })
    const { context, remaining } = await (await Client.open(wsUrl)).reflect()
    expect(context).toStrictEqual({
      callbackWaitsForEmptyEventLoop: true,
      functionName: 'reflect',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:reflect',
      memoryLimitInMB: '128',
      awsRequestId: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/) as string,
      logGroupName: '/aws/lambda/reflect',
      logStreamName: 'local',
    })
    expect(remaining).toBe(29_000)
  })
})
