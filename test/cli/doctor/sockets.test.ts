import { describe, expect, it } from 'vitest'
import { deployment } from '../../e2e/deployment.ts'
import { hs256 } from '../../e2e/tokens.ts'
import { freePort } from '../../support/redis-server.ts'
import { examine } from './patient.ts'
import { type Asked, httpProxy, instead, jsonAnswer, page, socketProxy, type SocketRules } from './proxies.ts'

const target = deployment()

const HANDSHAKES = ['handshake_header', 'handshake_subprotocol', 'handshake_query'] as const

/** The doctor's opinion where sockets go elsewhere. */
const at = async (wsUrl: string, args: readonly string[] = []) =>
  examine({ httpUrl: target.httpUrl, secret: target.secret, wsUrl }, args)

/** The same, where sockets go through a proxy. */
const behind = async (rules: SocketRules, args: readonly string[] = []) =>
  at((await socketProxy(target.wsUrl, rules)).url, args)

const only = (link: string, cause: string) => [[link, cause]]

interface Frame {
  readonly type?: string
  readonly action?: string
}

const typeOf = (frame: string): string | undefined => (JSON.parse(frame) as Frame).type
const actionOf = (message: string): string | undefined => (JSON.parse(message) as Frame).action

describe('fanout doctor', () => {
  it('sees nothing wrong with a proxy that changes nothing', async () => {
    expect((await behind({})).failures).toEqual([])
  })

  it.each([
    ['a page comes', page(403)],
    ['the connection is closed', 'drop'],
    ['nothing comes', 'hang'],
    ['the upgrade gets lost', 'plain'],
  ] as const)('names websocket_blocked where %s, and goes on by polling', async (_, how) => {
    const { failures, of } = await at(await instead(target.wsUrl, how), ['--timeout', '3s'])
    expect(failures).toEqual(HANDSHAKES.map((link) => [link, 'websocket_blocked']))
    expect(of('push')).toMatchObject({
      status: 'skipped',
      came: expect.stringContaining('handshake') as string,
    })
    expect(of('polling')).toMatchObject({ status: 'ok', came: 'the event exactly once, for both' })
    expect(of('resume').status).toBe('skipped')
  })

  it.each([
    ['nothing listens', async () => `ws://127.0.0.1:${await freePort()}`],
    ['the address is that of HTTP', async () => target.httpUrl.replace('http', 'ws')],
  ] as const)('names websocket_blocked where %s', async (_, url) => {
    const { failures } = await at(await url())
    expect(failures).toEqual(HANDSHAKES.map((link) => [link, 'websocket_blocked']))
  })

  it.each([
    ['403, as for a path without a stage', jsonAnswer(403, { message: 'Forbidden' })],
    ['500', jsonAnswer(500, { message: 'Internal server error' })],
    ['429', jsonAnswer(429, { message: 'Too Many Requests' })],
  ])('names handshake_refused where the gateway answers %s', async (_, answer) => {
    const { failures } = await at(await instead(target.wsUrl, answer))
    expect(failures).toEqual(HANDSHAKES.map((link) => [link, 'handshake_refused']))
  })

  it('names token_refused where the handshake alone refuses it', async () => {
    const { failures } = await at(await instead(target.wsUrl, jsonAnswer(401, { message: 'Unauthorized' })))
    expect(failures).toEqual(HANDSHAKES.map((link) => [link, 'token_refused']))
  })

  it.each([
    ['handshake_header', 'authorization'],
    ['handshake_subprotocol', 'sec-websocket-protocol'],
  ] as const)('names token_stripped for %s, and goes on with the other ways', async (link, header) => {
    const { failures, of } = await behind({
      handshake: (headers) => Object.fromEntries(Object.entries(headers).filter(([name]) => name !== header)),
    })
    expect(failures).toEqual(only(link, 'token_stripped'))
    expect(of('push')).toMatchObject({
      status: 'ok',
      came: expect.stringContaining('all 4 sockets') as string,
    })
    expect(of('receipt').status).toBe('ok')
  })

  it('names everything_accepted where the handshake alone takes what is damaged', async () => {
    const { failures, of } = await behind({
      handshake: ({ authorization, ...headers }) => ({
        ...headers,
        ...(authorization !== undefined && { authorization: signedAnew(String(authorization)) }),
      }),
    })
    expect(failures).toEqual(only('damaged_token', 'everything_accepted'))
    expect(of('damaged_token').came).toContain('handshake: open')
  })

  it('names push_missing where the server never pushes', async () => {
    const { failures, of } = await behind(
      { toClient: (frame) => (typeOf(frame) === 'event' ? [] : [frame]) },
      ['--timeout', '3s'],
    )
    expect(failures).toEqual(only('push', 'push_missing'))
    expect(of('push').came).toMatch(/^on 0 of 6 sockets; not on trainer \(header\), .*student \(query\)$/)
    expect(of('resume').status).toBe('ok')
  })

  it('names push_missing, and the socket, where one misses it', async () => {
    let isLost = false
    const { failures, of } = await behind(
      {
        toClient: (frame) => {
          if (typeOf(frame) !== 'event' || isLost) return [frame]
          isLost = true
          return []
        },
      },
      ['--timeout', '3s'],
    )
    expect(failures).toEqual(only('push', 'push_missing'))
    expect(of('push').came).toMatch(/^on 5 of 6 sockets; not on (trainer|student) \(\w+\)$/)
  })

  it('names duplicate_pushed where the same event is pushed again', async () => {
    const frames: string[] = []
    const sockets = await socketProxy(target.wsUrl, {
      toClient: (frame) => {
        if (typeOf(frame) === 'event') frames.push(frame)
        return [frame]
      },
    })
    let posted = 0
    const httpUrl = await httpProxy(target.httpUrl, {
      answered: (_, { method, body }: Asked) => {
        if (method === 'POST' && body.includes('-publish') && ++posted === 2) frames.forEach(sockets.send)
        return undefined
      },
    })
    const { failures, of } = await examine({ httpUrl, wsUrl: sockets.url, secret: target.secret })
    expect(failures).toEqual(only('duplicate', 'duplicate_pushed'))
    expect(of('duplicate').came).toBe('pushed again to 6 of 6 sockets')
  })

  it.each([
    ['the page lacks the event', withoutEvents, '0 times'],
    ['nothing is answered', () => [], 'no answer'],
  ] as const)('names resume_incomplete where %s', async (_, change, came) => {
    const { failures, of } = await behind(
      { toClient: (frame) => (typeOf(frame) === 'events' ? change(frame) : [frame]) },
      ['--timeout', '3s'],
    )
    expect(failures).toEqual(only('resume', 'resume_incomplete'))
    expect(of('resume').came).toContain(came)
    expect(of('receipt').came).toBe('needs resume, which failed')
  })

  it('names ack_lost where acknowledgements get lost', async () => {
    const { failures, of } = await behind(
      { toServer: (message) => (actionOf(message) === 'ack' ? [] : [message]) },
      ['--timeout', '3s'],
    )
    expect(failures).toEqual(only('receipt', 'ack_lost'))
    expect(of('receipt').came).toMatch(/^of the trainer why says \w+$/)
  })

  it('survives what is no JSON, and no object', async () => {
    const { failures } = await behind({ toClient: (frame) => ['garbage', 'null', '7', frame] })
    expect(failures).toEqual([])
  })
})

function withoutEvents(frame: string): string[] {
  return [JSON.stringify({ ...(JSON.parse(frame) as object), events: [] })]
}

function signedAnew(authorization: string): string {
  const [, claims = ''] = authorization.split('.')
  const json = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>
  return `Bearer ${hs256(target.secret, json)}`
}
