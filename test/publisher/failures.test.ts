import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import {
  breaks,
  json,
  problem,
  publishedAs,
  publishes,
  raw,
  type Reply,
  unavailable,
} from './scripted-server.ts'
import { event, failureOf, publisherTo, setUp } from './set-up.ts'

const unauthorized = problem(401, 'unauthorized')

describe('an event that is refused', () => {
  it('is not tried again, and the error says all that the server said', async () => {
    const facts = { path: '/trainerId', limit: 128, actual: 129 }
    const { server, publisher } = await setUp([problem(422, 'invalid_event', facts)])
    const error = await failureOf(publisher.publish(event))
    expect(error).toMatchObject({
      ...facts,
      name: 'PublishError',
      code: 'invalid_event',
      status: 422,
      refused: true,
      attempts: 1,
      mayHaveBeenPublished: false,
      id: 'e-1',
      message: 'detail of invalid_event (422 invalid_event, at /trainerId)',
    })
    expect(server.requests).toHaveLength(1)
  })

  it.each<[number, string, { refused: boolean; mayHaveBeenPublished: boolean }]>([
    [400, 'malformed_json', { refused: true, mayHaveBeenPublished: false }],
    [403, 'forbidden', { refused: false, mayHaveBeenPublished: false }],
    [404, 'not_found', { refused: false, mayHaveBeenPublished: false }],
    [409, 'id_conflict', { refused: true, mayHaveBeenPublished: false }],
    [409, 'retry_too_late', { refused: true, mayHaveBeenPublished: true }],
    [413, 'event_too_large', { refused: true, mayHaveBeenPublished: false }],
  ])('%d %s', async (status, code, facts) => {
    const { server, publisher } = await setUp([problem(status, code)])
    const error = await failureOf(publisher.publish(event))
    expect(error).toMatchObject({ code, status, attempts: 1, ...facts })
    expect(server.requests).toHaveLength(1)
  })

  it('may have been published by an earlier try whose answer was lost', async () => {
    const { publisher } = await setUp([breaks, problem(403, 'forbidden')])
    const error = await failureOf(publisher.publish(event))
    expect(error).toMatchObject({ code: 'forbidden', attempts: 2, mayHaveBeenPublished: true })
    expect(error.message).toMatch(/publish it again with the id "e-1"/)
  })
})

describe('a token that is refused', () => {
  it('is renewed once, and the event sent again at once', async () => {
    const hints: boolean[] = []
    const getToken = ({ renew }: { renew: boolean }) => {
      hints.push(renew)
      return renew ? 'new' : 'old'
    }
    const { server, publisher, environment } = await setUp([unauthorized, unavailable, publishes], {
      getToken,
    })
    await publisher.publish(event)
    expect(hints).toEqual([false, true, false])
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer old',
      'Bearer new',
      'Bearer old',
    ])
    expect(environment.pauses[0]).toBe(0)
  })

  it.each<[string, Reply]>([
    ['the server', unauthorized],
    ['a gateway', json(401, { message: 'Unauthorized' })],
  ])('twice, by %s, fails', async (_, reply) => {
    const { server, publisher } = await setUp([reply, reply])
    const error = await failureOf(publisher.publish(event))
    expect(error).toMatchObject({
      code: 'unauthorized',
      status: 401,
      attempts: 2,
      refused: false,
      mayHaveBeenPublished: false,
    })
    expect(server.requests).toHaveLength(2)
  })

  it('is renewed later, if there is none at the moment', async () => {
    const hints: boolean[] = []
    const getToken = async ({ renew }: { renew: boolean }) => {
      hints.push(renew)
      if (hints.length === 2) throw new Error('the issuer is down')
      return 'token'
    }
    const { publisher } = await setUp([unauthorized, publishes], { getToken })
    await publisher.publish(event)
    expect(hints).toEqual([false, true, true])
  })
})

describe('without a token', () => {
  it.each<[string, () => string | Promise<string>]>([
    ['rejects', async () => Promise.reject(new Error('the issuer is down'))],
    [
      'throws',
      () => {
        throw new Error('the issuer is down')
      },
    ],
  ])('nothing is sent: getToken %s, and is asked again until the deadline', async (_, getToken) => {
    const { server, publisher } = await setUp([], { getToken, deadline: 500 })
    const error = await failureOf(publisher.publish(event))
    expect(error).toMatchObject({
      code: 'no_token',
      attempts: 3,
      mayHaveBeenPublished: false,
      cause: new Error('the issuer is down'),
      message:
        'getToken failed (the issuer is down); without a token nothing can be published (tried 3 times)',
    })
    expect(server.requests).toEqual([])
  })

  it('that comes in time nothing is sent either', async () => {
    const getToken = async () => new Promise<never>(() => undefined)
    const { server, publisher, environment } = await setUp([], { getToken, tryTimeout: 2000, deadline: 2050 })
    const failing = failureOf(publisher.publish(event))
    await environment.strike()
    expect(await failing).toMatchObject({
      code: 'no_token',
      attempts: 1,
      mayHaveBeenPublished: false,
      message: 'getToken gave none within 2 s; without a token nothing can be published',
    })
    expect({ requests: server.requests, armed: environment.armed }).toEqual({ requests: [], armed: 0 })
  })

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'undefined'],
    ['nothing', '', 'a string that is empty, or has blanks in it'],
    ['two lines', 'secret\nsecret', 'a string that is empty, or has blanks in it'],
    ['no ASCII', 'sécret', 'a string that is empty, or has blanks in it'],
  ])('worth the name it fails at once and never shows it: %s', async (_, token, what) => {
    const { server, publisher } = await setUp([], { getToken: () => token as string })
    const error = await failureOf(publisher.publish(event))
    expect(error).toMatchObject({ code: 'no_token', attempts: 1 })
    expect(error.message).toBe(`getToken gave ${what}; it must give a JSON Web Token`)
    expect(server.requests).toEqual([])
  })
})

describe('what is no event-fanout server', () => {
  const advice = 'httpUrl must name an event-fanout server, with nothing in front that answers in its place'

  it.each<[string, Reply, RegExp, { status: number; mayHaveBeenPublished: boolean }]>([
    [
      'answers in HTML',
      raw(200, '<html></html>'),
      /^what http:\/\/127\.0\.0\.1:\d+ answers is not JSON; /,
      { status: 200, mayHaveBeenPublished: true },
    ],
    [
      'has other JSON',
      json(200, { ok: true }),
      /answers is JSON, but does not say what became of the event; /,
      { status: 200, mayHaveBeenPublished: true },
    ],
    [
      'lacks an offset',
      json(200, { id: 'e-1', duplicate: false, recipients: [{ userId: 'u', connections: 0, sent: 0 }] }),
      /does not say/,
      { status: 200, mayHaveBeenPublished: true },
    ],
    [
      'answers one event with an array',
      json(200, [publishedAs('e-1')]),
      /does not say/,
      { status: 200, mayHaveBeenPublished: true },
    ],
    [
      'answers one event like one of an array',
      json(200, { error: { code: 'x', status: 422 } }),
      /does not say/,
      { status: 200, mayHaveBeenPublished: true },
    ],
    ['says nothing', raw(204, ''), /answers 204 and not why/, { status: 204, mayHaveBeenPublished: true }],
    [
      'has no such page',
      raw(404, '<html></html>'),
      /answers 404 and not why/,
      { status: 404, mayHaveBeenPublished: false },
    ],
    [
      'takes no POST',
      json(405, { code: 405 }),
      /answers 405 and not why/,
      { status: 405, mayHaveBeenPublished: false },
    ],
    [
      'has a lower limit',
      raw(413, '<html></html>'),
      /answers 413 and not why/,
      { status: 413, mayHaveBeenPublished: false },
    ],
  ])('%s', async (_, reply, message, facts) => {
    const { server, publisher } = await setUp([reply])
    const error = await failureOf(publisher.publish(event))
    expect(error).toMatchObject({ code: 'bad_answer', attempts: 1, refused: false, ...facts })
    expect(error.message).toMatch(message)
    expect(error.message).toContain(advice)
    expect(server.requests).toHaveLength(1)
  })

  it.each([301, 302, 303, 307, 308])(
    'a redirect (%d) is not followed, so the token goes nowhere else',
    async (status) => {
      const elsewhere = await setUp([publishes])
      const location = `${elsewhere.server.httpUrl}/login?secret=1`
      const { publisher } = await setUp([raw(status, '', { location })])
      const error = await failureOf(publisher.publish(event))
      expect(error).toMatchObject({ code: 'bad_answer', status, mayHaveBeenPublished: false })
      expect(error.message).toContain(
        ` redirects to ${elsewhere.server.httpUrl} (${status}), which is not followed`,
      )
      expect(error.message).not.toContain('secret')
      expect(elsewhere.server.requests).toEqual([])
    },
  )
})

describe('a server that cannot be reached', () => {
  async function closedPort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    return port
  }

  it('has certainly not published anything', async () => {
    const httpUrl = `http://127.0.0.1:${await closedPort()}`
    const { publisher, environment } = publisherTo(httpUrl)
    const error = await failureOf(publisher.publish(event))
    expect(error).toMatchObject({ code: 'unreachable', mayHaveBeenPublished: false, refused: false })
    expect(error.attempts).toBe(environment.pauses.length + 1)
    expect(error.attempts).toBeGreaterThan(5)
    const { port } = new URL(httpUrl)
    expect(error.message).toBe(
      `no answer from ${httpUrl} (connect ECONNREFUSED 127.0.0.1:${port}); is the server running, and httpUrl right? (tried ${error.attempts} times)`,
    )
  })

  const network = (code: string, syscall?: string) => Object.assign(new Error(''), { code, syscall })

  it.each<[string, Error, boolean]>([
    ['no such name', network('ENOTFOUND', 'getaddrinfo'), false],
    ['no answer to the first packet', network('UND_ERR_CONNECT_TIMEOUT'), false],
    [
      'no address answers',
      new AggregateError([network('ETIMEDOUT', 'connect'), network('EHOSTUNREACH', 'connect')]),
      false,
    ],
    ['the network is gone in the middle', network('EHOSTUNREACH', 'read'), true],
    [
      'one of the addresses did connect',
      new AggregateError([network('ETIMEDOUT', 'connect'), network('ECONNRESET', 'read')]),
      true,
    ],
    ['who knows', new AggregateError([]), true],
  ])('%s', async (_, cause, mayHaveBeenPublished) => {
    const fetch = async () => Promise.reject(new TypeError('fetch failed', { cause }))
    const { publisher } = publisherTo('http://x.invalid', { fetch, deadline: 1 })
    const error = await failureOf(publisher.publish(event))
    expect(error).toMatchObject({ code: 'unreachable', mayHaveBeenPublished })
  })
})
