import { beforeEach, describe, expect, it } from 'vitest'
import { createHandler } from '../../lambdas/publish.ts'
import { TOKEN_REFUSALS } from '../../src/core/codes.ts'
import { FanoutError } from '../../src/core/errors.ts'
import { Publisher } from '../../src/core/publish.ts'
import { changed, connectionOf, createWorld, type World } from '../support/fakes.ts'
import { bodyOf, httpEvent, JSON_HEADERS, problem, PROBLEM_HEADERS, ScriptedVerifier } from './events.ts'

const EVENT = '{"type":"T","id":"e-1","trainerId":"ann","studentId":"bob"}'

const SECRETS = Object.fromEntries(
  TOKEN_REFUSALS.map((reason) => [`the-secret-token-${reason}`, reason] as const),
)
const verifier = new ScriptedVerifier({
  ...SECRETS,
  good: { scopes: ['openid', 'events:publish'] },
  reader: { scopes: ['events:publishing', 'publish', ''] },
  'the-secret-token-of-nobody': new FanoutError('unavailable', 'the issuer is down'),
})

describe('POST /api/v1/events', () => {
  let world: World
  let handler: ReturnType<typeof createHandler>

  beforeEach(() => {
    world = createWorld()
    handler = createHandler({ publisher: world.publisher, verifier, logger: world.logger })
  })

  const publish = async (body: string, token = 'good') => handler(httpEvent({ token, body }))
  const result = (id: string, offset: number, duplicate: boolean) => ({
    id,
    duplicate,
    recipients: [
      { userId: 'ann', offset, connections: 1, sent: 1 },
      { userId: 'bob', offset, connections: 0, sent: 0 },
    ],
  })

  it('answers how it went', async () => {
    await world.connections.register(connectionOf(world.clock, 'a1', 'ann'))
    const offset = world.clock.now()
    const first = await publish(EVENT)
    expect(first).toEqual({
      statusCode: 200,
      headers: JSON_HEADERS,
      body: JSON.stringify(result('e-1', offset, false)),
    })
    expect(bodyOf(await publish(EVENT))).toEqual(result('e-1', offset, true))
  })

  it('answers an array with an array, each for itself', async () => {
    await world.connections.register(connectionOf(world.clock, 'a1', 'ann'))
    const offset = world.clock.now()
    const items = [
      EVENT,
      '5',
      '{"type":"T","id":"n"}',
      EVENT,
      EVENT.replace('"T"', '"U"'),
      EVENT.replace('e-1', 'e-2'),
    ]
    const answer = await publish(`[${items.join(',')}]`)
    expect([answer.statusCode, answer.headers]).toEqual([200, JSON_HEADERS])
    expect(bodyOf(answer)).toEqual([
      result('e-1', offset, false),
      { error: problem('invalid_event', 422, { path: '' }) },
      { error: problem('no_recipients', 422, {}) },
      result('e-1', offset, true),
      { error: problem('id_conflict', 409, { path: '/id' }) },
      result('e-2', offset + 1, false),
    ])
  })

  it.each([
    ['no JSON', '{', 'malformed_json', 400, {}],
    ['nothing', '', 'malformed_json', 400, {}],
    ['no object', '"x"', 'invalid_event', 422, { path: '' }],
    ['no type', '{"id":"x","trainerId":"a"}', 'invalid_event', 422, { path: '/type' }],
    ['a bad recipient', '{"type":"T","id":"x","trainerId":-1}', 'invalid_event', 422, { path: '/trainerId' }],
    ['no recipient', '{"type":"T","id":"x"}', 'no_recipients', 422, {}],
    [
      'too many recipients',
      JSON.stringify({ type: 'T', id: 'x', recipientIds: [...Array(101).keys()] }),
      'too_many_recipients',
      422,
      { limit: 100, actual: 101 },
    ],
    [
      'a number of 400 digits',
      `{"type":"T","id":"x","trainerId":"a","n":1${'0'.repeat(400)}}`,
      'unsafe_number',
      422,
      { path: '/n' },
    ],
    [
      'too much',
      ' '.repeat(5) + JSON.stringify({ s: 'x'.repeat(122_880) }),
      'event_too_large',
      413,
      { limit: 122_880, actual: 122_888 },
    ],
    ['an empty array', '[]', 'empty_batch', 422, {}],
    [
      'too many events',
      JSON.stringify([...Array(101).keys()]),
      'batch_too_large',
      413,
      { limit: 100, actual: 101 },
    ],
  ])('refuses %s with a problem document', async (_, body, code, status, facts) => {
    const answer = await publish(body)
    expect([answer.statusCode, answer.headers]).toEqual([status, PROBLEM_HEADERS])
    expect(bodyOf(answer)).toEqual(problem(code, status, facts))
    expect(world.logger.lines).toEqual([])
  })

  it('writes down what it refused, and counts it', async () => {
    world.clock.advance(5)
    const at = world.clock.now()
    await publish('{"type":"T","id":"x"}')
    await publish('{')
    await publish('[{"type":"T","id":"y","trainerId":-1},5,' + EVENT + ']')
    await publish(EVENT.replace('"T"', '"U"'))
    expect(await world.refusals.find('x')).toMatchObject({ code: 'no_recipients', at })
    expect(await world.refusals.find('y')).toMatchObject({ code: 'invalid_event', path: '/trainerId', at })
    expect(await world.refusals.find('e-1')).toMatchObject({ code: 'id_conflict', path: '/id', at })
    expect(world.metrics.counts).toEqual({ 'published:published': 1, 'published:refused': 5 })
  })

  it('writes down nothing for whoever may not publish', async () => {
    await publish('{"type":"T","id":"x"}', 'reader')
    await publish('{"type":"T","id":"x"}', 'bad')
    expect(await world.refusals.find('x')).toBeUndefined()
    expect(world.metrics.counts).toEqual({})
  })

  it('refuses the id of another event with 409', async () => {
    await publish(EVENT)
    const answer = await publish(EVENT.replace('"T"', '"U"'))
    expect([answer.statusCode, bodyOf(answer)]).toEqual([409, problem('id_conflict', 409, { path: '/id' })])
  })

  it('takes a body in Base64, as UTF-8', async () => {
    const text = '{"type":"T","id":"é😀","trainerId":"ann"}'
    const body = Buffer.from(text).toString('base64')
    const answer = await handler(httpEvent({ token: 'good', body, isBase64Encoded: true }))
    expect(bodyOf(answer)).toMatchObject({ id: 'é😀' })
    expect(world.log.entriesOf('ann').map((entry) => entry.text)).toEqual([text])
  })

  it.each([
    ['a lone continuation byte', Buffer.from('{"type":"T","id":"x","trainerId":"a\x80"}', 'latin1')],
    ['a surrogate', Buffer.from('7b22ed a0 80227d'.replaceAll(' ', ''), 'hex')],
    ['UTF-16', Buffer.from('\ufeff{"type":"T"}', 'utf16le')],
  ])('refuses a body that is not UTF-8: %s', async (_, bytes) => {
    const body = bytes.toString('base64')
    const answer = await handler(httpEvent({ token: 'good', body, isBase64Encoded: true }))
    expect([answer.statusCode, bodyOf(answer)]).toEqual([400, problem('malformed_json', 400, {})])
  })

  it('without a body is no JSON', async () => {
    for (const isBase64Encoded of [true, false]) {
      expect((await handler(httpEvent({ token: 'good', isBase64Encoded }))).statusCode).toBe(400)
    }
  })

  it('refuses every bad token with the same bytes, the reason in the log alone', async () => {
    const answers = new Set<string>()
    const missing = httpEvent({ body: EVENT })
    const basic = { ...missing, headers: { authorization: 'Basic the-secret-token' } }
    const bad = Object.keys(SECRETS).map((token) => httpEvent({ token, body: EVENT }))
    for (const event of [missing, basic, ...bad]) answers.add(JSON.stringify(await handler(event)))
    expect([...answers].map((answer) => JSON.parse(answer) as object)).toEqual([
      {
        statusCode: 401,
        headers: { ...PROBLEM_HEADERS, 'www-authenticate': 'Bearer' },
        body: JSON.stringify({
          type: 'urn:event-fanout:problem:unauthorized',
          title: 'A valid token is required',
          status: 401,
          detail: 'send a valid token as "Authorization: Bearer …"',
          code: 'unauthorized',
        }),
      },
    ])
    const line = (reason: string) => ({
      level: 'warn',
      fields: { reason, sourceIp: '192.0.2.1', path: '/api/v1/events' },
      message: 'token refused',
    })
    expect(world.logger.lines).toEqual(['missing', 'missing', ...TOKEN_REFUSALS].map(line))
    expect(world.logger.text()).not.toContain('the-secret-token')
    expect(world.log.entriesOf('ann')).toEqual([])
  })

  it('refuses a good token without the scope with 403, whatever the body', async () => {
    for (const body of [EVENT, '{', '[]']) {
      const answer = await publish(body, 'reader')
      expect([answer.statusCode, answer.headers]).toEqual([403, PROBLEM_HEADERS])
      expect(bodyOf(answer)).toEqual(problem('forbidden', 403, {}))
    }
    expect(world.log.entriesOf('ann')).toEqual([])
  })

  it('does not refuse a token that cannot be judged: 503', async () => {
    const answer = await publish(EVENT, 'the-secret-token-of-nobody')
    expect([answer.statusCode, answer.headers]).toEqual([503, { ...PROBLEM_HEADERS, 'retry-after': '1' }])
    expect(answer.body).not.toContain('issuer')
    expect(world.logger.text()).toContain('the issuer is down')
    expect(world.logger.text()).not.toContain('the-secret-token')
  })

  describe('when the log fails', () => {
    const failingWith = (error: unknown) => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- drivers do that
      const log = changed(world.log, { append: async () => Promise.reject(error) })
      handler = createHandler({ publisher: new Publisher({ ...world, log }), verifier, logger: world.logger })
    }

    it.each([
      new Error('disk 7 on fire'),
      'disk 7 on fire',
      new FanoutError('unavailable', 'disk 7 on fire'),
    ])('answers 503, and the details go to the log alone', async (error) => {
      failingWith(error)
      const answer = await publish(EVENT)
      expect([answer.statusCode, answer.headers]).toEqual([503, { ...PROBLEM_HEADERS, 'retry-after': '1' }])
      expect(bodyOf(answer)).toEqual(problem('unavailable', 503, {}))
      expect(answer.body).not.toContain('disk')
      expect(world.logger.text()).toContain('disk 7 on fire')
    })

    it('says so for each event of an array', async () => {
      failingWith(new Error('disk 7 on fire'))
      const answer = await publish(`[${EVENT},5]`)
      expect(answer.statusCode).toBe(200)
      expect(bodyOf(answer)).toEqual([
        { error: problem('unavailable', 503, {}) },
        { error: problem('invalid_event', 422, { path: '' }) },
      ])
      expect(answer.body).not.toContain('disk')
    })
  })
})
