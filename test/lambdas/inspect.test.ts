import { beforeEach, describe, expect, it } from 'vitest'
import { createHandler, INSPECT_ROUTES } from '../../lambdas/inspect.ts'
import { parseEvent } from '../../src/core/event.ts'
import { eventWay } from '../../src/core/why/event-way.ts'
import { explain } from '../../src/core/why/explain.ts'
import { userStatus } from '../../src/core/why/user-status.ts'
import { NASTY_IDS, sampleEvent } from '../contract/samples.ts'
import { changed, connectionOf, createWorld, type World } from '../support/fakes.ts'
import { describeAdmission, verifier } from './admin.ts'
import { bodyOf, httpEvent, JSON_HEADERS, problem, PROBLEM_HEADERS } from './events.ts'

const RECEIPT = 'GET /api/v1/events/{id}/receipt'
const WHY = 'GET /api/v1/events/{id}/why'
const STATUS = 'GET /api/v1/users/{id}/status'
const TEXT =
  '{ "type" : "T","id":"e-1", "trainerId":"ann","studentId":"bob","n":12345678901234567890.10,"s":"the secret \\u00e9😀" }'

/** What can stand in an address once its escapes are undone. */
const STRANGE_IDS = [
  ...NASTY_IDS,
  'a/b',
  '/api/v1/events/x/receipt',
  'a b',
  '100%',
  '%2F',
  '%',
  'a?user=b&c#d',
  '..',
  '😀/é',
  'a+b',
]

let world: World
let handler: ReturnType<typeof createHandler>

beforeEach(() => {
  world = createWorld()
  handler = createHandler({ ...world, verifier })
})

const get = async (routeKey: string, id: string, query = '') =>
  handler(httpEvent({ token: 'admin', routeKey, id, query }))
const query = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString()

describe('looking at receipts and users', () => {
  beforeEach(async () => {
    await world.publisher.publish(parseEvent(TEXT))
  })

  describeAdmission(
    [
      { routeKey: RECEIPT, id: 'e-1', query: 'include=event' },
      { routeKey: WHY, id: 'e-1', query: 'user=ann' },
      { routeKey: STATUS, id: 'ann' },
    ],
    () => ({ world, handler }),
    ['secret', 'e-1', '"ann"', '"bob"', 'trainerId', '"T"'],
  )

  it('has these routes and no other', async () => {
    expect(Object.keys(INSPECT_ROUTES)).toEqual([RECEIPT, WHY, STATUS])
    for (const routeKey of ['$default', 'GET /api/v1/events/{id}', 'toString', '__proto__', '']) {
      const answer = await get(routeKey, 'e-1')
      expect([answer.statusCode, bodyOf(answer)]).toEqual([404, problem('not_found', 404, {})])
    }
  })

  it('answers 503 where the log cannot be read, the details in the server’s log alone', async () => {
    const fail = async () => Promise.reject(new Error('disk 7 on fire'))
    handler = createHandler({ ...world, verifier, log: changed(world.log, { receipt: fail, end: fail }) })
    for (const [routeKey, id, text] of [
      [RECEIPT, 'e-1', ''],
      [WHY, 'e-1', 'user=ann'],
      [STATUS, 'ann', ''],
    ] as const) {
      const answer = await get(routeKey, id, text)
      expect([answer.statusCode, answer.headers?.['retry-after']]).toEqual([503, '1'])
      expect(answer.body).not.toContain('disk')
    }
    expect(world.logger.text()).toContain('disk 7 on fire')
  })
})

describe(RECEIPT, () => {
  it('answers the event’s way, without the event', async () => {
    await world.connections.register(connectionOf(world.clock, 'c-1', 'ann', { device: 'phone' }))
    await world.publisher.publish(parseEvent(TEXT))
    const answer = await get(RECEIPT, 'e-1')
    const way = await eventWay(world, 'e-1')
    expect(way).toMatchObject({ state: 'logged', recipients: [{ userId: 'ann' }, { userId: 'bob' }] })
    expect(answer).toEqual({ statusCode: 200, headers: JSON_HEADERS, body: JSON.stringify(way) })
    expect(answer.body).not.toContain('secret')
    expect(answer.body).not.toContain('"event":')
  })

  it('adds the event where it is asked for, byte for byte', async () => {
    await world.publisher.publish(parseEvent(TEXT))
    const { body } = await get(RECEIPT, 'e-1', 'include=event&x=5')
    const way = JSON.stringify(await eventWay(world, 'e-1'))
    expect(body).toBe(`${way.slice(0, -1)},"event":${TEXT}}`)
    expect(JSON.parse(body ?? '')).toHaveProperty('event.s', 'the secret é😀')
  })

  it('adds the event from whichever log still has it', async () => {
    await world.publisher.publish(parseEvent(TEXT))
    const after = async (...given: Parameters<World['log']['after']>) => {
      const page = await world.log.after(...given)
      return given[0] === 'ann' ? { ...page, entries: [] } : page
    }
    handler = createHandler({ ...world, verifier, log: changed(world.log, { after }) })
    const { body } = await get(RECEIPT, 'e-1', 'include=event')
    expect(body?.endsWith(`,"event":${TEXT}}`)).toBe(true)
  })

  it('is without the event once that is no longer kept', async () => {
    await world.publisher.publish(parseEvent(TEXT))
    world.clock.advance(30 * 86_400_000 + 1)
    const answer = await get(RECEIPT, 'e-1', 'include=event')
    expect(bodyOf(answer)).toMatchObject({ recipients: [{ isKept: false }, { isKept: false }] })
    expect(bodyOf(answer)).not.toHaveProperty('event')
  })

  it('of a publish that was only begun says so', async () => {
    await new Promise<void>((resolve) => {
      let steps = 2
      const pause = async () => {
        if (steps-- > 0) return
        resolve()
        await new Promise(() => undefined)
      }
      void world.log.append([parseEvent(TEXT)], pause)
    })
    for (const text of ['', 'include=event']) {
      expect(bodyOf(await get(RECEIPT, 'e-1', text))).toMatchObject({
        state: 'begun',
        recipients: [{ userId: 'ann', offset: expect.any(Number) as number }, { userId: 'bob' }],
      })
    }
  })

  it('is not found of an event that never was, nor of another one', async () => {
    await world.publisher.publish(parseEvent(TEXT))
    for (const id of ['e-2', 'e-1 ', 'E-1']) {
      const answer = await get(RECEIPT, id, 'include=event')
      expect([answer.statusCode, answer.headers]).toEqual([404, PROBLEM_HEADERS])
      expect(bodyOf(answer)).toEqual(problem('not_found', 404, {}))
      for (const text of ['secret', 'ann', 'bob']) expect(answer.body).not.toContain(text)
    }
  })

  it.each([
    'include=',
    'include=events',
    'include=event&include=event',
    'include=event&include=x',
    'include',
  ])('refuses %s', async (text) => {
    await world.publisher.publish(parseEvent(TEXT))
    const answer = await get(RECEIPT, 'e-1', text)
    expect(bodyOf(answer)).toEqual(problem('invalid_query', 400, { path: 'include' }))
  })

  it('knows events of any name', async () => {
    const ids = [...new Set(STRANGE_IDS)]
    for (const id of ids) await world.publisher.publish(sampleEvent(id, ['ann'], id))
    for (const id of ids) {
      expect(bodyOf(await get(RECEIPT, id, 'include=event'))).toMatchObject({
        eventId: id,
        event: { id, content: id },
      })
    }
  })
})

describe(WHY, () => {
  it('answers why, of all of a user’s devices or of one', async () => {
    await world.connections.register(connectionOf(world.clock, 'c-1', 'ann', { device: 'phone' }))
    await world.publisher.publish(parseEvent(TEXT))
    for (const question of [
      { eventId: 'e-1', userId: 'ann' },
      { eventId: 'e-1', userId: 'ann', device: 'phone' },
      { eventId: 'e-1', userId: 'bob' },
      { eventId: 'e-1', userId: 'cat' },
    ]) {
      const { userId: user, device } = question
      const text = query({ user, ...(device !== undefined && { device }), other: 'x' })
      const answer = await get(WHY, 'e-1', text)
      const explanation = await explain(world, question)
      expect(answer).toEqual({ statusCode: 200, headers: JSON_HEADERS, body: JSON.stringify(explanation) })
      expect(answer.body).not.toContain('secret')
    }
  })

  it('answers of an event that nobody knows, too', async () => {
    const answer = await get(WHY, 'e-7', 'user=ann')
    expect(answer.statusCode).toBe(200)
    expect(bodyOf(answer)).toMatchObject({ eventId: 'e-7', userId: 'ann', reason: 'never_published' })
  })

  it.each([
    ['', 'user'],
    ['user', 'user'],
    ['user=', 'user'],
    ['user=ann&user=ann', 'user'],
    ['user=ann&user=bob', 'user'],
    [`user=${'x'.repeat(129)}`, 'user'],
    ['device=phone', 'user'],
    ['user=ann&device=', 'device'],
    ['user=ann&device=phone&device=tablet', 'device'],
    [`user=ann&device=${'x'.repeat(129)}`, 'device'],
  ])('refuses %j, and names the parameter', async (text, path) => {
    await world.publisher.publish(parseEvent(TEXT))
    const answer = await get(WHY, 'e-1', text)
    expect(answer.statusCode).toBe(400)
    expect(bodyOf(answer)).toEqual(problem('invalid_query', 400, { path }))
  })

  it('knows events, users and devices of any name', async () => {
    const ids = [...new Set(STRANGE_IDS)]
    for (const id of ids) {
      await world.publisher.publish(sampleEvent(id, [id], id))
      await world.devices.acknowledge(id, id, await world.log.head(id))
    }
    for (const id of ids) {
      expect(bodyOf(await get(WHY, id, query({ user: id, device: id })))).toMatchObject({
        eventId: id,
        userId: id,
        device: id,
        reason: 'applied',
        devices: [{ device: id }],
      })
    }
  })
})

describe(STATUS, () => {
  it('answers all that is known of a user, but for their events', async () => {
    await world.connections.register(connectionOf(world.clock, 'c-1', 'ann', { device: 'phone' }))
    world.probe.script.set('c-1', 'gone')
    await world.publisher.publish(parseEvent(TEXT))
    const answer = await get(STATUS, 'ann', 'include=event&x=1')
    const status = await userStatus(world, 'ann')
    expect(status).toMatchObject({ userId: 'ann', connections: [{ id: 'c-1', socket: 'gone' }] })
    expect(answer).toEqual({ statusCode: 200, headers: JSON_HEADERS, body: JSON.stringify(status) })
    expect(answer.body).not.toContain('secret')
  })

  it('knows users of any name, and never takes one for another', async () => {
    const ids = [...new Set(STRANGE_IDS)]
    for (const [i, id] of ids.entries()) await world.devices.acknowledge(id, `device ${i}`, 1)
    for (const [i, id] of ids.entries()) {
      expect(bodyOf(await get(STATUS, id))).toMatchObject({
        userId: id,
        devices: [{ device: `device ${i}` }],
      })
    }
  })
})
