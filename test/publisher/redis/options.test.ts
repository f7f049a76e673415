import { describe, expect, it } from 'vitest'
import { emit, type EmitOptions, type RedisConnection } from '../../../src/publisher/redis/index.ts'
import { connectionTo, scriptedConnection, setUp } from './set-up.ts'

const event = { type: 'T', id: 'e-1' }

describe('an option that cannot be used', () => {
  it.each<[object, RegExp]>([
    [{ keep: 0 }, /^keep is 0; it must be a number of milliseconds, above 0$/],
    [{ keep: -1 }, /^keep is -1;/],
    [{ keep: NaN }, /^keep is NaN;/],
    [{ keep: Infinity }, /^keep is Infinity;/],
    [{ keep: '1000' }, /^keep is "1000";/],
    [{ channel: 'a b' }, /^the channel is "a b"; it must be 1 to 200 characters/],
    [{ channel: '' }, /^the channel is "";/],
    [{ producer: '' }, /^producer is ""; it must be 1 to 150 characters, each a letter/],
    [{ producer: 'my api' }, /^producer is "my api";/],
    [{ producer: 'böse' }, /^producer is "böse";/],
    [{ producer: 'p'.repeat(151) }, /^producer is "p+";/],
    [{ producer: 1 }, /^producer is 1;/],
  ])('%j is a TypeError, and nothing is sent', async (options, message) => {
    const { redis, calls } = scriptedConnection()
    const emitting = emit(redis, event, options as EmitOptions)
    await expect(emitting).rejects.toThrow(TypeError)
    await expect(emitting).rejects.toThrow(message)
    expect(calls).toEqual([])
  })
})

describe('a connection that cannot be used', () => {
  it.each([
    [undefined, /^the connection is undefined; it must be a Redis or a Cluster of ioredis$/],
    [null, /^the connection is null;/],
    [{}, /^the connection is an object without multi\(\);/],
  ])('%j is a TypeError', async (redis, message) => {
    const emitting = emit(redis as RedisConnection, event)
    await expect(emitting).rejects.toThrow(TypeError)
    await expect(emitting).rejects.toThrow(message)
  })

  it.each([
    ['a text', 'app:'],
    // The types do not say so, but ioredis takes it.
    ['bytes', Buffer.from('app:') as unknown as string],
  ])('has a keyPrefix, %s; without it is as the message says', async (_, keyPrefix) => {
    const { server, redis } = await setUp()
    const prefixed = connectionTo(server, { keyPrefix })
    const emitting = emit(prefixed, event)
    await expect(emitting).rejects.toThrow(TypeError)
    await expect(emitting).rejects.toThrow(/the keyPrefix "app:", .*redis\.duplicate\(\{ keyPrefix: '' \}\)/)
    expect(await redis.keys('*')).toEqual([])
    const bare = prefixed.duplicate({ keyPrefix: '' })
    await emit(bare, event)
    bare.disconnect()
    expect(await redis.exists('business-events')).toBe(1)
  })
})
