import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { createTokenVerifier } from '../../src/auth/verify-token.ts'
import { deploymentOf, SECRET } from '../e2e/deployment.ts'
import { fill, publish } from '../e2e/http.ts'
import { folderForTest, ServerProcess } from '../e2e/server-process.ts'
import { hs256, inSeconds, tokenFor, unique } from '../e2e/tokens.ts'
import { Client } from '../e2e/client.ts'
import { Cli, type CliOptions, run } from './cli-process.ts'

const env = { JWT_SECRET: SECRET }

async function start(environment: Record<string, string> = {}) {
  const server = await ServerProcess.forTest({ ...env, ...environment })
  return { server, target: deploymentOf(server) }
}

function tail(server: ServerProcess, args: readonly string[], options: CliOptions = { env }): Cli {
  return new Cli(['tail', '--url', server.wsUrl, ...args], options)
}

describe('fanout tail', () => {
  it('prints events as they come, from now on', async () => {
    const { server, target } = await start()
    const userId = unique('user')
    await fill(target, userId, 3)
    const cli = tail(server, ['--user', userId])
    expect(await cli.noted('connected')).toBe(`fanout: connected to ${server.wsUrl}`)
    const event = { type: 'T', id: unique('event'), userId, n: 4 }
    const { recipients } = await publish(target, event)
    expect(await cli.printed()).toEqual({ offset: recipients[0]!.offset, event })
  })

  it('never passes on what a terminal obeys, and keeps the JSON', async () => {
    const { server, target } = await start()
    const userId = unique('user')
    const nasty = 'a\u001b[31m\u009b2J\u202e'
    await publish(target, { type: nasty, id: unique('event'), userId })
    const cli = tail(server, ['--user', userId, '--after', '0'])
    expect(await cli.printed()).toMatchObject({ event: { type: nasty } })
    cli.signal('SIGKILL')
    expect((await cli.ended).stdout).toMatch(/^[ -~]+\n$/)
  })

  it('prints what is there with --after 0, page by page, and goes on', async () => {
    const { server, target } = await start()
    const userId = unique('user')
    const first = await fill(target, userId, 250)
    const cli = tail(server, ['--user', userId, '--after', '0'])
    for (let n = 1; n <= 250; n++) {
      expect(await cli.printed()).toMatchObject({ offset: first + n - 1, event: { n } })
    }
    await publish(target, { type: 'T', id: unique('event'), userId, n: 251 })
    expect(await cli.printed()).toMatchObject({ offset: first + 250, event: { n: 251 } })
  })

  it('takes --token and FANOUT_TOKEN, and FANOUT_WS_URL', async () => {
    const { server, target } = await start()
    const userId = unique('user')
    const first = await fill(target, userId, 1)
    const token = tokenFor(target, userId)
    const options = { env: { FANOUT_TOKEN: token, FANOUT_WS_URL: server.wsUrl } }
    for (const cli of [
      tail(server, ['--after', '0', '--token', token], {}),
      new Cli(['tail', '--after', '0'], options),
    ]) {
      expect(await cli.printed()).toMatchObject({ offset: first })
    }
  })

  it('says that events are no longer kept, and goes on', async () => {
    const { server, target } = await start()
    const userId = unique('user')
    const first = await fill(target, userId, 2)
    const cli = tail(server, ['--user', userId, '--after', '1'])
    expect(await cli.noted('no longer kept')).toBe(
      `fanout: events after the offset asked for are no longer kept; going on from ${first + 1}`,
    )
    await publish(target, { type: 'T', id: unique('event'), userId })
    expect(await cli.printed()).toMatchObject({ offset: first + 2 })
  })

  it.each(['SIGKILL', 'SIGTERM'] as const)('resumes after %s, with what it missed', async (signal) => {
    const DATA_DIR = folderForTest()
    const { server, target } = await start({ DATA_DIR })
    const { port } = new URL(server.wsUrl)
    const userId = unique('user')
    const cli = tail(server, ['--user', userId])
    await cli.noted('connected')
    const first = await fill(target, userId, 1)
    expect(await cli.printed()).toMatchObject({ offset: first, event: { n: 1 } })
    await server.stop(signal)
    await cli.noted(`connection lost (code ${signal === 'SIGTERM' ? 1001 : 1006}), connecting again`)

    // Where the client does not look, so that it is away while events come.
    const between = await start({ DATA_DIR })
    for (const n of [2, 3]) await publish(between.target, { type: 'T', id: unique('event'), userId, n })
    await between.server.stop()

    const again = await start({ DATA_DIR, WS_PORT: port })
    await cli.noted('connected')
    await publish(again.target, { type: 'T', id: unique('event'), userId, n: 4 })
    for (const n of [2, 3, 4])
      expect(await cli.printed()).toMatchObject({ offset: first + n - 1, event: { n } })
  })

  it('is waited for by no server: it tries again until one is there', async () => {
    const { server } = await start()
    const { port } = new URL(server.wsUrl)
    await server.stop()
    const userId = unique('user')
    const cli = tail(server, ['--user', userId])
    expect(await cli.noted('no connection')).toMatch(/^fanout: no connection to ws:\S+ \(.+\), trying again$/)
    const { target } = await start({ WS_PORT: port })
    await cli.noted('connected')
    await publish(target, { type: 'T', id: unique('event'), userId })
    expect(await cli.printed()).toMatchObject({ event: { userId } })
  })

  it('ends when it is evicted, instead of coming back', async () => {
    const { server, target } = await start({ MAX_CONNECTIONS_PER_USER: '1' })
    const userId = unique('user')
    const cli = tail(server, ['--user', userId])
    await cli.noted('connected')
    await Client.connect(target, userId)
    const { code, stderr } = await cli.ended
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /fanout: the server closed the connection: the user opened more connections than allowed.*\n$/,
    )
  })

  it('comes back when its token has ended, with a new one if it makes its own', async () => {
    const seen: string[] = []
    const url = await expiring((token) => seen.push(token) < 3)
    const cli = new Cli(['tail', '--user', 'u', '--url', url], { env })
    const { code, stderr } = await cli.ended
    expect(code).toBe(1)
    const round = [
      `fanout: connected to ${url}`,
      'fanout: the server says: the token has expired',
      'fanout: connection lost (code 1000), connecting again',
    ]
    const refused = 'fanout: the server refused the token; its log says why'
    expect(stderr.trim().split('\n')).toEqual([...round, ...round, refused])
    const verifier = createTokenVerifier({ keys: { secret: SECRET }, clock: Date })
    for (const token of seen) expect(await verifier.verify(token)).toMatchObject({ userId: 'u' })
  })

  it('ends when a token that it was given has ended: it has no other', async () => {
    const seen: string[] = []
    const url = await expiring((token) => seen.push(token) < 3)
    const { code, stderr } = await run(['tail', '--token', 'given', '--url', url])
    expect(code).toBe(1)
    expect(stderr).toContain('the server closed the connection: the token has expired\n')
    expect(seen).toEqual(['given'])
  })

  it('wants a user or a token, not both', async () => {
    expect(await run(['tail', '--user', 'u', '--token', 't'])).toMatchObject({
      code: 1,
      stderr: 'fanout: give --user or --token, not both\n',
    })
  })

  it('ends without a word when nobody reads it any more', async () => {
    const { server, target } = await start()
    const userId = unique('user')
    const cli = tail(server, ['--user', userId])
    await cli.noted('connected')
    cli.closeStdout()
    const publishing = async () => publish(target, { type: 'T', id: unique('event'), userId })
    const ended = cli.ended.then(() => undefined)
    while ((await Promise.race([ended, publishing()])) !== undefined);
    const { code, stderr } = await cli.ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: `fanout: connected to ${server.wsUrl}\n` })
  })
})

/** A server that says of each token it takes that it has ended, and refuses the others. */
async function expiring(takes: (token: string) => boolean): Promise<string> {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    verifyClient: ({ req }: { req: IncomingMessage }) =>
      takes((req.headers.authorization ?? '').replace('Bearer ', '')),
  })
  server.on('connection', (socket) => {
    socket.send('{"type":"error","code":"expired","message":"the token has expired"}')
    socket.close(1000)
  })
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('fanout tail fails in one line', () => {
  it('for a wrong token', async () => {
    const { server } = await start()
    for (const token of ['wrong', hs256(`not ${SECRET}`, { sub: 'u', exp: inSeconds(60) })]) {
      const { code, stdout, stderr } = await run(['tail', '--url', server.wsUrl, '--token', token])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toBe('fanout: the server refused the token; its log says why\n')
    }
  })

  it.each([
    [
      ['--after', 'x', '--user', 'u'],
      'fanout: --after is "x"; it must be an offset, a whole number from 0\n',
    ],
    [
      ['--after', '9007199254740992', '--user', 'u'],
      'fanout: --after is "9007199254740992"; it must be an offset, a whole number from 0\n',
    ],
    [
      ['--url', 'http://127.0.0.1', '--user', 'u'],
      'fanout: "http://127.0.0.1" is not a WebSocket address; it looks like ws://127.0.0.1:3001\n',
    ],
    [
      ['--url', 'ws://127.0.0.1:9/v1?token=hunter2', '--user', 'u'],
      'fanout: the address ws://127.0.0.1:9/v1 was given with a query or a fragment, which cannot be used; leave it out. Tokens have options and variables of their own, and it looks like ws://127.0.0.1:3001\n',
    ],
    [[], 'fanout: say whose events: --user <id>, or --token <jwt>\n'],
    [['--user', ''], 'fanout: a user id has 1 to 128 characters\n'],
  ])('for %j', async (args, message) => {
    const { code, stdout, stderr } = await run(['tail', ...args], { env })
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: message })
  })
})
