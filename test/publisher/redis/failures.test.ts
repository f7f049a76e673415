/** What the caller is told when emit, or Redis, refuses. */
import { describe, expect, it } from 'vitest'
import { emit } from '../../../src/publisher/redis/index.ts'
import { RedisServer } from '../../support/redis-server.ts'
import { failureOf } from '../set-up.ts'
import {
  CHANNEL,
  connectionTo,
  entriesOf,
  hintWith,
  scriptedConnection,
  setUp,
  subscriberOf,
} from './set-up.ts'

const event = { type: 'T', id: 'e-1' }
const circular: Record<string, unknown> & { type: string } = { type: 'T', id: 'e-1' }
circular['self'] = circular
const HINT = hintWith('with the id "e-1"')

describe('an event that is refused', () => {
  it.each<[string, unknown, object, RegExp]>([
    ['is circular', circular, { code: 'invalid_event', id: 'e-1' }, /cannot be written as JSON: .*circular/],
    [
      'is too large',
      { ...event, text: 'ä'.repeat(61_440) },
      { code: 'event_too_large', limit: 122_880, actual: 122_913, id: 'e-1' },
      /publish a reference to the large part/,
    ],
    ['is a text', 'T', { code: 'invalid_event', path: '' }, /an object with a type, not string/],
    ['is null', null, { code: 'invalid_event', path: '' }, /an object with a type, not object/],
    ['is an array', [event], { code: 'invalid_event', path: '' }, /not an array; emit one after the other/],
    ['writes itself as nothing', { toJSON: () => undefined }, { code: 'invalid_event' }, /not object/],
    ['is missing', undefined, { code: 'invalid_event' }, /an object with a type, not undefined/],
  ])('as it %s is not sent', async (_, wrong, facts, message) => {
    const { redis, calls } = scriptedConnection()
    const error = await failureOf(emit(redis, wrong as typeof event))
    expect(error).toMatchObject({ refused: true, mayHaveBeenPublished: false, attempts: 0, ...facts })
    expect(error.message).toMatch(message)
    expect(calls).toEqual([])
  })
})

describe('Redis refuses', () => {
  it('a stream whose key holds something else: subscribers have seen the event then', async () => {
    const { server, redis } = await setUp()
    const { first } = await subscriberOf(server)
    await redis.set(CHANNEL, 'something else')
    const error = await failureOf(emit(redis, event))
    expect(error).toMatchObject({
      code: 'unavailable',
      refused: false,
      mayHaveBeenPublished: true,
      attempts: 1,
      id: 'e-1',
      cause: { message: 'WRONGTYPE Operation against a key holding the wrong kind of value' },
    })
    expect(error.message).toBe(
      `Redis refuses it (WRONGTYPE Operation against a key holding the wrong kind of value); the keys business-events (a stream) and {business-events}:producers (a hash) must be emit's own, so rename what is there, or emit to another channel${HINT}`,
    )
    expect(await first(1)).toHaveLength(1)
  })

  it.each([
    ['a command', ['~*', '&*', '+@all', '-xadd'], /NOPERM .*'xadd'/],
    ['the channel', ['~*', '+@all'], /NOPERM .*channels/],
    ['a key', [`~${CHANNEL}`, '&*', '+@all'], /NOPERM .*keys/],
    ['transactions', ['~*', '&*', '+@all', '-multi'], /NOPERM .*'multi'/],
  ])('%s to this user', async (_, rules, reason) => {
    const { server, redis } = await setUp()
    await redis.call('ACL', 'SETUSER', 'app', 'on', '>secret', ...rules)
    const app = connectionTo(server, { username: 'app', password: 'secret' })
    const error = await failureOf(emit(app, event))
    expect(error).toMatchObject({ code: 'unavailable', refused: false, mayHaveBeenPublished: true })
    expect(error.message).toMatch(reason)
    expect(error.message).toMatch(
      /needs ~business-events ~\{business-events\}:producers &business-events \+multi \+exec \+xadd \+publish \+hset/,
    )
    expect(error.message.endsWith(HINT)).toBe(true)
  })

  it('nothing to a user who has just what the message names', async () => {
    const { server, redis } = await setUp()
    const rules = `~${CHANNEL} ~{${CHANNEL}}:producers &${CHANNEL} +multi +exec +xadd +publish +hset`
    await redis.call('ACL', 'SETUSER', 'app', 'on', '>secret', ...rules.split(' '))
    // Asking whether Redis is ready is `ioredis`'s, and would need INFO.
    const app = connectionTo(server, { username: 'app', password: 'secret', enableReadyCheck: false })
    expect(await emit(app, event)).toMatchObject({ id: 'e-1' })
  })

  it('for it is out of memory', async () => {
    const { redis } = await setUp()
    await redis.config('SET', 'maxmemory', '1')
    const error = await failureOf(emit(redis, event))
    expect(error).toMatchObject({ code: 'unavailable', refused: false, mayHaveBeenPublished: true })
    expect(error.message).toBe(
      `Redis refuses it (OOM command not allowed when used memory > 'maxmemory'.); raise its maxmemory, or let it keep less${HINT}`,
    )
    expect(await entriesOf(redis)).toEqual([])
  })

  it('writing, as it is a replica', async () => {
    const { server, redis } = await setUp()
    const primary = await RedisServer.forTest()
    await redis.replicaof('127.0.0.1', primary.port)
    const error = await failureOf(emit(server.client(), event))
    expect(error).toMatchObject({ code: 'unavailable', mayHaveBeenPublished: true })
    expect(error.message).toMatch(/READONLY .*; connect to the primary/)
  })

  it('a transaction on a connection whose app watches a key that has changed', async () => {
    const { server, redis } = await setUp()
    const app = server.client()
    await app.watch('a-key')
    await redis.set('a-key', 1)
    const error = await failureOf(emit(app, event))
    expect(error).toMatchObject({ code: 'unavailable', mayHaveBeenPublished: true, id: 'e-1' })
    expect(error.message).toMatch(/dropped the transaction.*; emit on a connection without WATCH; /)
    expect(await entriesOf(redis)).toEqual([])
    expect(await emit(app, event)).toMatchObject({ id: 'e-1' })
  })
})
