import { describe, expect, it } from 'vitest'
import { eventOf } from '../../src/bridge/message.ts'
import type { Reply } from '../../src/bridge/redis/script.ts'
import { messagesOf } from '../../src/bridge/stream/entry.ts'
import { Group } from '../../src/bridge/stream/group.ts'
import { bridgeKeys } from '../../src/bridge/keys.ts'
import { Lease } from '../../src/bridge/stream/lease.ts'
import { emit } from '../../src/publisher/redis/index.ts'
import { RecordingLogger } from '../support/fakes.ts'
import { RedisServer } from '../support/redis-server.ts'

const EVENT = '{"type":"T","id":"e-1","userId":"ann"}'

/** As Redis answers: bytes all the way down. */
function entry(id: string, ...words: readonly (string | Buffer)[]): Reply {
  return [Buffer.from(id), words.map((word) => Buffer.from(word))]
}

function read(...words: readonly (string | Buffer)[]) {
  const [message, ...others] = messagesOf([entry('1-2', ...words)])
  if (message === undefined || others.length > 0) throw new Error('one entry is one message')
  return message
}

const numbered = (producer: string, number: string) =>
  read('event', EVENT, 'producer', producer, 'number', number).number

describe('the event', () => {
  it('is in the field of that name, among whatever others', () => {
    expect(read('trace', 'x', 'event', EVENT, 'shard', '7')).toEqual({
      entry: '1-2',
      bytes: Buffer.from(EVENT),
    })
  })

  it.each(['payload', 'data', 'producer', 'number', '', '__proto__', '\0', 'é'])(
    'is the only field, though it be called %j',
    (name) => {
      expect(read(name, EVENT)).toEqual({ entry: '1-2', bytes: Buffer.from(EVENT) })
    },
  )

  it('is what was written, whatever bytes those are', () => {
    const bytes = Buffer.from([0, 0xff, 0x80, 0x7b])
    expect(read('event', bytes).bytes).toEqual(bytes)
    expect(read('anything', bytes).bytes).toEqual(bytes)
    expect(read('event', '').bytes).toEqual(Buffer.alloc(0))
  })
})

describe('an entry without an event', () => {
  it('says which fields it has, and is kept as JSON of them', () => {
    const message = read('type', 'T', 'userId', 'ann', '__proto__', 'x')
    expect(eventOf(message)).toEqual({
      code: 'no_event_field',
      message:
        "the entry has the fields type, userId, __proto__ and none named event; put the event's JSON into that one",
    })
    expect(message.entry).toBe('1-2')
    expect(message.bytes.toString()).toBe('{"type":"T","userId":"ann","__proto__":"x"}')
  })

  it('does not take one of several for it, nor a name in another spelling', () => {
    expect(read('Event', EVENT, 'x', '1').problem).toMatchObject({ code: 'no_event_field' })
    expect(read('payload', EVENT, 'producer', 'p', 'number', '1').problem).toBeDefined()
  })

  it('has a reason of bounded length, however many fields there are', () => {
    const message = read(...Array.from({ length: 2000 }, (_, i) => `field-${i}`))
    expect(message.problem!.message.length).toBeLessThan(700)
  })

  it.each(['event', 'payload'])('is one with several fields %j: taking one would lose the others', (name) => {
    const message = read(name, EVENT, name, '{}')
    expect(message.problem).toEqual({
      code: 'no_event_field',
      message: expect.stringContaining('2 fields of the same name') as string,
    })
    expect(JSON.parse(message.bytes.toString())).toEqual({ [name]: [EVENT, '{}'] })
  })
})

describe('the number', () => {
  it('is there if both its fields are', () => {
    expect(numbered('sessions/lx2k.0a1b2c3d', '17')).toEqual({
      producer: 'sessions/lx2k.0a1b2c3d',
      number: 17,
    })
    expect(read('event', EVENT, 'producer', 'p')).not.toHaveProperty('number')
    expect(read('event', EVENT, 'number', '1')).not.toHaveProperty('number')
  })

  it.each(['0', '-1', '+1', '01', '1.0', '1e3', ' 1', '1 ', '1\n', '', 'NaN', '٣', '1000000000000000'])(
    'is none if it is %j, and the event is there all the same',
    (number) => {
      expect(numbered('p', number)).toBeUndefined()
      expect(read('event', EVENT, 'producer', 'p', 'number', number)).toEqual({
        entry: '1-2',
        bytes: Buffer.from(EVENT),
      })
    },
  )

  it('may be as large as a publisher’s may be', () => {
    expect(numbered('p', '999999999999999')?.number).toBe(999_999_999_999_999)
  })

  it.each(['', 'a b', 'a\n', 'é', 'x'.repeat(201), '"'])('is none for a producer %j', (producer) => {
    expect(numbered(producer, '1')).toBeUndefined()
  })
})

describe('a reply', () => {
  it('has the messages in its order, and not those that Redis no longer has', () => {
    const reply = [entry('1-1', 'event', 'a'), null, entry('1-3', 'event', 'b'), null]
    expect(messagesOf(reply).map(({ entry: id, bytes }) => [id, bytes.toString()])).toEqual([
      ['1-1', 'a'],
      ['1-3', 'b'],
    ])
    expect(messagesOf([])).toEqual([])
  })

  it('that is none is not taken for an empty one', () => {
    expect(() => messagesOf(null)).toThrow('where a list belongs')
    expect(() => messagesOf(undefined)).toThrow('where a list belongs')
  })

  it('comes so from a real Redis, of `emit` and of redis-cli', async () => {
    const server = await RedisServer.forTest()
    const redis = server.client()
    const binary = Buffer.from([0xff, 0, 0x0a])
    await emit(redis, { type: 'T', id: 'e-1', userId: 'ann' }, { producer: 'sessions' })
    await redis.xadd('business-events', '*', 'whatever', binary)
    await redis.xadd('business-events', '*', 'event', 'one', 'event', 'two')
    const keys = bridgeKeys('business-events', 'g')
    const lease = new Lease({
      redis,
      key: keys.lease,
      owner: 'me',
      ttl: 60_000,
      logger: new RecordingLogger(),
    })
    const group = new Group({ redis, keys, group: 'g', lease })
    await lease.acquire(new AbortController().signal, () => undefined)
    await group.ensure()
    const { messages } = await group.read()
    expect(messages).toMatchObject([
      {
        bytes: Buffer.from(EVENT),
        number: { producer: expect.stringMatching(/^sessions\//) as string, number: 1 },
      },
      { bytes: binary },
      { problem: { code: 'no_event_field' } },
    ])
    expect(messages.map(({ entry: id }) => id)).toEqual(
      (await redis.xrange('business-events', '-', '+')).map(([id]) => id),
    )
  })
})
