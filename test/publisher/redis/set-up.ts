import { Redis, type RedisOptions } from 'ioredis'
import { onTestFinished } from 'vitest'
import type { RedisConnection } from '../../../src/publisher/redis/index.ts'
import { bornOf } from '../../../src/publisher/redis/producer.ts'
import { RedisServer } from '../../support/redis-server.ts'

export const CHANNEL = 'business-events'

/** A Redis, and a connection to it as an app has it. */
export async function setUp() {
  const server = await RedisServer.forTest()
  const redis = server.client()
  await redis.ping()
  return { server, redis }
}

/** A connection with options of its own, which is closed when the test is over. */
export function connectionTo(
  server: RedisServer,
  options: Pick<
    RedisOptions,
    'username' | 'password' | 'keyPrefix' | 'maxRetriesPerRequest' | 'enableReadyCheck'
  >,
): Redis {
  const redis = new Redis(server.url, { protocol: 2, ...options })
  // Of a server that a test ends on purpose.
  redis.on('error', () => undefined)
  onTestFinished(() => {
    redis.disconnect()
  })
  return redis
}

/** The fields of each entry of a stream, oldest first. */
export async function entriesOf(redis: Redis, stream = CHANNEL) {
  const entries = await redis.xrange(stream, '-', '+')
  return entries.map(([entry, fields]) => ({ entry, fields }))
}

/** The numbers of the entries of a stream, oldest first, by producer. */
export async function numbersOf(redis: Redis, stream = CHANNEL): Promise<Record<string, number[]>> {
  const numbers: Record<string, number[]> = {}
  for (const { fields } of await entriesOf(redis, stream)) {
    const [, , , producer = '', , number] = fields
    ;(numbers[producer] ??= []).push(Number(number))
  }
  return numbers
}

/** Collects what a subscriber gets; `first` resolves to as many, at least. */
export async function subscriberOf(server: RedisServer, channel = CHANNEL) {
  const subscriber = server.client()
  const messages: Buffer[] = []
  subscriber.on('messageBuffer', (_, message: Buffer) => {
    messages.push(message)
  })
  await subscriber.subscribe(channel)
  const first = async (count: number): Promise<Buffer[]> => {
    while (messages.length < count) await new Promise((resolve) => subscriber.once('messageBuffer', resolve))
    return messages
  }
  return { first }
}

/** What one `emit` asked Redis for, and how the test answers. */
export interface Call {
  readonly number: number
  readonly commands: readonly unknown[][]
  succeed(): void
  fail(): void
}

/** A connection whose answers a test gives, in the order that it likes. */
export function scriptedConnection(): { redis: RedisConnection; calls: Call[] } {
  const calls: Call[] = []
  const multi: RedisConnection['multi'] = (commands) => ({
    exec: async () =>
      new Promise((resolve, reject) => {
        calls.push({
          number: Number(commands[0]!.at(-1)),
          commands,
          succeed: () => {
            resolve([
              [null, '1-0'],
              [null, 0],
              [null, 1],
            ])
          },
          fail: () => {
            reject(new Error('Connection is closed.'))
          },
        })
      }),
  })
  return { redis: { multi }, calls }
}

/** What a test can compare of a producer's id: the rest is random. */
export function nameOf(producer: string): string {
  if (bornOf(producer) === undefined) throw new Error(`${producer} is no producer's id`)
  return producer.slice(0, producer.lastIndexOf('/'))
}

/** How a message ends when the event may be in Redis. */
export function hintWith(how: string): string {
  return `; the event may have been emitted all the same, so emit it again ${how}: no log gets it twice`
}
