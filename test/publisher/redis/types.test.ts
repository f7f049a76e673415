/** What the compiler says; `npm run types` is the test, and Vitest runs what is left of it. */
import type { Cluster, Redis } from 'ioredis'
import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  emit,
  type Emitted,
  type EventToEmit,
  type RedisConnection,
} from '../../../src/publisher/redis/index.ts'

interface AppEvents {
  SESSION_COMPLETED: { sessionId: string; trainerId: string }
  SESSION_CANCELLED: { sessionId: string; reason?: string }
}

/** As apps declare it elsewhere: an interface has no index signature. */
interface SessionCompleted {
  type: 'SESSION_COMPLETED'
  sessionId: string
  trainerId: string
  studentId: string
}

/** One that takes everything and keeps nothing. */
const redis: RedisConnection = {
  multi: () => ({
    exec: async () => [
      [null, '1-0'],
      [null, 0],
      [null, 1],
    ],
  }),
}

const completed: SessionCompleted = {
  type: 'SESSION_COMPLETED',
  sessionId: 's',
  trainerId: 't',
  studentId: 'u',
}
const cancelled = { type: 'SESSION_CANCELLED', sessionId: 's' } as const

describe('a connection', () => {
  it('is a Redis or a Cluster of ioredis', () => {
    expectTypeOf<Redis>().toExtend<RedisConnection>()
    expectTypeOf<Cluster>().toExtend<RedisConnection>()
    expectTypeOf<{ get(key: string): Promise<string> }>().not.toExtend<RedisConnection>()
  })
})

describe('with an event map', () => {
  it('emit takes events of the map, with other fields as well', async () => {
    await emit<AppEvents>(redis, { type: 'SESSION_COMPLETED', sessionId: 's', trainerId: 't' })
    await emit<AppEvents>(redis, {
      type: 'SESSION_CANCELLED',
      sessionId: 's',
      recipientIds: ['u'],
      role: 'x',
    })
    await emit<AppEvents>(
      redis,
      { ...cancelled, id: 'e', timestamp: 1 },
      { channel: 'c', keep: 1, producer: 'p' },
    )
    await emit<AppEvents>(redis, { ...cancelled, id: undefined, timestamp: new Date(0) })
    const event: EventToEmit<AppEvents> = completed
    expect(await emit<AppEvents>(redis, event)).toEqual({
      id: expect.any(String) as string,
      entry: '1-0',
      subscribers: 0,
    })
  })

  it('emit takes nothing else', async () => {
    // @ts-expect-error -- no such type
    await emit<AppEvents>(redis, { type: 'SESSION_STARTED', sessionId: 's' })
    // @ts-expect-error -- a field of the map is missing
    await emit<AppEvents>(redis, { type: 'SESSION_COMPLETED', sessionId: 's' })
    // @ts-expect-error -- a field of the map is of another type
    await emit<AppEvents>(redis, { type: 'SESSION_COMPLETED', sessionId: 1, trainerId: 't' })
    // @ts-expect-error -- so is one that may be left out
    await emit<AppEvents>(redis, { ...cancelled, reason: 1 })
    // @ts-expect-error -- an id is a string
    await emit<AppEvents>(redis, { ...cancelled, id: 1 })
    // @ts-expect-error -- no type at all
    await emit<AppEvents>(redis, { sessionId: 's' })
    // @ts-expect-error -- any text could be any type
    await emit<AppEvents>(redis, { ...cancelled, type: 'SESSION_CANCELLED' as string })
    // @ts-expect-error -- no such option
    await emit<AppEvents>(redis, cancelled, { deadline: 1 })
    expect.assertions(0)
  })
})

describe('without an event map', () => {
  it('emit takes any object with a type', async () => {
    expectTypeOf(emit(redis, { type: 'ANY', whatever: { a: [1] } })).resolves.toEqualTypeOf<Emitted>()
    await emit(redis, completed)
    const dynamic: { [field: string]: unknown; type: string } = { type: 'ANY' }
    expect(await emit(redis, dynamic)).toMatchObject({ entry: '1-0' })
    // @ts-expect-error -- no type
    await emit(redis, { whatever: 1 })
    // @ts-expect-error -- a type is text
    await emit(redis, { type: 1 })
  })
})
