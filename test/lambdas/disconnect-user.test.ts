import { beforeEach, describe, expect, it } from 'vitest'
import { createHandler as createConnect } from '../../lambdas/connect.ts'
import { createHandler } from '../../lambdas/disconnect-user.ts'
import { createHandler as createRecent } from '../../lambdas/recent.ts'
import { NASTY_IDS } from '../contract/samples.ts'
import { connectionOf, createWorld, type World } from '../support/fakes.ts'
import { describeAdmission, verifier } from './admin.ts'
import { bodyOf, httpEvent, ISSUED_AT, JSON_HEADERS, ScriptedVerifier, socketContext } from './events.ts'

const ROUTE = 'DELETE /api/v1/users/{id}/connections'

describe(ROUTE, () => {
  let world: World
  let handler: ReturnType<typeof createHandler>

  beforeEach(async () => {
    world = createWorld()
    handler = createHandler({ ...world, verifier })
    for (const [id, userId] of [
      ['a-1', 'ann'],
      ['a-2', 'ann'],
      ['b-1', 'bob'],
    ] as const) {
      await world.connections.register(connectionOf(world.clock, id, userId))
    }
  })

  const disconnect = async (id: string) => handler(httpEvent({ token: 'admin', routeKey: ROUTE, id }))

  describeAdmission([{ routeKey: ROUTE, id: 'ann' }], () => ({ world, handler }), [
    '"ann"',
    'a-1',
    'notBefore',
  ])

  it('touches nobody for a token without the scope', async () => {
    for (const token of ['ann', 'bob', 'backend', 'bad']) {
      await handler(httpEvent({ token, routeKey: ROUTE, id: 'ann' }))
    }
    expect(world.pusher.closed).toEqual([])
    expect(await world.revocations.notBefore('ann')).toBeUndefined()
  })

  it('closes the user’s connections, says how many, and from when on tokens count', async () => {
    expect(await disconnect('ann')).toEqual({
      statusCode: 200,
      headers: JSON_HEADERS,
      body: JSON.stringify({ notBefore: world.clock.now(), closed: 2 }),
    })
    expect(world.pusher.closed.toSorted()).toEqual(['a-1', 'a-2'])
    expect(world.connections.rows.map(({ id }) => id)).toEqual(['b-1'])
  })

  it('closes nothing of a user whom nobody knows, and refuses their tokens all the same', async () => {
    expect(bodyOf(await disconnect('cat'))).toEqual({ notBefore: world.clock.now(), closed: 0 })
    expect(world.pusher.closed).toEqual([])
  })

  it('keeps out whoever comes back with the same token, at both doors, until there is a newer one', async () => {
    await disconnect('ann')
    const issued = Math.ceil(world.clock.now() / 1000) * 1000
    const recent = createRecent({
      ...world,
      verifier: new ScriptedVerifier({ old: {}, new: { issuedAt: issued } }),
    })
    const connect = async (issuedAt: number) => {
      const context = { userId: 'ann', expiresAt: String(issued + 9000), issuedAt: String(issuedAt) }
      return createConnect(world)({ requestContext: socketContext(context) })
    }
    expect(await connect(ISSUED_AT)).toEqual({ statusCode: 401 })
    expect((await recent(httpEvent({ token: 'old' }))).statusCode).toBe(401)
    expect(await connect(issued)).toEqual({ statusCode: 200 })
    expect((await recent(httpEvent({ token: 'new' }))).statusCode).toBe(200)
  })

  it('answers 503 where a connection could not be closed, so that it is asked for again', async () => {
    const remove = world.connections.remove.bind(world.connections)
    world.connections.remove = async () => Promise.reject(new Error('no capacity in table 7'))
    const answer = await disconnect('ann')
    expect([answer.statusCode, answer.headers?.['retry-after']]).toEqual([503, '1'])
    expect(answer.body).not.toContain('table')
    world.connections.remove = remove
    expect(bodyOf(await disconnect('ann'))).toMatchObject({ closed: 2 })
  })

  it('disconnects users of any name, and no other', async () => {
    const ids = NASTY_IDS.map((userId, i) => [userId, `c-${i}`] as const)
    for (const [userId, id] of ids) {
      await world.connections.register(connectionOf(world.clock, id, userId))
    }
    for (const [userId, id] of ids) {
      world.pusher.closed.length = 0
      expect(bodyOf(await disconnect(userId))).toMatchObject({ closed: 1 })
      expect(world.pusher.closed).toEqual([id])
    }
    expect(world.connections.rows.map(({ userId }) => userId)).toEqual(['ann', 'ann', 'bob'])
  })
})
