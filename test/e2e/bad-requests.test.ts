import { afterEach, describe, expect, it } from 'vitest'
import { Client } from './client.ts'
import { deployment } from './deployment.ts'
import { post, publish, request } from './http.ts'
import { tokenFor, unique } from './tokens.ts'

const target = deployment()

/** Whatever came, the server lives. */
afterEach(async () => {
  const userId = unique('user')
  const socket = await Client.connect(target, userId)
  await publish(target, { type: 'T', id: unique('event'), userId })
  expect(await socket.arrived()).toHaveLength(1)
})

const TITLES = {
  malformed_json: 'The body is not JSON',
  not_found: 'There is nothing here',
  event_too_large: 'The event is too large',
  batch_too_large: 'The batch is too large',
  invalid_event: 'The event is not valid',
  event_too_deep: 'The event is nested too deeply',
  unsafe_number: 'A number cannot be told from its neighbours',
  no_recipients: 'The event concerns nobody',
  too_many_recipients: 'The event concerns too many',
  empty_batch: 'The batch is empty',
} as const

type Code = keyof typeof TITLES

async function expectProblem(body: unknown, status: number, code: Code, facts: object = {}): Promise<void> {
  const answer = await post(target, body)
  expect(answer.json).toEqual({
    type: `urn:event-fanout:problem:${code}`,
    title: TITLES[code],
    status,
    detail: expect.stringMatching(/./) as string,
    code,
    ...facts,
  })
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
}

const base = { type: 'T', timestamp: 1_732_406_400_000, userId: 'e2e-nobody' }
const people = (count: number) => Array.from({ length: count }, (_, i) => `e2e-many-${i}`)

describe('a body that is not JSON', () => {
  it.each(['', '{', 'hello', '{"type":}', '{"type":"T",}', "{'type':'T'}", 'NaN', '[1,]', '[', '{}{}'])(
    '%j',
    async (body) => {
      await expectProblem(body, 400, 'malformed_json')
    },
  )

  it('is not UTF-8', async () => {
    const body = Buffer.concat([
      Buffer.from('{"type":"T","id":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}'),
    ])
    await expectProblem(body, 400, 'malformed_json')
  })
})

describe('an event that is not valid', () => {
  it.each([
    ['null', '', null],
    ['text', '', '"hello"'],
    ['a number', '', '7'],
    ['no type', '/type', { ...base, type: undefined }],
    ['an empty type', '/type', { ...base, type: '' }],
    ['a type of 257 characters', '/type', { ...base, type: 'x'.repeat(257) }],
    ['a numeric type', '/type', { ...base, type: 7 }],
    ['an empty id', '/id', { ...base, id: '' }],
    ['an id that is null', '/id', { ...base, id: null }],
    ['a numeric id', '/id', { ...base, id: 7 }],
    ['an id of 129 characters', '/id', { ...base, id: 'x'.repeat(129) }],
    ['neither id nor timestamp', '/timestamp', { ...base, timestamp: undefined }],
    ['a timestamp that is null', '/timestamp', { ...base, timestamp: null }],
    ['a timestamp in words', '/timestamp', { ...base, timestamp: 'yesterday' }],
    ['a timestamp of a 13th month', '/timestamp', { ...base, timestamp: '2026-13-01T00:00:00Z' }],
    ['a fraction of a millisecond', '/timestamp', { ...base, timestamp: 1.5 }],
    ['a negative timestamp', '/timestamp', { ...base, timestamp: -1 }],
    ['a bad timestamp beside an id', '/timestamp', { ...base, id: 'x', timestamp: {} }],
    ['a recipient that is an object', '/trainerId', { ...base, trainerId: {} }],
    ['a recipient that is true', '/studentId', { ...base, studentId: true }],
    ['a recipient of 129 characters', '/trainerId', { ...base, trainerId: 'x'.repeat(129) }],
    ['a recipient with a fraction', '/trainerId', { ...base, trainerId: 1.5 }],
    ['a negative recipient', '/trainerId', { ...base, trainerId: -1 }],
    ['a recipient from 2^53 up', '/trainerId', { ...base, trainerId: 2 ** 53 }],
    ['recipients that are no array', '/recipientIds', { ...base, recipientIds: 'a,b' }],
    ['one bad recipient of several', '/recipientIds/1', { ...base, recipientIds: ['a', {}] }],
    ['a nested array of recipients', '/studentIds/0', { ...base, studentIds: [['a']] }],
    ['a bad userId', '/userId', { ...base, userId: ['a'] }],
    ['a CloudEvent without source', '/source', { ...base, specversion: '1.0', id: 'x' }],
    ['a CloudEvent without id', '/id', { ...base, specversion: '1.0', source: '/a' }],
    [
      'a CloudEvent with a bad recipient',
      '/data/trainerId',
      { ...base, specversion: '1.0', id: 'x', source: '/a', data: { trainerId: [] } },
    ],
  ])('%s', async (_, path, body) => {
    await expectProblem(body ?? 'null', 422, 'invalid_event', { path })
  })

  it.each([
    [{ ...base, userId: undefined }],
    [{ ...base, userId: '' }],
    [{ ...base, userId: null, trainerId: null, studentId: '', recipientIds: [], trainerIds: [null, ''] }],
    [{ ...base, userId: undefined, role: 'trainer', user: 'a' }],
    [{ ...base, userId: 'a', specversion: '1.0', id: 'x', source: '/a' }],
    [{ ...base, userId: 'a', specversion: '1.0', id: 'x', source: '/a', data: [] }],
  ])('nobody is concerned: %j', async (body) => {
    await expectProblem(body, 422, 'no_recipients')
  })

  it('101 recipients are too many', async () => {
    const facts = { limit: 100, actual: 101 }
    await expectProblem({ ...base, recipientIds: people(101) }, 422, 'too_many_recipients', facts)
    const spread = { trainerId: 'a', studentId: 'b', recipientIds: people(99) }
    await expectProblem({ ...base, ...spread }, 422, 'too_many_recipients', facts)
  })

  it('100 distinct ones are not, however often each is named', async () => {
    const event = { ...base, id: unique('event'), trainerIds: people(100), recipientIds: people(100) }
    const { recipients } = await publish(target, event)
    expect(recipients.map(({ userId }) => userId)).toEqual(people(100))
  })

  it.each(['9007199254740992', '-9007199254740993', '1e300'])('the number %s has neighbours', async (n) => {
    const facts = { path: '/a~1b/0/c~0' }
    await expectProblem(
      `{"type":"T","timestamp":1,"userId":"u","a/b":[{"c~":${n}}]}`,
      422,
      'unsafe_number',
      facts,
    )
  })

  it('101 levels are too deep, 100 are not', async () => {
    const nested = (depth: number) =>
      `{"type":"T","id":"${unique('event')}","userId":"e2e-deep","d":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
    await expectProblem(nested(101), 422, 'event_too_deep', { limit: 100, actual: 101 })
    expect((await post(target, nested(100))).status).toBe(200)
    await expectProblem(nested(50_000), 422, 'event_too_deep', { limit: 100, actual: 50_000 })
  })
})

describe('a batch that is not valid', () => {
  it('has no event', async () => {
    await expectProblem('[]', 422, 'empty_batch')
    await expectProblem(' [ ] ', 422, 'empty_batch')
  })

  it('has 101 events', async () => {
    const batch = Array.from({ length: 101 }, () => base)
    await expectProblem(batch, 413, 'batch_too_large', { limit: 100, actual: 101 })
  })

  it('has over 1 MiB', async () => {
    const batch = JSON.stringify([{ ...base, text: 'x'.repeat(1024 * 1024) }])
    await expectProblem(batch, 413, 'batch_too_large', { limit: 1024 * 1024, actual: batch.length })
  })
})

describe('a size', () => {
  it('121 KiB is too large', async () => {
    const event = JSON.stringify({ ...base, id: 'x', text: '' })
    const large = event.replace('"text":""', `"text":"${'x'.repeat(121 * 1024 - event.length)}"`)
    const facts = { limit: 120 * 1024, actual: 121 * 1024 }
    await expectProblem(large, 413, 'event_too_large', facts)
  })

  it('counts bytes, and the id that is added', async () => {
    const event = JSON.stringify({ ...base, text: '' })
    const fits = 120 * 1024 - event.length
    const large = event.replace('"text":""', `"text":"${'x'.repeat(fits)}"`)
    const withId = 120 * 1024 + ',"id":""'.length + 64
    await expectProblem(large, 413, 'event_too_large', { limit: 120 * 1024, actual: withId })
    const wide = JSON.stringify({ ...base, id: 'x', text: 'ü'.repeat(61 * 1024) })
    const facts = { limit: 120 * 1024, actual: Buffer.byteLength(wide) }
    await expectProblem(wide, 413, 'event_too_large', facts)
  })

  it('that is far over every limit is refused by the gateway', async () => {
    for (const body of ['x'.repeat(10 * 1024 * 1024 + 1), 'x'.repeat(12 * 1024 * 1024)]) {
      const { status, text } = await post(target, body)
      expect({ status, text }).toEqual({ status: 413, text: '{"message":"Request Entity Too Large"}' })
    }
  })
})

describe('a path that does not exist', () => {
  it.each([
    ['GET', '/index.html'],
    ['GET', '/__proto__'],
    ['GET', '/constructor'],
    ['GET', '/api/v1/events'],
    ['PUT', '/api/v1/events'],
    ['DELETE', '/api/v1/events'],
    ['POST', '/api/v1/events/'],
    ['POST', '/api/v1/events/recent'],
    ['GET', '/api/v1/events/recent/more'],
    ['GET', '/api/v1/Events/recent'],
    ['GET', '/%zz'],
    ['GET', '//health'],
    ['POST', '/health'],
  ])('%s %s', async (method, path) => {
    const token = tokenFor(target, unique('user'))
    const headers = { authorization: `Bearer ${token}` }
    const { status, json } = await request(`${target.httpUrl}${path}`, { method, headers })
    expect(status).toBe(404)
    const problem = {
      type: 'urn:event-fanout:problem:not_found',
      title: TITLES.not_found,
      status: 404,
      detail: expect.stringContaining(`${method} ${path}`) as string,
      code: 'not_found',
    }
    // Where no route matches, API Gateway answers itself.
    expect([problem, ...(target.isOwn ? [] : [{ message: 'Not Found' }])]).toContainEqual(json)
  })
})

// Once, at the end: every deployment takes some ten of these a second, and a fast machine has more tests in it.
it('the server is well after all of that', async () => {
  expect((await request(`${target.httpUrl}/health`)).status).toBe(200)
})
