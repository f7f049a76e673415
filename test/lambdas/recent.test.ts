import { beforeEach, describe, expect, it } from 'vitest'
import { createHandler } from '../../lambdas/recent.ts'
import { sampleEvent } from '../contract/samples.ts'
import { changed, createWorld, type World } from '../support/fakes.ts'
import { bodyOf, httpEvent, ISSUED_AT, ScriptedVerifier } from './events.ts'

const verifier = new ScriptedVerifier({ ann: { userId: 'ann' }, bob: { userId: 'bob' } })

describe('GET /api/v1/events/recent', () => {
  let world: World
  let handler: ReturnType<typeof createHandler>
  let start: number

  beforeEach(async () => {
    world = createWorld()
    handler = createHandler({ ...world, verifier })
    start = await world.log.head('ann')
    await world.log.append(['e-1', 'e-2', 'e-3'].map((id) => sampleEvent(id, ['ann'])))
  })

  const get = async (query: string, token = 'ann') => handler(httpEvent({ token, query }))
  const item = (i: number) =>
    `{"offset":${start + i},"loggedAt":${world.clock.now()},"event":{"type":"SESSION_COMPLETED","content":"a","id":"e-${i}"}}`
  const page = (items: number[], more: boolean, truncated: boolean) =>
    `{"events":[${items.map(item).join(',')}],"head":${start + 3},"more":${more},"truncated":${truncated}}`
  const devices = async () =>
    (await world.devices.ofUser('ann')).map(({ device, acknowledgements }) => [
      device,
      acknowledgements.at(-1)!.offset - start,
    ])

  it('answers the newest', async () => {
    expect(await get('limit=2')).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: page([2, 3], false, false),
    })
  })

  it('answers what came after, since, and that something is missing', async () => {
    expect((await get(`after=${start}&limit=1`)).body).toBe(page([1], true, false))
    expect((await get('after=0')).body).toBe(page([1, 2, 3], false, false))
    expect((await get('after=5')).body).toBe(page([], false, true))
    expect((await get(`after=${start + 4}`)).body).toBe(page([], false, true))
    expect((await get('since=0&limit=2')).body).toBe(page([1, 2], true, false))
    expect((await get(`since=${world.clock.now() + 1}`)).body).toBe(page([], false, false))
  })

  it('reads the log of the token’s user, whom no parameter changes', async () => {
    const { events } = bodyOf(await get('userId=ann&sub=ann&after=0', 'bob')) as { events: unknown[] }
    expect(events).toEqual([])
  })

  it('acknowledges for the device what `after` names', async () => {
    await get(`after=${start + 2}&device=phone`)
    await get(`after=${start + 1}&device=phone`)
    await get(`after=${start + 1}&device=tablet`)
    expect(await devices()).toEqual([
      ['phone', 2],
      ['tablet', 1],
    ])
  })

  /** What is known of the phone, which says nothing of what its app has applied. */
  const beginnings = async () =>
    (await world.devices.ofUser('ann')).flatMap(({ acknowledgements }) =>
      acknowledgements.map(({ offset, isStart }) => [offset - start, isStart]),
    )

  it('acknowledges nothing for a cursor that the log does not know: the device begins anew, at the head', async () => {
    for (const after of [start + 4, Number.MAX_SAFE_INTEGER, start - 1, 5]) {
      expect(bodyOf(await get(`after=${after}&device=phone`))).toMatchObject({ truncated: true })
    }
    expect(await beginnings()).toEqual([[3, true]])
  })

  it.each([
    ['device=phone', [[0, true]]],
    ['limit=1&device=phone', [[2, true]]],
    ['since=0&device=phone', [[0, true]]],
    [`since=${Date.UTC(2100, 0)}&device=phone`, [[3, true]]],
    ['after=0&device=phone', []],
  ])('acknowledges nothing for %s, and knows where the device begins', async (query, expected) => {
    expect((await get(query)).statusCode).toBe(200)
    expect(await beginnings()).toEqual(expected)
    expect(await world.devices.ofUser('ann')).toMatchObject([{ device: 'phone', seenAt: world.clock.now() }])
  })

  it('answers also where the device cannot be noted', async () => {
    world.devices.begins = async () => Promise.reject(new Error('the table is throttled'))
    expect((await get('device=phone')).statusCode).toBe(200)
    expect(world.logger.lines).toMatchObject([{ level: 'error', fields: { device: 'phone' } }])
  })

  it('acknowledges for the token’s user alone', async () => {
    const head = await world.log.head('bob')
    await get(`after=${head}&device=phone`, 'bob')
    expect(await devices()).toEqual([])
    expect(await world.devices.ofUser('bob')).toMatchObject([
      { device: 'phone', acknowledgements: [{ offset: head }] },
    ])
  })

  it('refuses a query that is not valid, and names the parameter', async () => {
    const answer = await get('limit=101')
    expect(answer.statusCode).toBe(400)
    expect(bodyOf(answer)).toEqual({
      type: 'urn:event-fanout:problem:invalid_query',
      title: 'The query is not valid',
      status: 400,
      detail: 'the parameter limit must be a whole number from 1 to 100, not "101"',
      code: 'invalid_query',
      path: 'limit',
    })
  })

  it('refuses a bad token before it looks at the query', async () => {
    expect((await get('limit=101', 'the-secret-token')).statusCode).toBe(401)
    expect((await handler(httpEvent({ query: `token=ann` }))).statusCode).toBe(401)
    expect(world.logger.text()).not.toContain('the-secret-token')
    expect(world.logger.text()).not.toContain('token=ann')
  })

  it('counts itself and the events that it brings, and nothing where it is refused', async () => {
    await get(`after=${start}&limit=2`)
    await get(`after=${start + 3}`)
    expect(world.metrics.counts).toEqual({ polls: 2, polledEvents: 2 })
    await get('limit=101')
    await get('', 'bad')
    expect(world.metrics.counts).toEqual({ polls: 2, polledEvents: 2, 'tokensRefused:bad_signature': 1 })
  })

  describe('of a user who was disconnected', () => {
    beforeEach(async () => {
      await world.revocations.revoke('ann', ISSUED_AT + 1)
    })

    it('is refused with the bytes of any other bad token, and acknowledges nothing', async () => {
      const bad = await get('', 'bad')
      world.logger.lines.length = 0
      expect(await get(`after=${start + 2}&device=phone`)).toEqual(bad)
      expect(bad.statusCode).toBe(401)
      expect(await devices()).toEqual([])
      const fields = { reason: 'revoked', userId: 'ann', path: '/api/v1/events' }
      expect(world.logger.lines).toEqual([{ level: 'warn', fields, message: 'token refused' }])
      expect(world.metrics.counts).toEqual({ 'tokensRefused:bad_signature': 1, 'tokensRefused:revoked': 1 })
    })

    it('is answered to a newer token, and to others', async () => {
      const newer = new ScriptedVerifier({ ann: { issuedAt: ISSUED_AT + 1 }, bob: { userId: 'bob' } })
      handler = createHandler({ ...world, verifier: newer })
      for (const token of ['ann', 'bob']) expect((await get('', token)).statusCode).toBe(200)
    })

    it('is not answered where it cannot be found out', async () => {
      world.revocations.notBefore = async () => Promise.reject(new Error('table 7 on fire'))
      const answer = await get('after=0')
      expect(answer.statusCode).toBe(503)
      expect(answer.body).not.toContain('e-1')
    })
  })

  it('answers though what the device has cannot be written down, and the next poll says it again', async () => {
    const acknowledge = world.devices.acknowledge.bind(world.devices)
    world.devices.acknowledge = async () => Promise.reject(new Error('table 7 on fire'))
    expect((await get(`after=${start + 2}&device=phone`)).body).toBe(page([3], false, false))
    expect(world.logger.text()).toContain('table 7 on fire')
    world.devices.acknowledge = acknowledge
    await get(`after=${start + 2}&device=phone`)
    expect(await devices()).toEqual([['phone', 2]])
  })

  it('answers 503 where the log cannot be read', async () => {
    const newest = async () => Promise.reject(new Error('disk 7 on fire'))
    handler = createHandler({ ...world, verifier, log: changed(world.log, { newest }) })
    const answer = await get('')
    expect([answer.statusCode, answer.headers?.['retry-after']]).toEqual([503, '1'])
    expect(answer.body).not.toContain('disk')
    expect(world.logger.text()).toContain('disk 7 on fire')
  })
})
