import { describe, expect, it } from 'vitest'
import { deployment } from '../../e2e/deployment.ts'
import { ServerProcess } from '../../e2e/server-process.ts'
import { hs256 } from '../../e2e/tokens.ts'
import { freePort } from '../../support/redis-server.ts'
import { examine } from './patient.ts'
import { type Answered, type Asked, forward, httpProxy, type HttpRules, jsonAnswer, page } from './proxies.ts'

const target = deployment()

/** The doctor's opinion of the server behind a proxy. */
const behind = async (rules: HttpRules, args: readonly string[] = [], env = {}) =>
  examine(
    { wsUrl: target.wsUrl, secret: target.secret, httpUrl: await httpProxy(target.httpUrl, rules) },
    args,
    env,
  )

const isPoll = ({ method, path }: Asked) => method === 'GET' && path.startsWith('/api/v1/events/recent?')
const isPublish = ({ method, body }: Asked) => method === 'POST' && body !== ''
const isHealth = ({ path }: Asked) => path === '/health'

/** Fails where it should, and nowhere before. */
const only = (link: string, cause: string) => [[link, cause]]

describe('fanout doctor names', () => {
  it('server_down, where nothing listens', async () => {
    const httpUrl = `http://127.0.0.1:${await freePort()}`
    const { failures, links, of } = await examine({ wsUrl: target.wsUrl, secret: target.secret, httpUrl })
    expect(failures).toEqual(only('server', 'server_down'))
    expect(of('server').came).toContain('ECONNREFUSED')
    expect(links.filter(({ status }) => status !== 'skipped')).toHaveLength(1)
    expect(of('health').came).toBe('needs server, which failed')
  })

  it('server_down, where something listens and never answers', async () => {
    const { failures } = await behind({ asked: () => 'hang' }, ['--timeout', '1s'])
    expect(failures).toEqual(only('server', 'server_down'))
  })

  it.each<[string, Answered]>([
    ['a page', page(200)],
    ['other JSON', jsonAnswer(200, { status: 'ok' })],
    ['a redirect', { status: 301, headers: { location: 'https://app.example.com/' }, body: '' }],
  ])('not_event_fanout, where %s comes', async (_, answer) => {
    const { failures } = await behind({ asked: () => answer })
    expect(failures).toEqual(only('server', 'not_event_fanout'))
  })

  it('unhealthy, with the part and why, and goes on', async () => {
    const failing = jsonAnswer(503, {
      status: 'failing',
      parts: { http: { status: 'ok' }, redis: { status: 'failing', detail: 'no answer from it yet' } },
    })
    const { failures, of } = await behind({ asked: (asked) => (isHealth(asked) ? failing : undefined) })
    expect(failures).toEqual(only('health', 'unhealthy'))
    expect(of('health').came).toBe('redis: failing (no answer from it yet)')
    expect(of('push').status).toBe('ok')
  })

  it('health_hidden as a warning, where only the health is blocked', async () => {
    const { ok, of } = await behind({ asked: (asked) => (isHealth(asked) ? page(404) : undefined) })
    expect(ok).toBe(true)
    expect(of('health')).toMatchObject({ status: 'warning', cause: 'health_hidden' })
    expect(of('push').status).toBe('ok')
  })

  it.each([-4, 4])('clock_wrong, with %i minutes', async (minutes) => {
    const { failures, of } = await behind({ answered: (answer) => shifted(answer, minutes * 60_000) })
    expect(failures).toEqual(only('clock', 'clock_wrong'))
    expect(of('clock').came).toMatch(/server’s clock is [34]\.\d min (ahead of|behind) this machine’s/)
    expect(of('clock').came).toContain(minutes > 0 ? 'ahead' : 'behind')
  })

  it('no clock that is a few seconds off', async () => {
    const { ok } = await behind({ answered: (answer) => shifted(answer, 3000) })
    expect(ok).toBe(true)
  })

  it('token_refused, with another secret', async () => {
    const { failures } = await examine(target, [], { JWT_SECRET: 'another secret, which is long enough too' })
    expect(failures).toEqual([
      ['reader_tokens', 'token_refused'],
      ['publisher_token', 'token_refused'],
      ['admin_token', 'token_refused'],
    ])
  })

  it('everything_accepted, where a proxy vouches for whatever comes', async () => {
    const { failures, of } = await behind({
      asked: (asked) => ({ ...asked, headers: { ...asked.headers, ...signedAnew(asked) } }),
    })
    expect(failures).toEqual(only('damaged_token', 'everything_accepted'))
    expect(of('damaged_token').came).toContain('poll: a page')
    expect(of('push').status).toBe('ok')
  })

  it('api_blocked as a warning, where the API is blocked and sockets are not', async () => {
    const { of } = await behind({ asked: (asked) => (isHealth(asked) ? undefined : page(403)) })
    expect(of('reader_tokens')).toMatchObject({ status: 'warning', cause: 'api_blocked' })
    expect(of('handshake_header').status).toBe('ok')
    expect(of('publish')).toMatchObject({ status: 'failed', cause: 'publish_refused' })
    expect(of('polling')).toMatchObject({ status: 'failed', cause: 'polling_blocked' })
  })

  it('publish_refused, with the server’s reason', async () => {
    const problem = jsonAnswer(503, { code: 'unavailable', status: 503, detail: 'the disk is full' })
    const { failures, of } = await behind({ asked: (asked) => (isPublish(asked) ? problem : undefined) })
    expect(failures).toEqual(only('publish', 'publish_refused'))
    expect(of('publish').came).toBe('503 the disk is full')
    expect(of('polling').status).toBe('ok')
    expect(of('push').came).toBe('needs publish, which failed')
  })

  it('recipients_missing, where a field is lost on the way', async () => {
    const { failures } = await behind({
      asked: (asked) => ({ ...asked, body: asked.body.replace(/,"studentId":"[^"]*"/, '') }),
    })
    expect(failures).toEqual(only('publish', 'recipients_missing'))
  })

  it('duplicate_taken, where the same event is another one the second time', async () => {
    const { failures } = await behind({
      answered: (answer) => ({
        ...answer,
        body: answer.body.replace('"duplicate":true', '"duplicate":false'),
      }),
    })
    expect(failures).toEqual(only('duplicate', 'duplicate_taken'))
  })

  it.each<[string, Answered | 'hang' | 'drop']>([
    ['a 403 page comes', page(403)],
    ['a 200 page comes', page(200)],
    ['nothing comes', 'hang'],
    ['the connection is closed', 'drop'],
  ])('polling_blocked, where %s', async (_, answer) => {
    const rules: HttpRules = { asked: (asked) => (isPoll(asked) ? answer : undefined) }
    const { failures, of } = await behind(rules, ['--timeout', '3s'])
    expect(failures).toEqual(only('polling', 'polling_blocked'))
    expect(of('push').status).toBe('ok')
    expect(of('resume').status).toBe('ok')
  })

  it('server_down, where the server goes before polls are tried', async () => {
    let isGone = false
    const { failures } = await behind({
      asked: (asked) => {
        isGone ||= isPoll(asked) && asked.path.includes('after=')
        return isGone ? 'drop' : undefined
      },
    })
    expect(failures[0]).toEqual(['polling', 'server_down'])
  })

  it('polling_wrong, where an old answer comes', async () => {
    const { failures, of } = await behind({
      answered: (answer, asked) =>
        isPoll(asked) && answer.status === 200
          ? { ...answer, body: JSON.stringify({ ...(JSON.parse(answer.body) as object), events: [] }) }
          : undefined,
    })
    expect(failures).toEqual(only('polling', 'polling_wrong'))
    expect(of('polling').came).toContain('0 times')
  })

  it('receipt_missing, where the server is an older one', async () => {
    const missing = jsonAnswer(404, { code: 'not_found', status: 404, detail: 'there is no GET /api/v1/…' })
    const { failures } = await behind({
      asked: ({ path }) => (path.endsWith('/receipt') ? missing : undefined),
    })
    expect(failures).toEqual(only('receipt', 'receipt_missing'))
  })

  it('queue_stuck, where what is queued never comes', async () => {
    const { failures, of } = await behind(
      {
        asked: (asked) =>
          asked.headers['prefer'] === undefined ? undefined : jsonAnswer(202, { queued: true }),
      },
      ['--timeout', '3s'],
    )
    expect(failures).toEqual(only('queue', 'queue_stuck'))
    expect(of('queue').came).toMatch(/^queued in \d+ ms, not out after /)
  })

  it('dead_letters as a warning, where the health counts some', async () => {
    const parts = { deadLetters: { status: 'ok', messages: 2 }, queue: { status: 'ok', waiting: 3 } }
    const counting = jsonAnswer(200, { status: 'ok', parts })
    const { ok, of } = await behind({ asked: (asked) => (isHealth(asked) ? counting : undefined) })
    expect(ok).toBe(true)
    expect(of('health').came).toBe('deadLetters: ok, 2 messages; queue: ok, 3 waiting')
    expect(of('dead_letters')).toMatchObject({
      status: 'warning',
      cause: 'dead_letters',
      came: expect.stringContaining('2 in') as string,
    })
  })
})

describe('fanout doctor tells', () => {
  it('how long a queue took', async () => {
    const { of } = await behind({
      asked: (asked) => {
        if (asked.headers['prefer'] === undefined) return undefined
        const { prefer: _, ...headers } = asked.headers
        void forward(target.httpUrl, { ...asked, headers })
        return jsonAnswer(202, { queued: true })
      },
    })
    expect(of('queue')).toMatchObject({
      status: 'ok',
      came: expect.stringMatching(/at both \d+ ms|at both .+ s/) as string,
    })
  })

  it('nothing of a token that somebody repeats', async () => {
    const echo = (asked: Asked) => ({
      ...page(403),
      body: `<p>${String(asked.headers['authorization'])}</p>`,
    })
    const { links } = await behind({ asked: (asked) => (isHealth(asked) ? undefined : echo(asked)) })
    expect(JSON.stringify(links)).toContain('Bearer …')
    expect(JSON.stringify(links)).not.toContain('eyJ')
  })

  it('nothing of a token that is cut off', async () => {
    const cut = (asked: Asked) => ({
      ...page(403),
      body: String(asked.headers['authorization']).slice(0, 30),
    })
    const { links } = await behind({ asked: (asked) => (isHealth(asked) ? undefined : cut(asked)) })
    expect(JSON.stringify(links)).toContain('Bearer …')
    expect(JSON.stringify(links)).not.toContain('eyJ')
  })

  it('apart what a page of another origin may not do', async () => {
    const server = await ServerProcess.forTest({
      JWT_SECRET: target.secret,
      ALLOWED_ORIGINS: 'https://app.example.com',
    })
    const patient = { httpUrl: server.httpUrl, wsUrl: server.wsUrl, secret: target.secret }
    expect((await examine(patient, ['--origin', 'https://app.example.com'])).ok).toBe(true)
    const { failures } = await examine(patient, ['--origin', 'https://other.example.com'])
    expect(failures).toEqual(only('origin', 'origin_refused'))
  })

  it('apart a page that may connect and not poll', async () => {
    const { failures, of } = await behind(
      {
        answered: ({ headers: { 'access-control-allow-headers': _, ...headers }, ...answer }) => ({
          ...answer,
          headers,
        }),
      },
      ['--origin', 'https://app.example.com'],
    )
    expect(failures).toEqual(only('origin', 'origin_refused'))
    expect(of('origin').came).toContain('the preflight of polls: 204')
  })
})

function shifted(answer: Answered, ms: number): Answered {
  const date = new Date(Date.parse(String(answer.headers['date'])) + ms).toUTCString()
  return { ...answer, headers: { ...answer.headers, date } }
}

function signedAnew({ headers: { authorization } }: Asked): object {
  const [, claims] = /^Bearer [^.]+\.([^.]+)\./.exec(String(authorization)) ?? []
  if (claims === undefined) return {}
  const json = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>
  return { authorization: `Bearer ${hs256(target.secret, json)}` }
}
