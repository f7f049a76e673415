import { once } from 'node:events'
import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { Client, handshake } from '../e2e/client.ts'
import { deploymentOf, SECRET } from '../e2e/deployment.ts'
import { post, request } from '../e2e/http.ts'
import { ServerProcess } from '../e2e/server-process.ts'
import { publisherToken, unique } from '../e2e/tokens.ts'
import { issuedToken, Issuer } from './jwks.ts'

const publisher = issuedToken('RS256', { sub: 'backend', scope: 'events:publish' })

/** A server in the middle of a publish: it waits for the issuer's keys, which come when the test says so. */
async function publishing() {
  const issuer = await Issuer.start({ held: true })
  const server = await ServerProcess.forTest({ JWT_JWKS_URL: issuer.url })
  const userId = unique('user')
  const answer = post(deploymentOf(server), { type: 'T', id: unique('event'), userId }, publisher)
  await issuer.asked
  return { issuer, server, userId, answer }
}

function open(server: ServerProcess, agent: Agent, length: number, token: string): ClientRequest {
  return httpRequest(`${server.httpUrl}/api/v1/events`, {
    method: 'POST',
    agent,
    headers: { authorization: `Bearer ${token}`, 'content-length': length },
  })
}

async function answerTo(sent: ClientRequest) {
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const { statusCode: status, headers } = response
  return { status, headers, body: JSON.parse(await text(response)) as unknown }
}

describe('SIGTERM', () => {
  it('lets a running publish finish, and refuses what comes after', async () => {
    const { issuer, server, userId, answer } = await publishing()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const keptAlive = httpRequest(`${server.httpUrl}/health`, { agent })
    keptAlive.end()
    expect(await answerTo(keptAlive)).toMatchObject({ status: 200 })
    const event = JSON.stringify({ type: 'T', id: unique('event'), userId })

    server.signal('SIGTERM')
    await server.logged('draining')

    const late = open(server, agent, event.length, publisher)
    late.end(event)
    expect(await answerTo(late)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1', connection: 'close' },
      body: { code: 'unavailable', status: 503, detail: 'the server is draining; try again in a moment' },
    })
    expect(late.reusedSocket).toBe(true)
    const health = await request(`${server.httpUrl}/health`)
    expect(health.status).toBe(503)
    expect(health.json).toMatchObject({ status: 'failing', parts: { http: { status: 'failing' } } })

    issuer.release()
    const { status, json } = await answer
    expect(status).toBe(200)
    expect(json).toMatchObject({ duplicate: false, recipients: [{ userId }] })
    expect(await server.exited).toEqual({ code: 0, signal: null })
    expect(server.lines.at(-1)).toMatchObject({ level: 'info', msg: 'stopped' })
  })

  it('lets it push to sockets that are still open, and closes them then', async () => {
    const issuer = await Issuer.start({ held: true })
    const server = await ServerProcess.forTest({ JWT_JWKS_URL: issuer.url })
    const userId = unique('user')
    const opening = handshake(server.wsUrl, 'header', issuedToken('RS256', { sub: userId }))
    await issuer.asked
    const client = new Client(opening)
    issuer.release()
    await once(opening, 'open')
    const answers = Array.from({ length: 20 }, (_, n) =>
      post(deploymentOf(server), { type: 'T', id: unique('event'), userId, n }, publisher),
    )
    server.signal('SIGTERM')
    const answered = await Promise.allSettled(answers)
    expect(await client.closed).toEqual({ code: 1001, reason: 'Going away' })
    const taken = answered.filter((one) => one.status === 'fulfilled' && one.value.status === 200)
    expect(await client.rest()).toHaveLength(taken.length)
    expect(await server.exited).toEqual({ code: 0, signal: null })
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('%s closes sockets with 1001 and exits with 0', async (signal) => {
    const server = await ServerProcess.forTest({ JWT_SECRET: SECRET })
    const clients = [
      await Client.connect(deploymentOf(server), unique('user')),
      await Client.connect(deploymentOf(server), unique('user')),
    ]
    server.signal(signal)
    for (const client of clients) expect(await client.closed).toEqual({ code: 1001, reason: 'Going away' })
    expect(await server.exited).toEqual({ code: 0, signal: null })
    expect(server.lines.filter(({ msg }) => msg === 'disconnected')).toHaveLength(2)
  })

  it('answers a publish whose body comes slowly, instead of cutting it off', async () => {
    const server = await ServerProcess.forTest({ JWT_SECRET: SECRET })
    const agent = new Agent({ keepAlive: true })
    const event = JSON.stringify({ type: 'T', id: unique('event'), userId: unique('user') })
    const slow = open(server, agent, event.length, publisherToken(deploymentOf(server)))
    const written = new Promise((resolve) => slow.write(event.slice(0, 10), resolve))
    await written
    // The server has read the head, for it has answered what came after it on another connection.
    expect((await request(`${server.httpUrl}/health`)).status).toBe(200)
    server.signal('SIGTERM')
    await server.logged('draining')
    slow.end(event.slice(10))
    const { status, body } = await answerTo(slow)
    expect({ status, body }).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    expect(await server.exited).toEqual({ code: 0, signal: null })
  })

  it('is not held up for ever by a publish whose body never comes', async () => {
    const server = await ServerProcess.forTest({ JWT_SECRET: SECRET })
    const stuck = open(server, new Agent(), 100, publisherToken(deploymentOf(server)))
    const cut = once(stuck, 'error')
    await new Promise((resolve) => stuck.write('{', resolve))
    expect((await request(`${server.httpUrl}/health`)).status).toBe(200)
    expect(await server.stop()).toEqual({ code: 0, signal: null })
    expect(await cut).toMatchObject([{ code: 'ECONNRESET' }])
  })

  it('a second time ends at once', async () => {
    const { server, answer } = await publishing()
    answer.catch(() => undefined)
    server.signal('SIGTERM')
    await server.logged('draining')
    expect(await server.stop('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' })
    await expect(answer).rejects.toThrow('fetch failed')
  })
})
