/** What is wrong with a deployment, or on the way to it: `fanout doctor` names it. */
import { createServer, request as httpRequest, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { deployment, deploymentOf, SECRET } from '../e2e/deployment.ts'
import { ServerProcess } from '../e2e/server-process.ts'
import { unique } from '../e2e/tokens.ts'
import { RedisServer } from '../support/redis-server.ts'
import { doctor, why } from './ask.ts'
import { nameOf } from './ways.ts'

/** A proxy in front of the HTTP port. @param meddle answers by itself, or changes what comes back */
async function proxyTo(
  httpUrl: string,
  meddle: (...given: [...Parameters<RequestListener>, forward: (shiftDate?: number) => void]) => void,
): Promise<string> {
  const server = createServer((incoming, response) => {
    meddle(incoming, response, (shiftDate = 0) => {
      const { method, headers } = incoming
      const forwarded = httpRequest(new URL(incoming.url ?? '/', httpUrl), { method, headers }, (answer) => {
        const date = new Date(Date.now() + shiftDate).toUTCString()
        response.writeHead(answer.statusCode ?? 502, { ...answer.headers, date })
        answer.pipe(response)
      })
      incoming.pipe(forwarded)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('a server that works', () => {
  const target = deployment()

  it('is well: the diagnosis that is none', async () => {
    const { code, causes, links } = await doctor(target)
    expect(causes).toEqual([])
    expect(code).toBe(0)
    expect(links.filter(({ status }) => status === 'ok').length).toBeGreaterThan(8)
  })

  it('polling blocked: something on the way answers instead of it', async () => {
    const httpUrl = await proxyTo(target.httpUrl, (incoming, response, forward) => {
      if (!incoming.url?.startsWith('/api/v1/events/recent')) forward()
      else response.writeHead(403, { 'content-type': 'text/html' }).end('<h1>Blocked by policy</h1>')
    })
    const { code, causes } = await doctor({ ...target, httpUrl, wsUrl: target.wsUrl, secret: target.secret })
    expect(causes).toContain(nameOf('polling blocked'))
    expect(code).toBe(1)
  })

  it('clock wrong: tokens end too early, or are not good yet', async () => {
    const httpUrl = await proxyTo(target.httpUrl, (_, __, forward) => {
      forward(-10 * 60_000)
    })
    const { code, causes } = await doctor({ httpUrl, wsUrl: target.wsUrl, secret: target.secret })
    expect(causes[0]).toBe(nameOf('clock wrong'))
    expect(code).toBe(1)
  })
})

it('is well, too, where a user may have fewer connections than the doctor opens', async () => {
  const server = await ServerProcess.forTest({ JWT_SECRET: SECRET, MAX_CONNECTIONS_PER_USER: '2' })
  const { code, causes, links } = await doctor(deploymentOf(server))
  expect([code, causes]).toEqual([0, []])
  expect(links.find(({ link }) => link === 'push')?.came).toContain('2 more were closed as evicted')
})

it('server down: nobody answers', async () => {
  const server = await ServerProcess.forTest({ JWT_SECRET: SECRET })
  const target = { ...deploymentOf(server) }
  await server.stop('SIGKILL')
  const { code, causes } = await doctor(target)
  expect(causes).toEqual([nameOf('server down')])
  expect(code).toBe(1)
})

it('Redis message lost: it was published while nobody listened', async () => {
  const redis = await RedisServer.forTest()
  // The server of the failure report: it runs, and is not subscribed.
  const target = deploymentOf(await ServerProcess.forTest({ JWT_SECRET: SECRET }))
  const [student, id] = [unique('student'), unique('event')]
  const event = { type: 'SESSION_COMPLETED', id, studentId: student }
  expect(await redis.client().publish('business-events', JSON.stringify(event))).toBe(0)
  expect((await why(target, student, id)).reason).toBe('never_published')
  const { causes } = await doctor(target, '--redis', redis.url)
  expect(causes).toEqual([nameOf('Redis message lost')])
})
