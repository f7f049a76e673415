import { describe, expect, it } from 'vitest'
import { createPublisher } from '../../src/publisher/index.ts'
import { publisherTo, event, failureOf, setUp } from './set-up.ts'
import { json, publishedAs, publishes, unavailable } from './scripted-server.ts'

describe('publish', () => {
  it('posts the event as JSON with a token, and resolves to the answer', async () => {
    const { server, publisher, environment } = await setUp([json(200, publishedAs('e-1'))])
    expect(await publisher.publish(event)).toEqual(publishedAs('e-1'))
    const [{ method, url, headers, body }] = server.requests as [(typeof server.requests)[0]]
    expect({ method, url, body }).toEqual({
      method: 'POST',
      url: '/api/v1/events',
      body: JSON.stringify(event),
    })
    expect(headers).toMatchObject({ authorization: 'Bearer a-token', 'content-type': 'application/json' })
    expect(headers).not.toHaveProperty('prefer')
    expect(environment.armed).toBe(0)
  })

  it('keeps a path of httpUrl, with or without a slash at its end', async () => {
    const { server } = await setUp([publishes, publishes, publishes])
    for (const path of ['', '/events/', '/events']) {
      await publisherTo(`${server.httpUrl}${path}`).publisher.publish(event)
    }
    expect(server.requests.map(({ url }) => url)).toEqual([
      '/api/v1/events',
      '/events/api/v1/events',
      '/events/api/v1/events',
    ])
  })

  it('uses the fetch that it is given', async () => {
    const fetch = async () => new Response(JSON.stringify(publishedAs('other')))
    const { publisher } = publisherTo('http://nowhere.invalid', { fetch })
    expect(await publisher.publish(event)).toMatchObject({ id: 'other' })
  })
})

describe('the id', () => {
  it('is made up where there is neither id nor timestamp, once for all tries', async () => {
    const { server, publisher } = await setUp([unavailable, unavailable, publishes])
    const { id } = await publisher.publish({ type: 'T', userId: 'u' })
    expect(id).toBe('made-up-1')
    expect(server.bodies).toEqual(Array(3).fill({ type: 'T', userId: 'u', id }))
  })

  it.each([
    ['an id', { type: 'T', id: 'mine' }],
    ['a timestamp', { type: 'T', timestamp: 1 }],
    ['both', { type: 'T', timestamp: 1, id: 'mine' }],
    ['an id that the server has to refuse', { type: 'T', id: null }],
  ])('is left to the backend and the server where there is %s', async (_, given) => {
    const { server, publisher } = await setUp([publishes])
    await publisher.publish(given)
    expect(server.requests[0]!.body).toBe(JSON.stringify(given))
  })

  it('is looked for in what is sent: toJSON counts, undefined does not', async () => {
    const { server, publisher } = await setUp([publishes, publishes, publishes])
    await publisher.publish({ type: 'T', id: undefined, timestamp: undefined })
    await publisher.publish({ type: 'T', toJSON: () => ({ type: 'T', timestamp: 1 }) })
    await publisher.publish({ type: 'T', timestamp: new Date(0) })
    expect(server.bodies).toEqual([
      { type: 'T', id: 'made-up-1' },
      { type: 'T', timestamp: 1 },
      { type: 'T', timestamp: '1970-01-01T00:00:00.000Z' },
    ])
  })

  it('is a random UUID outside of tests', async () => {
    const { server } = await setUp([publishes, publishes])
    const publisher = createPublisher({ httpUrl: server.httpUrl, getToken: () => 't' })
    const ids = [await publisher.publish({ type: 'T' }), await publisher.publish({ type: 'T' })].map(
      ({ id }) => id,
    )
    expect(ids[0]).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/)
    expect(new Set(ids).size).toBe(2)
  })

  it('leaves keys such as __proto__ what they are', async () => {
    const { server, publisher } = await setUp([publishes])
    await publisher.publish(JSON.parse('{"type":"T","__proto__":{"a":1},"n":1e21}') as { type: string })
    expect(server.requests[0]!.body).toBe('{"type":"T","__proto__":{"a":1},"n":1e+21,"id":"made-up-1"}')
  })
})

describe('every try sends what the event was at the call', () => {
  it('whatever happens to the object meanwhile', async () => {
    const { server, publisher, environment } = await setUp([unavailable, publishes])
    const mutable = { ...event, state: 'before' }
    environment.onPause = () => {
      mutable.state = 'after'
    }
    await publisher.publish(mutable)
    expect(server.requests.map(({ body }) => body)).toEqual(
      Array(2).fill(JSON.stringify({ ...event, state: 'before' })),
    )
  })
})

describe('what is no event is refused before anything is sent', () => {
  const circular: Record<string, unknown> = { type: 'T' }
  circular['self'] = circular

  it.each<[string, unknown, RegExp]>([
    ['undefined', undefined, /^an event is an object with a type, not undefined$/],
    ['text', 'T', /not string$/],
    ['an array', [event], /not an array; for several events there is publishAll$/],
    ['a Date', new Date(), /not object$/],
    ['a bigint in it', { type: 'T', n: 1n }, /^the event cannot be written as JSON: .*BigInt/],
    ['a circle', circular, /^the event cannot be written as JSON: Converting circular structure to JSON$/],
  ])('%s', async (_, value, message) => {
    const { server, publisher } = await setUp([])
    const error = await failureOf(publisher.publish(value as { type: string }))
    expect(error.message).toMatch(message)
    expect(error).toMatchObject({
      code: 'invalid_event',
      refused: true,
      attempts: 0,
      mayHaveBeenPublished: false,
    })
    expect(server.requests).toEqual([])
  })

  it('one byte too much', async () => {
    const { server, publisher } = await setUp([publishes])
    const ofBytes = (bytes: number) => {
      const rest = JSON.stringify({ ...event, pad: 'ü' }).length - 1
      const pad = `${'ü'.repeat(Math.floor((bytes - rest) / 2))}${'x'.repeat((bytes - rest) % 2)}`
      return { ...event, pad }
    }
    await publisher.publish(ofBytes(122_880))
    expect(Buffer.byteLength(server.requests[0]!.body)).toBe(122_880)
    const error = await failureOf(publisher.publish(ofBytes(122_881)))
    expect(error).toMatchObject({
      code: 'event_too_large',
      limit: 122_880,
      actual: 122_881,
      id: 'e-1',
      refused: true,
      message:
        'the event is 122881 bytes; at most 122880 are allowed, so publish a reference to the large part',
    })
    expect(server.requests).toHaveLength(1)
  })
})

describe('respondAsync', () => {
  it('asks the server not to wait, and takes either answer', async () => {
    const queued = { id: 'e-1', queued: true }
    const { server, publisher } = await setUp([json(202, queued), publishes])
    expect(await publisher.publish(event, { respondAsync: true })).toEqual(queued)
    expect(await publisher.publish(event, { respondAsync: true })).toEqual(publishedAs('e-1'))
    expect(server.requests.map(({ headers }) => headers['prefer'])).toEqual([
      'respond-async',
      'respond-async',
    ])
  })

  it('is not taken for granted: who did not ask is not content with a queue', async () => {
    const { publisher } = await setUp([json(202, { id: 'e-1', queued: true })])
    expect(await failureOf(publisher.publish(event))).toMatchObject({ code: 'bad_answer', status: 202 })
  })
})

describe('createPublisher refuses options that cannot be used', () => {
  const good = { httpUrl: 'http://127.0.0.1:1', getToken: () => 't' }

  it.each<[string, object, RegExp]>([
    ['no address', { httpUrl: 'localhost' }, /^httpUrl is "localhost"; it must look like https:/],
    ['nothing', { httpUrl: undefined }, /^httpUrl is undefined;/],
    ['a socket’s address', { httpUrl: 'wss://x' }, /^httpUrl is "wss:\/\/x";/],
    ['a query', { httpUrl: 'http://x/?a=1' }, /^httpUrl, at http:\/\/x, has a user, a query or a fragment;/],
    ['a password', { httpUrl: 'http://a:secret@x' }, /^httpUrl, at http:\/\/x, has a user/],
    ['no getToken', { getToken: 'token' }, /^getToken is string; it must be a function$/],
    ['a fetch that is none', { fetch: 1 }, /^fetch is number; it must be a function$/],
    [
      'no time',
      { tryTimeout: 0 },
      /^tryTimeout is 0; it must be milliseconds, above 0 and at most 2147483647$/,
    ],
    ['no number', { deadline: Number.NaN }, /^deadline is NaN;/],
    ['more than a timer can', { deadline: 2 ** 31 }, /^deadline is 2147483648;/],
  ])('%s', (_, wrong, message) => {
    const create = () => createPublisher({ ...good, ...wrong })
    expect(create).toThrow(TypeError)
    expect(create).toThrow(message)
  })

  it('a deadline of one publish as well', async () => {
    const { publisher } = publisherTo(good.httpUrl)
    await expect(publisher.publish(event, { deadline: -1 })).rejects.toThrow(TypeError)
    await expect(publisher.publishAll([event], { deadline: -1 })).rejects.toThrow(/^deadline is -1;/)
  })

  it('and gives nothing that would have to be closed', () => {
    const created = Object.entries(createPublisher(good)).map(([name, value]) => [name, typeof value])
    expect(created).toEqual([
      ['publish', 'function'],
      ['publishAll', 'function'],
    ])
  })
})
