import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Client, handshake, refusal, WAYS } from '../e2e/client.ts'
import { deploymentOf, SECRET } from '../e2e/deployment.ts'
import { post, publish, request } from '../e2e/http.ts'
import { ServerProcess } from '../e2e/server-process.ts'
import { removeFolder, temporaryFolder } from '../embedded/folders.ts'
import { badTokens, publisherToken, tokenFor, unique } from '../e2e/tokens.ts'

async function start(LOG_LEVEL = 'debug') {
  const server = await ServerProcess.forTest({ JWT_SECRET: SECRET, LOG_LEVEL })
  return { server, target: deploymentOf(server) }
}

/** Neither a token nor a part of it that is worth having. */
function expectNoTrace(server: ServerProcess, token: string): void {
  const parts = [token, ...token.split('.')].filter((part) => part.length >= 16)
  const output = server.stdout + server.stderr
  expect(parts.filter((part) => output.includes(part))).toEqual([])
}

describe('the log', () => {
  it('has every refused token with its reason, and no token', async () => {
    const { server, target } = await start()
    const bad = badTokens(target)
    for (const { token } of bad) {
      for (const way of WAYS) await refusal(handshake(server.wsUrl, way, token))
      await request(`${server.httpUrl}/api/v1/events/recent?token=${token}`, {
        headers: { authorization: `Bearer ${token}` },
      })
      await post(target, { type: 'T' }, token)
    }
    await server.stop()

    const refused = server.lines.filter(({ msg }) => msg === 'token refused')
    const reasons = bad.flatMap(({ reason }) => {
      const atHandshake = WAYS.map(() => ({ reason, path: '$connect' }))
      const overHttp = ['/api/v1/events/recent', '/api/v1/events'].map((path) => ({ reason, path }))
      return [...atHandshake, ...overHttp]
    })
    expect(refused.map(({ reason, path }) => ({ reason, path }))).toEqual(reasons)
    for (const line of refused) expect(line).toMatchObject({ level: 'warn', sourceIp: '127.0.0.1' })
    for (const { token } of bad) expectNoTrace(server, token)
  })

  it('has no good token either, whatever is done with it', async () => {
    const { server, target } = await start()
    const userId = unique('user')
    const token = tokenFor(target, userId)
    const publisher = publisherToken(target)
    for (const way of WAYS) {
      const client = await Client.over(handshake(server.wsUrl, way, token))
      for (const message of [
        { action: 'resume', after: 0, device: 'phone' },
        { action: token },
        token,
        `{"action":"resume","after":"${token}"}`,
      ]) {
        await client.ask(message)
      }
      client.socket.close(1000)
      await once(client.socket, 'close')
    }
    for (const path of ['/api/v1/events/recent', `/nowhere/${token}`, `/health?token=${token}`]) {
      await request(`${server.httpUrl}${path}`, { headers: { authorization: `Bearer ${token}` } })
    }
    await request(`${server.wsUrl.replace(/^ws/, 'http')}/?token=${token}`)
    await post(target, { type: 'T', id: unique('event'), userId }, publisher)
    await post(target, '{', publisher)
    await server.stop()
    expectNoTrace(server, token)
    expectNoTrace(server, publisher)
    expect(server.stdout + server.stderr).not.toContain(SECRET)
  })

  it('is JSON, a line each, with level, time and text', async () => {
    const { server, target } = await start()
    await Client.connect(target, unique('user'))
    await publish(target, { type: 'T', id: unique('event'), userId: unique('user') })
    await server.stop()
    expect(server.lines.length).toBeGreaterThan(3)
    for (const line of server.lines) {
      expect(line).toMatchObject({
        level: expect.stringMatching(/^(debug|info|warn|error)$/) as string,
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        msg: expect.any(String) as string,
      })
    }
  })

  it('has a client’s report, cut at 1,000 characters', async () => {
    const { server, target } = await start('info')
    const userId = unique('user')
    await publish(target, { type: 'T', id: unique('event'), userId })
    const client = await Client.connect(target, userId)
    const { head } = await client.ask<{ head: number }>({ action: 'resume', device: 'phone' })
    client.send({ action: 'report', offset: head, error: 'x'.repeat(1001) })
    const line = await server.logged('handler failed', { userId })
    expect(line).toMatchObject({ level: 'warn', device: 'phone', offset: head, error: 'x'.repeat(1000) })
  })

  it('holds nothing up when nobody reads it, and nothing when its reader is gone', async () => {
    const { server, target } = await start()
    server.ignoreLog('unread')
    // Two thousand lines are more than what lies between two processes takes.
    const refused = async () => request(`${server.httpUrl}/api/v1/events/recent`)
    for (let i = 0; i < 40; i++) await Promise.all(Array.from({ length: 50 }, refused))
    expect((await request(`${server.httpUrl}/health`)).status).toBe(200)

    server.ignoreLog('gone')
    await Promise.all(Array.from({ length: 50 }, refused))
    await publish(target, { type: 'T', id: unique('event'), userId: unique('user') })
    expect(await server.stop()).toEqual({ code: 0, signal: null })
  })

  // As a terminal that was stopped by Ctrl-S: writing to it does not fail, it takes for ever.
  it('holds nothing up either where writing waits for the reader, and not the end', async () => {
    const folder = temporaryFolder()
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    const stdout = openSync(pipe, constants.O_RDWR)
    const server = ServerProcess.unawaited({ JWT_SECRET: SECRET, LOG_LEVEL: 'debug' }, stdout)
    onTestFinished(() => {
      closeSync(stdout)
      removeFolder(folder)
    })
    const httpUrl = /HTTP +(\S+)/.exec(await server.banner())?.[1] ?? ''
    for (let i = 0; i < 20; i++) {
      await Promise.all(Array.from({ length: 50 }, async () => request(`${httpUrl}/api/v1/events/recent`)))
    }
    expect((await request(`${httpUrl}/health`)).status).toBe(200)
    expect(await server.stop()).toEqual({ code: 0, signal: null })
  })

  it('is empty when it shall be silent', async () => {
    const server = ServerProcess.unawaited({ LOG_LEVEL: 'silent' })
    await server.banner()
    expect(await server.stop()).toEqual({ code: 0, signal: null })
    expect(server.stdout).toBe('')
  })
})
