import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { deployment } from '../e2e/deployment.ts'
import { recent, recentAnswer } from '../e2e/http.ts'
import { publisherToken, tokenFor, unique } from '../e2e/tokens.ts'
import { raw, ScriptedServer } from '../publisher/scripted-server.ts'
import { Cli, run } from './cli-process.ts'

const target = deployment()

const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/

const emit = (args: readonly string[], options: { stdin?: string; env?: Record<string, string> } = {}) =>
  run(['emit', '--url', target.httpUrl, ...args], { env: { JWT_SECRET: target.secret }, ...options })

const eventFor = (userId: string) => ({ type: 'T', id: unique('event'), userId })

describe('fanout emit', () => {
  it('publishes its argument, and prints the answer', async () => {
    const userId = unique('user')
    const event = eventFor(userId)
    const { code, stdout, stderr } = await emit([JSON.stringify(event)])
    const { events, head } = await recent(target, userId)
    expect(events).toMatchObject([{ event }])
    const recipients = [{ userId, offset: head, connections: 0, sent: 0 }]
    expect(stdout).toBe(`${JSON.stringify({ id: event.id, duplicate: false, recipients })}\n`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('publishes what stdin holds, as it is', async () => {
    const userId = unique('user')
    const text = `{"type":"T", "id":"${unique('event')}", "userId":"${userId}", "n":1.0, "x":"ü💥"}`
    const { code } = await emit(['-'], { stdin: `${text}\n` })
    expect(code).toBe(0)
    expect((await recentAnswer(target, userId)).text).toContain(`"event":${text}}`)
  })

  it('waits for stdin, however slowly it comes, cut through a character', async () => {
    const userId = unique('user')
    const body = Buffer.from(JSON.stringify({ ...eventFor(userId), x: '💥' }))
    const cli = new Cli(['emit', '-', '--url', target.httpUrl], { env: { JWT_SECRET: target.secret } })
    await new Promise((resolve) => cli.stdin.write(body.subarray(0, -4), resolve))
    cli.stdin.end(body.subarray(-4))
    expect((await cli.ended).code).toBe(0)
    expect((await recent(target, userId)).events[0]!.event['x']).toBe('💥')
  })

  it('takes a token from --token before FANOUT_TOKEN before the secret', async () => {
    const event = JSON.stringify(eventFor(unique('user')))
    const good = publisherToken(target)
    const unscoped = tokenFor(target, unique('user'))
    const code = async (args: string[], env: Record<string, string>) =>
      (await emit([event, ...args], { env })).code
    const { secret } = target
    expect(await code(['--token', good], { FANOUT_TOKEN: unscoped })).toBe(0)
    expect(await code([], { FANOUT_TOKEN: good })).toBe(0)
    expect(await code([], { FANOUT_TOKEN: unscoped, JWT_SECRET: secret })).toBe(1)
    expect(await code([], { FANOUT_TOKEN: '', JWT_SECRET: secret })).toBe(0)
  })

  it('takes the address from FANOUT_HTTP_URL', async () => {
    const env = { JWT_SECRET: target.secret, FANOUT_HTTP_URL: target.httpUrl }
    const { code } = await run(['emit', JSON.stringify(eventFor(unique('user')))], { env })
    expect(code).toBe(0)
  })

  it('never passes on what a terminal obeys, and keeps the JSON', async () => {
    const answer = { id: 'x', duplicate: false, note: '\u009b2J\u202e' }
    for (const reply of [raw(200, JSON.stringify(answer, null, 2)), raw(400, 'a\u001b[31mb\u202e')]) {
      const { httpUrl } = await ScriptedServer.with(reply)
      const { stdout, stderr } = await run(['emit', '{}', '--url', httpUrl, '--token', 't'])
      expect(stdout + stderr).toContain('u202e')
      expect(stdout + stderr).not.toMatch(OBEYED)
      if (stdout !== '') expect(JSON.parse(stdout)).toEqual(answer)
    }
  })

  it('fails if one event of an array was refused, and prints what became of each', async () => {
    const userId = unique('user')
    const { code, stdout, stderr } = await emit([JSON.stringify([eventFor(userId), { type: 'T' }, 7])])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject([
      { duplicate: false },
      { error: { code: 'invalid_event' } },
      { error: { code: 'invalid_event' } },
    ])
    expect(stderr).toBe('fanout: 2 of 3 events were refused\n')
    expect((await recent(target, userId)).events).toHaveLength(1)
  })
})

describe('fanout emit fails in one line', () => {
  const anEvent = JSON.stringify({ type: 'T', id: 'x', userId: 'u' })

  it.each([
    [
      'a refused event',
      '{"type":"T","timestamp":1}',
      /^fanout: the server refused: 422 \{.*"no_recipients".*\}\n$/,
    ],
    ['broken JSON', '{', /^fanout: the server refused: 400 \{.*"malformed_json".*\}\n$/],
    ['nothing', '', /^fanout: the server refused: 400 \{.*"malformed_json".*\}\n$/],
  ])('for %s', async (_, body, message) => {
    const { code, stdout, stderr } = await emit([body])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(message)
  })

  it('for a wrong token', async () => {
    const { code, stderr } = await emit([anEvent, '--token', 'wrong'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^fanout: the server refused: 401 .*"unauthorized".*\n$/)
  })

  it.each([
    [
      'nowhere',
      'http://127.0.0.1:9',
      /^fanout: no answer from http:\/\/127\.0\.0\.1:9 \(.+\); is the server running\?\n$/,
    ],
    [
      'no address',
      'localhost',
      /^fanout: "localhost" is not an address; it looks like http:\/\/127\.0\.0\.1:3000\n$/,
    ],
    [
      'a password in it',
      'http://u:hunter2@127.0.0.1:9',
      /^fanout: the address http:\/\/127\.0\.0\.1:9\/ was given with a user or a password, (?!.*hunter2).*\n$/,
    ],
    ['a socket’s address', 'ws://127.0.0.1:1', /^fanout: "ws:\/\/127\.0\.0\.1:1" is not an address; .*\n$/],
  ])('for %s', async (_, url, message) => {
    const { code, stdout, stderr } = await run(['emit', anEvent, '--url', url, '--token', 't'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(message)
  })

  async function somethingElse(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  it.each<[string, RequestListener, RegExp]>([
    [
      'another server',
      (_, response) => response.end('<html>'),
      /^fanout: what http:\S+ answers is not JSON; .*\n$/,
    ],
    [
      'a failing server',
      (_, response) => response.writeHead(500).end('oops'),
      /^fanout: the server refused: 500 oops\n$/,
    ],
    [
      'an answer that is cut off',
      (_, response) => response.writeHead(200, { 'content-length': 9 }).write('{', () => response.destroy()),
      /^fanout: no answer from http:\S+ \(.+\); .*\n$/,
    ],
    [
      'no answer at all',
      (request) => request.socket.destroy(),
      /^fanout: no answer from http:\S+ \(.+\); .*\n$/,
    ],
  ])('for %s', async (_, listener, message) => {
    const url = await somethingElse(listener)
    const { code, stdout, stderr } = await run(['emit', anEvent, '--url', url, '--token', 't'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(message)
  })
})
