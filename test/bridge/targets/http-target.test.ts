import { describe, expect, it } from 'vitest'
import { httpTarget } from '../../../src/bridge/targets/http-target.ts'
import type { Outcome } from '../../../src/bridge/targets/target.ts'
import { type AcceptedEvent, parseEvent } from '../../../src/core/event.ts'
import { deployment } from '../../e2e/deployment.ts'
import { recent, recentAnswer } from '../../e2e/http.ts'
import { publisherToken, tokenFor, unique } from '../../e2e/tokens.ts'
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
  ScriptedServer,
  unavailable,
} from '../../publisher/scripted-server.ts'

const server = deployment()
const signal = new AbortController().signal
const range = (count: number) => Array.from({ length: count }, (_, i) => i)

const event = (id: string, userId = 'ann', more = '') =>
  parseEvent(`{"type":"T","id":"${id}","userId":"${userId}"${more}}`)

const target = (token: () => string = () => publisherToken(server)) =>
  httpTarget({ httpUrl: server.httpUrl, getToken: token })

const statuses = (outcomes: readonly Outcome[]) => outcomes.map(({ status }) => status)

async function scripted(...script: readonly Reply[]) {
  const scriptedServer = await ScriptedServer.with(...script)
  return {
    server: scriptedServer,
    target: httpTarget({ httpUrl: scriptedServer.httpUrl, getToken: () => 'token' }),
  }
}

describe('a server', () => {
  it('gets the text byte for byte, and knows it the second time', async () => {
    const userId = unique('user')
    const id = unique('event')
    const text = `{"type":"T",  "id":"${id}","userId":"${userId}","n":12345678901234567890,"x":1.0,\n"y":[ ],"z":"é💥\\u00e9"}`
    expect(await target().publish([parseEvent(` ${text}\n`)], signal)).toEqual([{ status: 'published' }])
    expect((await recentAnswer(server, userId)).text).toContain(`"event":${text}}`)
    expect(await target().publish([parseEvent(text)], signal)).toEqual([{ status: 'duplicate' }])
    expect((await recent(server, userId)).events).toHaveLength(1)
  })

  it('gets an event without an id with the id that it would have given it', async () => {
    const userId = unique('user')
    const made = parseEvent(`{"type":"T","timestamp":1,"userId":"${userId}"}`)
    expect(await target().publish([made], signal)).toEqual([{ status: 'published' }])
    expect((await recent(server, userId)).events[0]!.event).toMatchObject({ id: made.id })
  })

  it('gets more than a hundred in their order', async () => {
    const userId = unique('user')
    const events = range(250).map((i) => event(`${userId}#${i}`, userId))
    expect(await target().publish(events, signal)).toEqual(events.map(() => ({ status: 'published' })))
    const ids: unknown[] = []
    for (let after = 0; ids.length < 250;) {
      const page = await recent(server, userId, `?after=${after}`)
      ids.push(...page.events.map((one) => one.event['id']))
      after = page.events.at(-1)!.offset
    }
    expect(ids).toEqual(events.map(({ id }) => id))
  })

  it('refuses another event of the same id, and takes those beside it', async () => {
    const userId = unique('user')
    const id = unique('event')
    await target().publish([event(id, userId)], signal)
    const outcomes = await target().publish(
      [event(unique('event'), userId), event(id, userId, ',"other":true'), event(unique('event'), userId)],
      signal,
    )
    expect(outcomes).toEqual([
      { status: 'published' },
      {
        status: 'refused',
        reason: { code: 'id_conflict', message: expect.stringContaining(id) as string, path: '/id' },
      },
      { status: 'published' },
    ])
  })

  it('of other limits refuses what this process has accepted', async () => {
    // As a server of another version may: what it gets has passed here.
    const text = '{"type":"T","id":"x"}'
    const accepted: AcceptedEvent = { id: 'x', type: 'T', text, digest: '', recipients: [] }
    const large: AcceptedEvent = { ...accepted, text: `{"x":"${'x'.repeat(130_000)}"}` }
    expect(await target().publish([accepted, large], signal)).toMatchObject([
      { status: 'refused', reason: { code: 'no_recipients' } },
      { status: 'refused', reason: { code: 'event_too_large' } },
    ])
  })

  it.each([
    ['a wrong token', () => 'wrong', /^the token is refused \(401\), and why is in the log/],
    ['a token without the scope', () => tokenFor(server, 'u'), /403 forbidden/],
    ['no token', () => '', /getToken gave a string that is empty/],
    [
      'a token that cannot be had',
      () => {
        throw new Error('no secret')
      },
      /getToken failed \(no secret\)/,
    ],
  ])('does not take it with %s, which is no fault of the event', async (_, token, message) => {
    const events = range(3).map(() => event(unique('event')))
    const outcomes = await target(token).publish(events, signal)
    expect(statuses(outcomes)).toEqual(['failed', 'failed', 'failed'])
    expect(outcomes[0]).toMatchObject({ error: { message: expect.stringMatching(message) as string } })
  })

  it('is asked with a renewed token where it refuses the first', async () => {
    const hints: boolean[] = []
    const renewing = httpTarget({
      httpUrl: server.httpUrl,
      getToken: ({ renew }) => {
        hints.push(renew)
        return renew ? publisherToken(server) : 'old'
      },
    })
    expect(await renewing.publish([event(unique('event'))], signal)).toEqual([{ status: 'published' }])
    expect(hints).toEqual([false, true])
  })
})

describe('an answer', () => {
  const answered = (status: number, code: string, path?: string) => ({
    error: { title: 'T', status, code, detail: `detail of ${code}`, ...(path !== undefined && { path }) },
  })

  it.each([
    [409, 'id_conflict'],
    [413, 'event_too_large'],
    [422, 'invalid_event'],
    [400, 'malformed_json'],
  ])('%i of one event refuses it for good', async (status, code) => {
    const { target: to, server: asked } = await scripted(
      json(200, [publishedAs('a'), answered(status, code, '/x'), publishedAs('c', true)]),
    )
    expect(await to.publish([event('a'), event('b'), event('c')], signal)).toEqual([
      { status: 'published' },
      {
        status: 'refused',
        reason: { code, message: expect.stringContaining(`detail of ${code}`) as string, path: '/x' },
      },
      { status: 'duplicate' },
    ])
    expect(asked.requests).toHaveLength(1)
  })

  it.each<[string, Reply, RegExp]>([
    ['503', unavailable, /503 unavailable/],
    ['a gateway’s 502', raw(502, '<html>'), /answers 502; try again later/],
    ['429', raw(429, ''), /answers 429; try again later/],
    ['none: the connection breaks', breaks, /no answer from/],
    ['half of one', breaksInAnswer, /no answer from/],
  ])('%s is told at once: it is the bridge that tries again', async (_, reply, message) => {
    const { target: to, server: asked } = await scripted(reply)
    const outcomes = await to.publish([event('a'), event('b')], signal)
    expect(statuses(outcomes)).toEqual(['failed', 'failed'])
    expect(outcomes[0]).toMatchObject({ error: { message: expect.stringMatching(message) as string } })
    expect(asked.requests).toHaveLength(1)
  })

  it('503 of one event leaves what became of the others', async () => {
    const { target: to, server: asked } = await scripted(
      json(200, [publishedAs('a'), answered(503, 'unavailable'), answered(422, 'invalid_event')]),
    )
    const outcomes = await to.publish([event('a'), event('b'), event('c')], signal)
    expect(statuses(outcomes)).toEqual(['published', 'failed', 'refused'])
    expect(asked.requests).toHaveLength(1)
  })

  it('to a second try of the same events has the same text', async () => {
    const { target: to, server: asked } = await scripted(unavailable, publishes)
    const events = [event('a'), event('b')]
    await to.publish(events, signal)
    expect(statuses(await to.publish(events, signal))).toEqual(['published', 'published'])
    expect(asked.requests[1]!.body).toBe(asked.requests[0]!.body)
  })

  it.each<[string, Reply, RegExp]>([
    ['a page', raw(200, '<html>'), /is not JSON/],
    ['JSON of something else', json(200, { ok: true }), /does not say what became of the event/],
    ['too few results', json(200, [publishedAs('a')]), /does not say what became of the event/],
    ['404', raw(404, 'not found'), /answers 404 and not why/],
    [
      'a redirect',
      raw(302, '', { location: 'https://login.example.com/?x' }),
      /redirects to https:\/\/login/,
    ],
    ['413 of something in front', raw(413, '<html>'), /answers 413 and not why/],
    ['422 of the whole array', problem(422, 'empty_batch'), /422 empty_batch/],
  ])('%s is a failure, and no event’s fault', async (_, reply, message) => {
    const { target: to } = await scripted(reply)
    const outcomes = await to.publish([event('a'), event('b')], signal)
    expect(statuses(outcomes)).toEqual(['failed', 'failed'])
    expect(outcomes[0]).toMatchObject({ error: { message: expect.stringMatching(message) as string } })
  })

  it('that does not come in time is a failure as well', async () => {
    const { hang } = hanging()
    const { target: to } = await scripted(hang, hang, hang)
    const outcomes = await to.publish([event('a'), event('b')], signal)
    expect(statuses(outcomes)).toEqual(['failed', 'failed'])
    expect(outcomes[0]).toMatchObject({
      error: { message: expect.stringMatching(/no answer from http:\S+ within 10 s/) as string },
    })
  })

  it('is not waited for after an abort', async () => {
    const { hang, asked } = hanging()
    const { target: to } = await scripted(hang)
    const aborting = new AbortController()
    const publishing = to.publish([event('a')], aborting.signal)
    await asked
    aborting.abort()
    expect(statuses(await publishing)).toEqual(['failed'])
  })

  it('is not asked for where it was aborted before', async () => {
    const { target: to, server: asked } = await scripted()
    expect(statuses(await to.publish([event('a')], AbortSignal.abort()))).toEqual(['failed'])
    expect(asked.requests).toEqual([])
  })

  it('of the first hundred decides whether the next are sent', async () => {
    const { target: to, server: asked } = await scripted(raw(404, ''))
    const outcomes = await to.publish(
      range(150).map((i) => event(`e-${i}`)),
      signal,
    )
    expect(new Set(statuses(outcomes))).toEqual(new Set(['failed']))
    expect(asked.bodies).toHaveLength(1)
    expect(outcomes[149]).toMatchObject({ error: { code: 'not_sent' } })
  })
})

it('a server that is not there is a failure that says where', async () => {
  const { server: gone } = await scripted()
  const url = new URL(gone.httpUrl)
  // Nobody listens on the address that is next to it.
  const away = httpTarget({ httpUrl: `http://127.0.0.2:${url.port}`, getToken: () => 'token' })
  const [outcome] = await away.publish([event('a')], signal)
  expect(outcome).toMatchObject({
    status: 'failed',
    error: {
      message: expect.stringMatching(/no answer from http:\/\/127\.0\.0\.2:\d+ \(.*ECONNREFUSED/) as string,
    },
  })
})

it('its name is where it is, without what may be secret', () => {
  const named = httpTarget({ httpUrl: 'https://events.example.com/base/', getToken: () => 'token' })
  expect(named.name).toBe('https://events.example.com')
  expect(() => httpTarget({ httpUrl: 'https://u:secret@h', getToken: () => '' })).toThrow(
    /^httpUrl, at https:\/\/h, has a user, a query or a fragment; it must look like \S+$/,
  )
})
