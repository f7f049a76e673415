/** Pub/sub with real processes: Redis, a server, and two bridges at once. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { emit } from '../../../src/publisher/redis/index.ts'
import { issueToken } from '../../../src/auth/issue-token.ts'
import { RedisServer } from '../../support/redis-server.ts'
import { HttpClient } from '../http-client.ts'
import { SECRET, ServerProcess } from '../server-process.ts'
import { BridgeProcess } from './bridge-process.ts'

const CHANNEL = 'business-events'
const USERS = ['ann', 'bob', 'cid', 'dan']

async function start() {
  const redis = await RedisServer.forTest()
  const dataDir = mkdtempSync(join(tmpdir(), 'fanout-bridge-pubsub-'))
  const server = await ServerProcess.start({ dataDir })
  onTestFinished(async () => {
    await server.kill()
    rmSync(dataDir, { recursive: true, force: true })
  })
  return { redis, server, client: redis.client() }
}

/** A bridge that listens. */
async function bridge({ url }: RedisServer, { httpUrl }: ServerProcess): Promise<BridgeProcess> {
  const running = new BridgeProcess(['--redis', url, '--to', httpUrl], { BRIDGE_GAP_SECONDS: '1' })
  onTestFinished(async () => {
    await running.end('SIGKILL')
  })
  await running.logged('subscribed')
  return running
}

async function metric(running: BridgeProcess, line: RegExp): Promise<number> {
  const text = await (await fetch((await running.health()).replace('/health', '/metrics'))).text()
  return Number(line.exec(text)?.[1] ?? 0)
}

async function log({ httpUrl }: ServerProcess, userId: string): Promise<number[]> {
  const client = new HttpClient(httpUrl, await issueToken(SECRET, { userId, expiresIn: 600 }))
  const numbers: number[] = []
  for (let after = 0, more = true; more;) {
    const { body } = await client.call('GET', `/api/v1/events/recent?after=${after}`)
    const page = JSON.parse(body) as { events: { offset: number; event: { n: number } }[]; more: boolean }
    numbers.push(...page.events.map(({ event }) => event.n))
    after = page.events.at(-1)?.offset ?? after
    ;({ more } = page)
  }
  client.close()
  return numbers
}

describe('two bridges at once', () => {
  it('bring each message once, with and without an id of its own', async () => {
    const { redis, server, client } = await start()
    const bridges = [await bridge(redis, server), await bridge(redis, server)]
    const expected = new Map<string, number[]>(USERS.map((user) => [user, []]))
    for (let n = 0; n < 2000; n++) {
      const [trainerId = '', studentId = ''] = [USERS[n % 4], USERS[(n + 1 + (n % 3)) % 4]]
      const id = n % 2 === 0 ? { id: `message-${n}` } : {}
      void client.publish(
        CHANNEL,
        JSON.stringify({ type: 'T', timestamp: 1_790_000_000_000 + n, n, trainerId, studentId, ...id }),
      )
      for (const user of new Set([trainerId, studentId])) expected.get(user)?.push(n)
    }
    for (const user of USERS)
      await expect.poll(async () => log(server, user), { timeout: 30_000 }).toEqual(expected.get(user))
    const took = async (result: string) => {
      const counts = bridges.map(async (one) =>
        metric(one, new RegExp(`messages_total\\{result="${result}"\\} (\\d+)`)),
      )
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
    }
    // Every message went both ways, and was new to the server once.
    await expect.poll(async () => [await took('published'), await took('duplicate')]).toEqual([2000, 2000])
    for (const user of USERS) expect(await log(server, user)).toEqual(expected.get(user))
  })
})

describe('a bridge that was away', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)('reports how many it has missed, after %s', async (signal) => {
    const { redis, server, client } = await start()
    const event = (n: number) => ({ type: 'T', id: `message-${n}`, n, userId: 'ann' })
    const first = await bridge(redis, server)
    for (let n = 1; n <= 20; n++) await emit(client, event(n), { producer: 'sessions-api' })
    await expect.poll(async () => log(server, 'ann')).toHaveLength(20)
    // What it has brought it has also written down: as soon as this is known, it may die.
    await expect
      .poll(async () => Object.values(await client.hgetall(`{${CHANNEL}}:numbers:event-fanout`)).join())
      .toContain('"ranges":[[0,20,')
    await first.end(signal)
    for (let n = 21; n <= 63; n++) await emit(client, event(n), { producer: 'sessions-api' })

    const second = await bridge(redis, server)
    await emit(client, event(64), { producer: 'sessions-api' })
    const line = await second.logged(
      'messages lost in Redis: a producer has numbered them, and no bridge has got them; what was emitted is still in the stream, for bridges with --from stream',
    )
    expect(line).toMatchObject({
      level: 'error',
      producer: expect.stringMatching(/^sessions-api\//) as string,
      from: 21,
      to: 63,
      count: 43,
    })
    expect(await metric(second, /lost_messages_total\{reason="gap"\} (\d+)/)).toBe(43)
    expect(await log(server, 'ann')).toEqual([...Array.from({ length: 20 }, (_, i) => i + 1), 64])
  })
})
