/** `npm start` with `REDIS_URL`, as a process, beside a real Redis. */
import { describe, expect, it } from 'vitest'
import { emit } from '../../src/publisher/redis/index.ts'
import { Client } from '../e2e/client.ts'
import { deploymentOf, SECRET } from '../e2e/deployment.ts'
import { publish, recent, request } from '../e2e/http.ts'
import { ServerProcess } from '../e2e/server-process.ts'
import { unique } from '../e2e/tokens.ts'
import { RedisServer } from '../support/redis-server.ts'

async function start(environment: Readonly<Record<string, string>> = {}) {
  const redis = await RedisServer.forTest()
  const server = await ServerProcess.forTest({ JWT_SECRET: SECRET, REDIS_URL: redis.url, ...environment })
  await server.logged(environment['REDIS_FROM'] === 'stream' ? 'reading the stream' : 'subscribed')
  return { redis, server, target: deploymentOf(server) }
}

/** As in the failure report. */
function sessionCompleted() {
  return {
    type: 'SESSION_COMPLETED',
    timestamp: Date.now(),
    userId: unique('user'),
    role: 'trainer',
    sessionId: unique('session'),
    trainerId: unique('trainer'),
    studentId: unique('student'),
  }
}

describe('the failure report’s one-liner', () => {
  it('reaches both sockets, and recent, unchanged plus its id', async () => {
    const { redis, target } = await start()
    const event = sessionCompleted()
    const trainer = await Client.connect(target, event.trainerId)
    const student = await Client.connect(target, event.studentId)

    await redis.client().publish('business-events', JSON.stringify(event))

    for (const client of [trainer, student]) {
      const frame = await client.next()
      expect(frame).toMatchObject({ type: 'event', event })
    }
    for (const userId of [event.trainerId, event.studentId]) {
      const { events } = await recent(target, userId)
      expect(events).toEqual([
        {
          offset: expect.any(Number) as number,
          loggedAt: expect.any(Number) as number,
          event: { ...event, id: expect.stringMatching(/^[\da-f]{64}$/) as string },
        },
      ])
    }
    expect((await recent(target, event.userId)).events).toEqual([])
  })

  it('is the same event when it comes over HTTP as well', async () => {
    const { redis, server, target } = await start()
    const event = sessionCompleted()
    const client = await Client.connect(target, event.trainerId)
    await redis.client().publish('business-events', JSON.stringify(event))
    await client.next()

    expect(await publish(target, event)).toMatchObject({ duplicate: true })
    await redis.client().publish('business-events', JSON.stringify(event))
    await expect
      .poll(async () => (await request(`${server.httpUrl}/metrics`)).text)
      .toContain('fanout_bridge_messages_total{result="duplicate"} 1')
    expect(await client.arrived()).toEqual([])
  })
})

describe('emit', () => {
  it.each(['pubsub', 'stream'])(
    'reaches the logs by %s, without the number that the bridge takes away',
    async (from) => {
      const { redis, target } = await start({ REDIS_FROM: from })
      const event = sessionCompleted()
      await emit(redis.client(), { ...event, id: event.sessionId })
      await expect.poll(async () => (await recent(target, event.studentId)).events).toHaveLength(1)
      const { events } = await recent(target, event.studentId)
      expect(events[0]!.event).toEqual({ ...event, id: event.sessionId })
    },
  )
})

it('the banner says where it comes from, without the password', async () => {
  const redis = await RedisServer.forTest('--requirepass', 'geheim')
  const url = redis.url.replace('//', '//:geheim@')
  const server = await ServerProcess.forTest({ JWT_SECRET: SECRET, REDIS_URL: url, REDIS_CHANNEL: 'events' })
  await server.logged('subscribed')
  expect(await server.banner()).toContain(`\n  Redis      ${redis.url}, channel events\n`)
  expect(server.stdout + server.stderr).not.toContain('geheim')
})

describe('/health', () => {
  it('says that Redis is away, and the server serves all the same', async () => {
    const { redis, server, target } = await start()
    expect((await request(`${server.httpUrl}/health`)).json).toMatchObject({
      status: 'ok',
      parts: { redis: { status: 'ok' } },
    })
    await redis.stop('SIGKILL')

    const unwell = async () => (await request(`${server.httpUrl}/health`)).json
    await expect
      .poll(unwell)
      .toMatchObject({ status: 'failing', parts: { redis: { status: 'failing' }, log: { status: 'ok' } } })
    expect(await unwell()).toMatchObject({
      parts: { redis: { detail: expect.stringContaining('Redis cannot be used') as string } },
    })
    expect(await publish(target, sessionCompleted())).toMatchObject({ duplicate: false })

    await redis.start()
    await expect.poll(unwell, { timeout: 30_000 }).toMatchObject({ status: 'ok' })
    const event = sessionCompleted()
    await redis.client().publish('business-events', JSON.stringify(event))
    await expect.poll(async () => (await recent(target, event.trainerId)).events).toHaveLength(1)
  })

  it('is not kept from starting by a Redis that is not there', async () => {
    const redis = await RedisServer.forTest()
    await redis.stop()
    const server = await ServerProcess.forTest({ JWT_SECRET: SECRET, REDIS_URL: redis.url })
    const { json, status } = await request(`${server.httpUrl}/health`)
    expect(status).toBe(503)
    expect(json).toMatchObject({ parts: { http: { status: 'ok' }, redis: { status: 'failing' } } })
    expect(await server.stop()).toEqual({ code: 0, signal: null })
  })
})

describe('SIGTERM', () => {
  it('publishes what was taken from Redis, and ends with 0', async () => {
    const { redis, server } = await start({ REDIS_FROM: 'stream' })
    const client = redis.client()
    const ids = Array.from({ length: 500 }, (_, n) => `e-${n}`)
    for (const id of ids)
      void client.xadd('business-events', '*', 'event', JSON.stringify({ type: 'T', id, userId: 'ann' }))
    await client.ping()
    expect(await server.stop()).toEqual({ code: 0, signal: null })

    const again = await ServerProcess.forTest({
      JWT_SECRET: SECRET,
      REDIS_URL: redis.url,
      REDIS_FROM: 'stream',
      DATA_DIR: server.dataDir,
    })
    const target = deploymentOf(again)
    const logged = async () => {
      const all: string[] = []
      for (let after = 0, more = true; more;) {
        const page = await recent(target, 'ann', `?after=${after}`)
        all.push(...page.events.map(({ event }) => (event as { id: string }).id))
        after = page.events.at(-1)?.offset ?? after
        ;({ more } = page)
      }
      return all
    }
    await expect.poll(logged).toEqual(ids)
  })
})

it.each([
  [{ REDIS_URL: 'http://redis' }, /REDIS_URL is "http:\/\/redis"; it is no such address/],
  [{ REDIS_URL: 'redis://h', REDIS_FROM: 'list' }, /REDIS_FROM is "list"; it must be one of pubsub, stream/],
])('a setting that cannot be used ends the start: %j', async (environment, message) => {
  const server = ServerProcess.unawaited({ JWT_SECRET: SECRET, ...environment })
  expect(await server.exited).toEqual({ code: 2, signal: null })
  expect(server.stderr).toMatch(message)
})
