import { beforeEach, describe, expect, it } from 'vitest'
import { createHandler as createConnect } from '../../lambdas/connect.ts'
import { createHandler as createDisconnect } from '../../lambdas/disconnect.ts'
import { createHandler as createMessage } from '../../lambdas/message.ts'
import { sampleEvent } from '../contract/samples.ts'
import { connectionOf, createWorld, type World } from '../support/fakes.ts'
import { socketContext } from './events.ts'

describe('the routes of a socket', () => {
  let world: World
  let expiresAt: number

  beforeEach(() => {
    world = createWorld()
    expiresAt = world.clock.now() + 1000
  })

  const context = () =>
    socketContext({ userId: 'ann', expiresAt: String(expiresAt), issuedAt: '5', principalId: 'x' })
  const row = () => ({ id: 'c-1', userId: 'ann', expiresAt, registeredAt: world.clock.now() })

  describe('$connect', () => {
    it.each([
      [undefined, undefined],
      ['fanout.v1, bearer.x', 'fanout.v1'],
      ['bearer.x,fanout.v1', 'fanout.v1'],
      ['bearer.x', undefined],
      ['fanout.v2, FANOUT.V1, graphql-ws', undefined],
    ])('registers, and of the protocols %j selects %j', async (offered, selected) => {
      const headers = offered === undefined ? null : { 'SEC-WebSocket-Protocol': offered }
      expect(await createConnect(world)({ headers, requestContext: context() })).toEqual({
        statusCode: 200,
        ...(selected !== undefined && { headers: { 'Sec-WebSocket-Protocol': selected } }),
      })
      expect(world.connections.rows).toEqual([row()])
    })

    it.each([
      ['before it', '5', 401],
      ['at that time', '6', 200],
      ['nobody knows when: the API was deployed before it told', undefined, 401],
    ])(
      'of a user who was disconnected, with a token issued %s, answers %s: %i',
      async (_, issuedAt, status) => {
        await world.revocations.revoke('ann', 6)
        const requestContext = socketContext({ userId: 'ann', expiresAt: String(expiresAt), issuedAt })
        const headers = { 'sec-websocket-protocol': 'fanout.v1, bearer.x' }
        const answer = await createConnect(world)({ headers, requestContext })
        expect(answer.statusCode).toBe(status)
        if (status === 401) expect(answer).toEqual({ statusCode: 401 })
        expect(world.connections.rows).toHaveLength(status === 200 ? 1 : 0)
      },
    )

    it('keeps to the cap that it was given', async () => {
      await world.connections.register(connectionOf(world.clock, 'c-0', 'ann'))
      await createConnect({ ...world, connectionsPerUser: 1 })({ requestContext: context() })
      expect(world.connections.rows).toEqual([row()])
      expect(world.pusher.closed).toEqual(['c-0'])
    })
  })

  describe('$disconnect', () => {
    it('forgets the connection, and says why it ended', async () => {
      await world.connections.register(row())
      await world.connections.register({ ...row(), id: 'c-2' })
      const requestContext = { ...context(), disconnectStatusCode: 1001, disconnectReason: 'Going away' }
      expect(await createDisconnect(world)({ requestContext })).toEqual({ statusCode: 200 })
      expect(world.connections.rows.map(({ id }) => id)).toEqual(['c-2'])
      expect(world.logger.lines).toEqual([
        {
          level: 'info',
          fields: { userId: 'ann', connectionId: 'c-1', code: 1001, reason: 'Going away' },
          message: 'disconnected',
        },
      ])
    })

    it('does not mind a connection that is forgotten already, nor a missing reason, and is counted', async () => {
      expect(await createDisconnect(world)({ requestContext: context() })).toEqual({ statusCode: 200 })
      expect(world.metrics.counts).toEqual({ connectionsClosed: 1 })
    })
  })

  describe('a message', () => {
    const say = async (body: string | null) => createMessage(world)({ body, requestContext: context() })

    it('is answered through the route response', async () => {
      const head = await world.log.head('ann')
      expect(await say('{"action":"ping"}')).toEqual({
        statusCode: 200,
        body: `{"type":"pong","head":${head}}`,
      })
    })

    it('of a user who was disconnected is judged by when the token was issued', async () => {
      await world.revocations.revoke('ann', 6)
      expect(await say('{"action":"resume"}')).toEqual({ statusCode: 200 })
      expect(world.pusher.closed).toEqual(['c-1'])
    })

    it('is not answered if it is an ack', async () => {
      expect(await say('{"action":"ack","offset":1}')).toEqual({ statusCode: 200 })
      expect(await world.devices.ofUser('ann')).toMatchObject([
        { device: 'c-1', acknowledgements: [{ offset: 1 }] },
      ])
    })

    it('that acknowledges what came since its connection was opened is measured', async () => {
      const ack = async (connectedAt: number, offset: number) =>
        createMessage(world)({
          body: JSON.stringify({ action: 'ack', offset, device: 'phone' }),
          requestContext: { ...context(), connectedAt },
        })
      const now = world.clock.now()
      await world.log.append([sampleEvent('e-1', ['ann'])])
      const head = await world.log.head('ann')
      await ack(now + 1, head)
      expect(world.metrics.observations).toEqual({})
      await ack(now, head)
      expect(world.metrics.observations).toEqual({ publishToApplied: [0] })
    })

    it.each(['', null])('without a body is an error frame, not a failure: %j', async (body) => {
      const { statusCode, body: answer } = await say(body)
      expect([statusCode, JSON.parse(answer ?? '')]).toMatchObject([
        200,
        { type: 'error', code: 'malformed_json' },
      ])
    })

    it('of an ended token closes the connection', async () => {
      world.clock.advance(1000)
      expect(await say('{"action":"ping"}')).toEqual({ statusCode: 200 })
      expect(world.pusher.closed).toEqual(['c-1'])
    })
  })

  it.each([
    ['no context', undefined],
    ['no user', { expiresAt: '1' }],
    ['no end', { userId: 'ann' }],
    ['an end that is no number: it would never come', { userId: 'ann', expiresAt: 'soon' }],
  ])('fail loudly where the authorizer gave %s', async (_, authorizer) => {
    const requestContext = socketContext(authorizer)
    const complaint =
      'connection c-1 came without userId and expiresAt: is the authorizer attached to $connect?'
    await expect(createConnect(world)({ requestContext })).rejects.toThrow(complaint)
    await expect(createDisconnect(world)({ requestContext })).rejects.toThrow(complaint)
    await expect(createMessage(world)({ body: '{"action":"ping"}', requestContext })).rejects.toThrow(
      complaint,
    )
    expect(world.connections.rows).toEqual([])
  })
})
