import type {
  AuthorizerEvent,
  ConnectEvent,
  DisconnectEvent,
  LambdaContext,
  MessageEvent,
  Route,
  WebSocketApiOptions,
} from '../../../src/gateway/websocket/websocket-api.ts'

/**
 * The functions of the API under test. They do what the client's query or message tells them, and tell the client what
 * they were given: so the suite needs nothing but URLs, and the same functions could be deployed.
 */
export function conformanceApi(): WebSocketApiOptions & { authorizer: object } {
  const memory = new Memory()
  return {
    routes: routesOf(memory),
    authorizer: {
      handler: (event: AuthorizerEvent) => {
        memory.authorized.set(event.requestContext.connectionId, event)
        return authorize(event)
      },
    },
  }
}

class Memory {
  readonly authorized = new Map<string, AuthorizerEvent>()
  readonly connected = new Map<string, ConnectEvent>()
  readonly #disconnected = new Map<string, DisconnectEvent[]>()
  readonly #waiting = new Map<string, () => void>()

  disconnect(event: DisconnectEvent): void {
    const id = event.requestContext.connectionId
    this.#disconnected.set(id, [...(this.#disconnected.get(id) ?? []), event])
    this.#waiting.get(id)?.()
  }

  async disconnectsOf(id: string): Promise<DisconnectEvent[]> {
    if (!this.#disconnected.has(id)) {
      await new Promise<void>((resolve) => {
        this.#waiting.set(id, resolve)
      })
    }
    return this.#disconnected.get(id) ?? []
  }
}

function routesOf(memory: Memory): Record<string, Route> {
  const json = (value: unknown) => ({ statusCode: 200, body: JSON.stringify(value) })
  return {
    $connect: {
      handler: (event: ConnectEvent) => {
        memory.connected.set(event.requestContext.connectionId, event)
        return connect(event.queryStringParameters ?? {})
      },
    },
    $disconnect: {
      handler: (event: DisconnectEvent) => {
        memory.disconnect(event)
      },
    },
    $default: { returnResponse: true, handler: ({ body }: MessageEvent) => json({ default: body }) },
    /** Answers with its own event and what it knows of its context. */
    reflect: {
      returnResponse: true,
      handler: (event: MessageEvent, context: LambdaContext) =>
        json({ event, context, remaining: context.getRemainingTimeInMillis() }),
    },
    /** Answers with the events of this connection's handshake. */
    handshake: {
      returnResponse: true,
      handler: ({ requestContext: { connectionId } }: MessageEvent) =>
        json({ connect: memory.connected.get(connectionId), authorize: memory.authorized.get(connectionId) }),
    },
    /** Answers with every `$disconnect` event of another connection, once there is one. */
    disconnectsOf: {
      returnResponse: true,
      handler: async ({ body }: MessageEvent) =>
        json(await memory.disconnectsOf((JSON.parse(body) as { id: string }).id)),
    },
    oneWay: { handler: () => json('never seen') },
    status: { returnResponse: true, handler: () => ({ statusCode: 500, body: 'sent all the same' }) },
    bodiless: { returnResponse: true, handler: () => ({ statusCode: 200 }) },
    base64: { returnResponse: true, handler: () => ({ body: 'Z3LDvMOfZQ==', isBase64Encoded: true }) },
    huge: { returnResponse: true, handler: () => ({ body: 'x'.repeat(128 * 1024 + 1) }) },
    fail: {
      handler: () => {
        throw new Error('on purpose')
      },
    },
    failLoud: { returnResponse: true, handler: () => Promise.reject(new Error('on purpose')) },
  }
}

/** `?connect=404` answers so, `throw` throws, `nothing` returns nothing; `?protocol=a` selects one. */
function connect({ connect = '200', protocol }: Record<string, string>) {
  if (connect === 'throw') throw new Error('on purpose')
  if (connect === 'nothing') return undefined
  const headers = protocol === undefined ? {} : { 'Sec-WebSocket-Protocol': protocol }
  return { statusCode: Number(connect), headers, body: 'not for the client' }
}

const allow = (resource: unknown, effect = 'Allow') => ({
  Effect: effect,
  Action: 'execute-api:Invoke',
  Resource: resource,
})

/** `?authorize=…` chooses the answer; allowed by default, as most real ones do it: for all routes of the stage. */
function authorize({ queryStringParameters, methodArn }: AuthorizerEvent): unknown {
  const everything = methodArn.replace(/\$connect$/, '*')
  const answer = (...statements: object[]) => ({
    principalId: 'ann',
    policyDocument: { Version: '2012-10-17', Statement: statements },
    context: { userId: 'ann', level: 7, isAdmin: false },
  })
  const answers: Record<string, () => unknown> = {
    allow: () => answer(allow(everything)),
    exact: () => answer(allow([methodArn])),
    singleCharacters: () => answer(allow(methodArn.replace('connect', '???nect'))),
    wildcardAction: () => answer({ ...allow(everything), Action: ['execute-api:*'] }),
    singleStatement: () => ({ principalId: 'ann', policyDocument: { Statement: allow('*') } }),
    deny: () => answer(allow(everything, 'Deny')),
    denyOverAllow: () => answer(allow(everything), allow(methodArn, 'Deny')),
    otherResource: () => answer(allow(methodArn.replace('$connect', 'other'))),
    otherAction: () => answer({ ...allow(everything), Action: 's3:GetObject' }),
    condition: () => answer({ ...allow(everything), Condition: {} }),
    unauthorized: () => Promise.reject(new Error('Unauthorized')),
    otherError: () => Promise.reject(new Error('unauthorized')),
    nothing: () => undefined,
    noPrincipal: () => ({ ...answer(allow(everything)), principalId: '' }),
    noPolicy: () => ({ principalId: 'ann' }),
    noStatement: () => answer(),
    nested: () => ({ ...answer(allow(everything)), context: { roles: ['a'] } }),
    large: () => ({ ...answer(allow(everything)), context: { text: 'x'.repeat(8 * 1024) } }),
    cyclic: () => {
      const cycle: Record<string, unknown> = { ...answer(allow(everything)) }
      return Object.assign(cycle, { context: cycle })
    },
    principalInContext: () => ({ ...answer(allow(everything)), context: { principalId: 'eve' } }),
  }
  return answers[queryStringParameters?.['authorize'] ?? 'allow']?.()
}
