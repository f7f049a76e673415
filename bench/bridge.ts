/**
 * How many events a second the bridge brings from Redis into the logs, beside a bare subscriber that only parses them:
 *
 *     npm run bench:bridge -- [--runs 3] [--events 20000]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { BridgeProcess } from '../test/chaos/bridge/bridge-process.ts'
import { ServerProcess } from '../test/chaos/server-process.ts'
import { RedisServer } from '../test/support/redis-server.ts'
import { eventText } from './load.ts'
import { cpuOf, print, rounded, withFolder } from './measure.ts'
import { numbersOrExit } from './options.ts'

const USERS = 100
const EVENT_BYTES = 400
const CHANNEL = 'business-events'
const ROOM = { BRIDGE_QUEUE_MESSAGES: '1000000', BRIDGE_QUEUE_MIB: '1024' }

const { runs: runCount, events: count } = numbersOrExit('bench:bridge', { runs: 3, events: 20_000 })
const bodies = (from: number) =>
  Array.from({ length: count }, (_, n) =>
    eventText(`user-${(from + n) % USERS}`, `user-${(from + n + 1) % USERS}`, EVENT_BYTES),
  )

type Row = Record<string, string | number>

/** As fast as Redis takes it: 500 commands a round trip. */
async function send(redis: Redis, command: (body: string) => string[]): Promise<void> {
  const all = bodies(0).map(command)
  for (let at = 0; at < all.length; at += 500) await redis.pipeline(all.slice(at, at + 500)).exec()
}

const published = (body: string): string[] => ['publish', CHANNEL, body]
const added = (body: string): string[] => ['xadd', CHANNEL, '*', 'event', body]

/** From `begin` to `done`, and what it took the process. */
async function measured(
  what: string,
  pid: number,
  begin: () => Promise<void>,
  done: () => Promise<void>,
): Promise<Row> {
  const cpu = cpuOf(pid)
  const began = performance.now()
  await begin()
  await done()
  const seconds = (performance.now() - began) / 1000
  return { what, 'events/s': rounded(count / seconds), 'CPU µs/event': rounded((cpuOf(pid) - cpu) / count) }
}

async function bare(server: RedisServer, redis: Redis): Promise<Row> {
  const path = fileURLToPath(new URL('bare-subscriber.ts', import.meta.url))
  const child = fork(path, {
    env: { ...process.env, REDIS_URL: server.url, COUNT: String(count) },
    stdio: 'inherit',
  })
  await once(child, 'message')
  const done = once(child, 'message')
  const row = await measured(
    'bare ioredis subscriber',
    child.pid ?? 0,
    async () => send(redis, published),
    async () => {
      await done
    },
  )
  child.disconnect()
  await once(child, 'exit')
  return row
}

/** Until the bridge has brought them all. */
async function allBrought(origin: string): Promise<void> {
  for (;;) {
    const text = await (await fetch(`${origin}/metrics`)).text()
    if (Number(/messages_total\{result="published"\} (\d+)/.exec(text)?.[1]) >= count) return
    await sleep(50)
  }
}

/** `npm start` with `REDIS_URL`. */
async function embedded(server: RedisServer, redis: Redis, from: 'pubsub' | 'stream'): Promise<Row> {
  return withFolder(async (dataDir) => {
    const environment = { REDIS_URL: server.url, REDIS_FROM: from, ...ROOM }
    if (from === 'stream') await send(redis, added)
    const fanout = await ServerProcess.start({ dataDir, environment })
    await reading(redis, from)
    const row = await measured(
      `${from} into npm start`,
      fanout.pid,
      async () => (from === 'pubsub' ? send(redis, published) : undefined),
      async () => allBrought(fanout.httpUrl),
    )
    await fanout.stop()
    return row
  })
}

/** `fanout bridge` beside a server. */
async function beside(server: RedisServer, redis: Redis, from: 'pubsub' | 'stream'): Promise<Row> {
  return withFolder(async (dataDir) => {
    if (from === 'stream') await send(redis, added)
    const fanout = await ServerProcess.start({ dataDir })
    const bridge = new BridgeProcess(['--from', from, '--redis', server.url, '--to', fanout.httpUrl], ROOM)
    const origin = (await bridge.health()).replace('/health', '')
    await reading(redis, from)
    const row = await measured(
      `${from} by fanout bridge, over HTTP`,
      bridge.pid,
      async () => (from === 'pubsub' ? send(redis, published) : undefined),
      async () => allBrought(origin),
    )
    await bridge.end()
    await fanout.stop()
    return row
  })
}

async function reading(redis: Redis, from: 'pubsub' | 'stream'): Promise<void> {
  const isReading = async () =>
    from === 'pubsub'
      ? Number((await redis.pubsub('NUMSUB', CHANNEL))[1]) > 0
      : ((await redis.xinfo('GROUPS', CHANNEL)) as unknown[]).length > 0
  while (!(await isReading())) await sleep(5)
}

async function run(): Promise<Row[]> {
  const rows: Row[] = []
  for (const measure of [
    bare,
    async (server: RedisServer, redis: Redis) => embedded(server, redis, 'pubsub'),
    async (server: RedisServer, redis: Redis) => embedded(server, redis, 'stream'),
    async (server: RedisServer, redis: Redis) => beside(server, redis, 'pubsub'),
    async (server: RedisServer, redis: Redis) => beside(server, redis, 'stream'),
  ]) {
    const server = await RedisServer.start()
    const redis = new Redis(server.url, { protocol: 2 })
    rows.push(await measure(server, redis))
    redis.disconnect()
    await server.dispose()
  }
  const [floor] = rows
  return rows.map((row) => ({
    ...row,
    'of the bare one': rounded(Number(row['events/s']) / Number(floor?.['events/s']), 3),
  }))
}

const runs: Row[][] = []
for (let i = 0; i < runCount; i++) runs.push(await run())
print(runs)
