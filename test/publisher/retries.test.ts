import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { pauseAfter, retryAfterOf } from '../../src/publisher/retry-after.ts'
import {
  breaks,
  breaksInAnswer,
  hanging,
  json,
  problem,
  publishedAs,
  publishes,
  raw,
  type Reply,
  unavailable,
} from './scripted-server.ts'
import { event, failureOf, publisherTo, setUp } from './set-up.ts'

describe('publish tries again', () => {
  it.each<[string, Reply]>([
    ['503 of the server', unavailable],
    ['503 of a gateway', json(503, { message: 'Service Unavailable' })],
    ['a load balancer’s page', raw(502, '<html>Bad Gateway</html>', { 'content-type': 'text/html' })],
    ...[408, 425, 429, 500, 502, 504, 520].map((status): [string, Reply] => [
      String(status),
      raw(status, ''),
    ]),
    ['a connection that breaks', breaks],
    ['an answer that breaks off', breaksInAnswer],
  ])('after %s, with the same bytes', async (_, reply) => {
    const { server, publisher, environment } = await setUp([reply, reply, publishes])
    expect(await publisher.publish(event)).toEqual(publishedAs('e-1'))
    expect(server.requests.map(({ body }) => body)).toEqual(Array(3).fill(JSON.stringify(event)))
    expect(environment.armed).toBe(0)
  })

  it('after a try that was answered by nobody in time', async () => {
    const { hang, asked } = hanging()
    const { server, publisher, environment } = await setUp([hang, publishes])
    const publishing = publisher.publish(event)
    await asked
    await environment.strike()
    expect(await publishing).toEqual(publishedAs('e-1'))
    expect(environment.now()).toBe(10_000 + 100)
    expect(server.bodies).toEqual([event, event])
    expect(environment.armed).toBe(0)
  })

  it('also if the fetch that it was given ignores its signal', async () => {
    let calls = 0
    const fetch = async () =>
      ++calls === 1 ? new Promise<never>(() => undefined) : new Response(JSON.stringify(publishedAs('e-1')))
    const { publisher, environment } = publisherTo('http://nowhere.invalid', { fetch })
    const publishing = publisher.publish(event)
    while (calls === 0) await Promise.resolve()
    await environment.strike()
    expect(await publishing).toEqual(publishedAs('e-1'))
  })

  it('after a lost answer, and says so: a duplicate', async () => {
    const { publisher } = await setUp([breaks, json(200, publishedAs('e-1', true))])
    expect(await publisher.publish(event)).toMatchObject({ duplicate: true })
  })

  it('and tells an operator, without token or event', async () => {
    const lines: string[] = []
    const log = (line: string) => lines.push(line)
    const { publisher, server } = await setUp([unavailable, breaks, publishes], { log })
    await publisher.publish(event)
    expect(lines).toEqual([
      'not published yet, trying again in 1100 ms: detail of unavailable (503 unavailable)',
      `not published yet, trying again in 200 ms: no answer from ${server.httpUrl} (other side closed); is the server running, and httpUrl right?`,
    ])
  })
})

describe('the pauses', () => {
  it('grow by twice from 200 ms to 10 s, each a random part of that', () => {
    const pauses = (part: number) => [1, 2, 3, 6, 7, 2000].map((n) => pauseAfter(n, undefined, () => part))
    expect(pauses(1)).toEqual([200, 400, 800, 6400, 10_000, 10_000])
    expect(pauses(0.25)).toEqual([50, 100, 200, 1600, 2500, 2500])
  })

  it('are at least what the server asks for, but that is not more than 30 s', () => {
    expect(pauseAfter(1, 5000, () => 0.5)).toBe(5100)
    expect(pauseAfter(1, 86_400_000, () => 0.5)).toBe(30_100)
  })

  it.each<[string, Record<string, string>, number | undefined]>([
    ['seconds', { 'retry-after': '7' }, 7000],
    ['none', { 'retry-after': '0' }, 0],
    [
      'a date, by the clock of who sent it',
      { 'retry-after': 'Wed, 21 Oct 2015 07:28:09 GMT', date: 'Wed, 21 Oct 2015 07:28:00 GMT' },
      9000,
    ],
    [
      'a date that is over',
      { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT', date: 'Wed, 21 Oct 2015 07:28:09 GMT' },
      0,
    ],
    ['a date from one without a clock', { 'retry-after': 'Wed, 21 Oct 2015 07:28:09 GMT' }, undefined],
    ['nonsense', { 'retry-after': 'soon', date: 'Wed, 21 Oct 2015 07:28:00 GMT' }, undefined],
    ['nothing', { date: 'Wed, 21 Oct 2015 07:28:00 GMT' }, undefined],
  ])('Retry-After: %s', (_, headers, milliseconds) => {
    expect(retryAfterOf(new Headers(headers))).toBe(milliseconds)
  })

  it.each([
    ['seconds', '3', 3100],
    ['a date', 'Wed, 21 Oct 2015 07:28:04 GMT', 4100],
  ])('heed a Retry-After of %s', async (_, retryAfter, pause) => {
    const headers = { 'retry-after': retryAfter, date: 'Wed, 21 Oct 2015 07:28:00 GMT' }
    const { publisher, environment } = await setUp([problem(503, 'unavailable', {}, headers), publishes])
    await publisher.publish(event)
    expect(environment.pauses).toEqual([pause])
  })
})

describe('publish gives up', () => {
  it('when the next try would come after the deadline', async () => {
    const script = Array<Reply>(20).fill(unavailable)
    const { server, publisher, environment } = await setUp(script)
    const error = await failureOf(publisher.publish(event))
    expect(environment.now()).toBeLessThan(60_000)
    expect(environment.now() + environment.pauses.at(-1)!).toBeGreaterThan(60_000)
    expect(error).toMatchObject({
      code: 'unavailable',
      status: 503,
      attempts: server.requests.length,
      mayHaveBeenPublished: true,
      refused: false,
      id: 'e-1',
      message: `detail of unavailable (503 unavailable) (tried ${server.requests.length} times); the event may have been published all the same, so publish it again with the id "e-1", which never duplicates it`,
    })
  })

  it.each([
    ['the publisher', { deadline: 500 }, {}],
    ['one publish', {}, { deadline: 500 }],
  ])('at the deadline of %s', async (_, ofPublisher, ofPublish) => {
    const { server, publisher } = await setUp([breaks, breaks, breaks, publishes], ofPublisher)
    // 100 + 200 ms are over after three tries, and the next pause would be of 400 ms.
    const error = await failureOf(publisher.publish(event, ofPublish))
    expect(error).toMatchObject({ code: 'unreachable', attempts: 3 })
    expect(server.requests).toHaveLength(3)
  })

  it('with a try cut off by the deadline', async () => {
    const { hang, asked } = hanging()
    const { publisher, environment } = await setUp([hang], { deadline: 3000 })
    const failing = failureOf(publisher.publish(event))
    await asked
    await environment.strike()
    const error = await failing
    expect(environment.now()).toBe(3000)
    expect(error).toMatchObject({ code: 'timeout', attempts: 1, mayHaveBeenPublished: true })
    expect(error.message).toMatch(/^no answer from http:\/\/127\.0\.0\.1:\d+ within 3 s; is it overloaded/)
  })

  it('saying how to publish again an event whose id the server derives', async () => {
    const { publisher } = await setUp([breaks], { deadline: 1 })
    const error = await failureOf(publisher.publish({ type: 'T', timestamp: 1, userId: 'u' }))
    expect(error.id).toBeUndefined()
    expect(error.message).toMatch(/so publish it again unchanged, which never duplicates it$/)
  })
})

describe('the signal of the caller', () => {
  const reason = new Error('the caller’s reason')

  it('that is aborted already: nothing is sent', async () => {
    const { server, publisher } = await setUp([])
    const error = await failureOf(publisher.publish(event, { signal: AbortSignal.abort(reason) }))
    expect(error).toMatchObject({ code: 'aborted', attempts: 0, mayHaveBeenPublished: false, cause: reason })
    expect(server.requests).toEqual([])
  })

  it('ends a try', async () => {
    const { hang, asked } = hanging()
    const { publisher, environment } = await setUp([hang])
    const controller = new AbortController()
    const failing = failureOf(publisher.publish(event, { signal: controller.signal }))
    await asked
    controller.abort(reason)
    const error = await failing
    expect(error).toMatchObject({ code: 'aborted', attempts: 1, mayHaveBeenPublished: true, cause: reason })
    expect(environment.armed).toBe(0)
  })

  it('ends a wait for a token, before anything was sent', async () => {
    const controller = new AbortController()
    const getToken = async () => {
      controller.abort(reason)
      return new Promise<never>(() => undefined)
    }
    const { publisher, environment } = await setUp([], { getToken })
    const error = await failureOf(publisher.publish(event, { signal: controller.signal }))
    expect(error).toMatchObject({ code: 'aborted', attempts: 1, mayHaveBeenPublished: false, cause: reason })
    expect(environment.armed).toBe(0)
  })

  it('ends a pause', async () => {
    const controller = new AbortController()
    const { server, publisher, environment } = await setUp([unavailable])
    environment.onPause = () => {
      controller.abort(reason)
    }
    const error = await failureOf(publisher.publish(event, { signal: controller.signal }))
    expect(error).toMatchObject({ code: 'aborted', attempts: 1, mayHaveBeenPublished: true, cause: reason })
    expect(server.requests).toHaveLength(1)
  })

  it('keeps no listener of a publish that is over', async () => {
    const { publisher } = await setUp([unavailable, publishes])
    const { signal } = new AbortController()
    await publisher.publish(event, { signal })
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})
