import type { Redis } from 'ioredis'
import { expect } from 'vitest'
import { RedisServer } from '../support/redis-server.ts'
import { bridgeFrom, type RunningBridge } from './set-up.ts'

export const STREAM = 'business-events'
export const GROUP = 'event-fanout'
export const LEASE = `{${STREAM}}:lease:${GROUP}`
export const event = (id: string, userId = 'ann') => JSON.stringify({ type: 'T', id, userId })
export const ids = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `e-${from + i}`)

export async function add(client: Redis, ...all: readonly string[]): Promise<string[]> {
  const results = await client.pipeline(all.map((id) => ['xadd', STREAM, '*', 'event', event(id)])).exec()
  return (results ?? []).map(([, entry]) => String(entry))
}

/** What the group was given and has not acknowledged, in order. */
export async function pending(client: Redis): Promise<string[]> {
  const rows = (await client.xpending(STREAM, GROUP, '-', '+', 10_000)) as [string][]
  return rows.map(([entry]) => entry)
}

/** Until the group has been given, and has acknowledged, the last entry. (Its `lag` is wrong once a stream was trimmed.) */
export async function settled(client: Redis): Promise<void> {
  await expect
    .poll(async () => {
      const [group = []] = (await client.xinfo('GROUPS', STREAM)) as unknown[][]
      const stream = (await client.xinfo('STREAM', STREAM)) as unknown[]
      const last = stream[stream.indexOf('last-generated-id') + 1]
      return [group[group.indexOf('last-delivered-id') + 1] === last, group[group.indexOf('pending') + 1]]
    })
    .toEqual([true, 0])
}

export async function reading(bridge: RunningBridge, terms = 1): Promise<void> {
  await expect.poll(() => bridge.logged('reading the stream').length, { timeout: 20_000 }).toBe(terms)
}

export async function start(overrides: Parameters<typeof bridgeFrom>[2] = {}) {
  const redis = await RedisServer.forTest()
  const running = bridgeFrom(redis, 'stream', overrides)
  await reading(running)
  return { redis, client: redis.client(), ...running, running }
}
