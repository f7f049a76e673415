import { describe, expect, it } from 'vitest'
import {
  type LogRecord,
  type MessageEvent,
  createWebSocketApi,
} from '../../../src/gateway/websocket/websocket-api.ts'
import { compileRouteSelection } from '../../../src/gateway/websocket/route-selection.ts'
import { Client } from './client.ts'
import { conformanceApi } from './conformance-api.ts'
import { deferred } from '../../support/deferred.ts'
import { FakeClock } from './fake-clock.ts'
import { start, target } from './target.ts'

/** A frame that stands for an error: spaces exactly so. */
const errorFrame = (message: string) =>
  new RegExp(`^\\{"message": "${message}", "connectionId":"([\\w-]{15}=)", "requestId":"([\\w-]{15}=)"\\}$`)

describe('route selection', () => {
  it.each([
    ['an unknown action', '{"action":"unknown"}'],
    ['no action', '{"other":"reflect"}'],
    ['an action that is an object', '{"action":{"reflect":1}}'],
    ['an action that is null', '{"action":null}'],
    ['text that is not JSON', 'reflect'],
    ['JSON that is no object', '"reflect"'],
    ['null', 'null'],
    ['nothing at all', ''],
    ['the prototype', '{"action":"__proto__"}'],
    ['a property of every object', '{"action":"constructor"}'],
    ['another one', '{"action":"toString"}'],
    ['the route of the handshake', '{"action":"$connect"}'],
    ['the route of the end', '{"action":"$disconnect"}'],
    ['a different case', '{"action":"Reflect"}'],
  ])('%s goes to $default', async (_what, body) => {
    const { wsUrl } = await target()
    const client = await Client.open(wsUrl)
    expect(JSON.parse(await client.ask(body))).toStrictEqual({ default: body })
  })

  it('without $default the client gets Forbidden, and stays connected', async () => {
    const { wsUrl } = await start({ routes: { reflect: conformanceApi().routes['reflect']! } })
    const client = await Client.open(wsUrl)
    const first = errorFrame('Forbidden').exec(await client.ask('{"action":"constructor"}'))
    const second = errorFrame('Forbidden').exec(await client.ask('not JSON'))
    expect(first?.[1]).toBe(await client.id())
    expect(second?.[1]).toBe(first?.[1])
    expect(second?.[2]).not.toBe(first?.[2])
  })

  it.each([
    ['$request.body.action', '{"action":"a"}', 'a'],
    ['${request.body.action}', '{"action":"a"}', 'a'],
    ['$request.body.deep.er', '{"deep":{"er":"a"}}', 'a'],
    ['$request.body.deep.er', '{"deep":"er"}', ''],
    ['${request.body.a}/${request.body.b.c}', '{"a":"x","b":{"c":"y"}}', 'x/y'],
    ['${request.body.a}/${request.body.b.c}', '{"a":"x"}', 'x/'],
    ['v${request.body.version}', '{"version":2}', 'v2'],
    ['$request.body.on', '{"on":false}', 'false'],
    ['$request.body.constructor.name', '{}', ''],
    ['$request.body.__proto__.x', '{"__proto__":{"x":"own"}}', 'own'],
    ['$request.body.__proto__.length', '[1]', ''],
    ['$request.body.length', '"text"', ''],
    ['$request.body.action', 'no JSON', undefined],
  ])('%s of %s is %j', (expression, body, expected) => {
    expect(compileRouteSelection(expression)(body)).toBe(expected)
  })

  it.each([
    '',
    'action',
    '$request.header.x',
    '$request.body',
    '$request.body.a$request.body.b',
    '${request.body.a',
    'a/b',
  ])('refuses the expression %j', (routeSelectionExpression) => {
    expect(() => createWebSocketApi({ routes: {}, routeSelectionExpression })).toThrow(
      `routeSelectionExpression ${JSON.stringify(routeSelectionExpression)}: use $request.body.name`,
    )
  })
})

describe('results of message routes', () => {
  it('a body reaches the client only where the route has a response', async () => {
    const client = await Client.open((await target()).wsUrl)
    client.send({ action: 'oneWay' })
    client.send({ action: 'bodiless' })
    expect(await client.ask('next')).toBe('{"default":"next"}')
  })

  it('the status code is ignored', async () => {
    const client = await Client.open((await target()).wsUrl)
    expect(await client.ask({ action: 'status' })).toBe('sent all the same')
  })

  it('a base64 body is decoded', async () => {
    const client = await Client.open((await target()).wsUrl)
    expect(await client.ask({ action: 'base64' })).toBe('grüße')
  })

  it.each(['fail', 'failLoud', 'huge'])(
    '%s: "Internal server error", and the socket survives',
    async (action) => {
      const client = await Client.open((await target()).wsUrl)
      const frame = errorFrame('Internal server error').exec(await client.ask({ action }))
      expect(frame?.[1]).toBe(await client.id())
    },
  )

  it('after 29 s: "Endpoint request timed out"; what comes later is not heard', async () => {
    const clock = new FakeClock()
    let finish: (result: object) => void = () => undefined
    const invoked = deferred<MessageEvent>()
    const { wsUrl } = await start({
      clock,
      routes: {
        ...conformanceApi().routes,
        slow: {
          returnResponse: true,
          handler: (event: MessageEvent) => {
            invoked.resolve(event)
            return new Promise((resolve) => (finish = resolve))
          },
        },
      },
    })
    const client = await Client.open(wsUrl)
    client.send({ action: 'slow' })
    const { requestId } = (await invoked.promise).requestContext
    clock.advance(28_999)
    expect(await client.ask('still waiting')).toBe('{"default":"still waiting"}')
    clock.advance(1)
    expect(errorFrame('Endpoint request timed out').exec(await client.next())?.[2]).toBe(requestId)
    finish({ body: 'too late' })
    expect(await client.ask('after')).toBe('{"default":"after"}')
  })

  it('replies may overtake each other', async () => {
    const gate = deferred<object>()
    const { wsUrl } = await start({
      routes: {
        slow: { returnResponse: true, handler: () => gate.promise },
        fast: { returnResponse: true, handler: () => ({ body: 'fast' }) },
      },
    })
    const client = await Client.open(wsUrl)
    client.send({ action: 'slow' })
    expect(await client.ask({ action: 'fast' })).toBe('fast')
    gate.resolve({ body: 'slow' })
    expect(await client.next()).toBe('slow')
  })

  it('a failure is logged with its text', async () => {
    const records: LogRecord[] = []
    const { wsUrl } = await start({ ...conformanceApi(), log: (record) => records.push(record) })
    const client = await Client.open(wsUrl)
    await client.ask({ action: 'fail' })
    const { error, ...record } = records.find(({ event }) => event === 'function.failed')!
    expect(record).toStrictEqual({
      level: 'error',
      event: 'function.failed',
      connectionId: await client.id(),
      routeKey: 'fail',
    })
    expect(error).toMatch(/^Error: on purpose\n/)
  })
})
