/** Redis trims whole nodes of a stream, 100 entries each: so there are several hundred. */
import type { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { emit } from '../../../src/publisher/redis/index.ts'
import { CHANNEL, entriesOf, setUp } from './set-up.ts'

const HOUR = 60 * 60 * 1000
const NODE = 100
const event = { type: 'T', id: 'e-1' }

/** Adds entries of a time, as if they had been emitted then. */
async function add(redis: Redis, count: number, time: number) {
  const commands = Array.from({ length: count }, (_, i) => [
    'xadd',
    CHANNEL,
    `${time}-${i + 1}`,
    'event',
    '{}',
  ])
  for (const [error] of (await redis.multi(commands).exec())!) expect(error).toBeNull()
}

async function times(redis: Redis): Promise<number[]> {
  return (await entriesOf(redis)).map(({ entry }) => Number(entry.split('-')[0]))
}

describe('the stream', () => {
  it('is trimmed by age, and keeps all that is not older', async () => {
    const { redis } = await setUp()
    const old = Date.now() - 2 * HOUR
    const recent = Date.now() - HOUR / 2
    await add(redis, 500, old)
    await add(redis, 300, recent)
    await emit(redis, event, { keep: HOUR })
    const left = await times(redis)
    expect(left.filter((time) => time === recent)).toHaveLength(300)
    expect(left.filter((time) => time === old).length).toBeLessThanOrEqual(NODE)
    expect(left.at(-1)).toBeGreaterThan(recent)
  })

  it('keeps seven days if nothing is said', async () => {
    const { redis } = await setUp()
    const tooOld = Date.now() - 7 * 24 * HOUR - HOUR
    const justNot = Date.now() - 7 * 24 * HOUR + HOUR
    await add(redis, 500, tooOld)
    await add(redis, 300, justNot)
    await emit(redis, event)
    const left = await times(redis)
    expect(left.filter((time) => time === justNot)).toHaveLength(300)
    expect(left.filter((time) => time === tooOld).length).toBeLessThanOrEqual(NODE)
  })

  it('keeps everything for longer than there is time, and a part of a millisecond does no harm', async () => {
    const { redis } = await setUp()
    await add(redis, 300, 1)
    await emit(redis, event, { keep: Number.MAX_VALUE })
    expect(await times(redis)).toHaveLength(301)
    await emit(redis, event, { keep: HOUR + 0.5 })
    expect((await times(redis)).length).toBeLessThanOrEqual(NODE + 2)
  })
})
