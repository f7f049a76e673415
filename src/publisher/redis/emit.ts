import type { AnyEvents, EventMap } from '../../client/event-map.ts'
import { platformEnvironment } from '../environment.ts'
import type { EventToPublish } from '../event-to-publish.ts'
import { FailedTry } from '../failed-try.ts'
import { type Item, itemOf, refusalOf } from '../item.ts'
import { checkConnection, type RedisConnection } from './connection.ts'
import { failureOf, notEmitted, WATCHED } from './failure.ts'
import { type EmitOptions, type Settings, settingsOf } from './options.ts'
import { producerOf } from './numbering.ts'
import { ENTRY, type MessageNumber, withNumber } from './wire.ts'

/** An event of the app's map, with any other fields; without a map any object with a `type`. */
export type EventToEmit<Events> =
  | EventToPublish<Events>
  // Lets a literal have fields that the map does not name; interfaces, which have no index signature, are of the line above.
  | (EventToPublish<Events> & Readonly<Record<string, unknown>>)

/** The event is in the stream, and subscribers have got it. A bridge brings it to the logs. */
export interface Emitted {
  /** The event's, also one that was made up. `undefined` where event-fanout derives it from the content. */
  readonly id: string | undefined
  /** Its id in the stream. */
  readonly entry: string
  /** How many subscribers the channel had; in a cluster, on the node that was asked. */
  readonly subscribers: number
}

/**
 * Adds an event to the channel's stream and publishes it to the channel's subscribers, in one transaction. Events are in the order in
 * which it was called on this connection. It waits for Redis as long as the connection does, and does not try again by itself.
 *
 * @param redis a connection of `ioredis` without `keyPrefix`, and not one that subscribes. Keep one: each numbers its events by itself.
 * @throws PublishError if the event is refused (nothing was sent then), or Redis failed (it may have been emitted then)
 * @throws TypeError if the connection or an option cannot be used
 */
export async function emit<Events extends EventMap<Events> = AnyEvents>(
  redis: RedisConnection,
  event: EventToEmit<NoInfer<Events>>,
  options: EmitOptions = {},
): Promise<Emitted> {
  checkConnection(redis)
  const settings = settingsOf(options)
  const item = itemToEmit(event)
  const producer = producerOf(redis, settings.keys.stream, settings.name)
  return producer.numbered(async (number) => send(redis, item, number, settings))
}

/** @throws PublishError if there is no JSON object for it, or it is too large */
function itemToEmit(event: unknown): Item {
  try {
    if (!Array.isArray(event)) return itemOf(event, platformEnvironment)
    const facts = { code: 'invalid_event', path: '', refused: true }
    throw new FailedTry('an event is an object with a type, not an array; emit one after the other', facts)
  } catch (error) {
    if (error instanceof FailedTry) throw refusalOf(event, error)
    throw error
  }
}

/** @throws PublishError if Redis has not done all of it */
async function send(
  redis: RedisConnection,
  item: Item,
  number: MessageNumber,
  settings: Settings,
): Promise<Emitted> {
  const { id } = item
  const results = await resultsOf(redis, commandsFor(item, number, settings)).catch((error: unknown) => {
    throw notEmitted(failureOf(error, settings.keys), id)
  })
  if (results === undefined) throw notEmitted(WATCHED, id)
  const [entry, subscribers] = results
  return { id, entry: String(entry), subscribers: Number(subscribers) }
}

/**
 * @returns `undefined` if Redis has dropped the transaction
 * @throws the error of the first command that failed. Those after it have run all the same: Redis takes nothing back.
 */
async function resultsOf(redis: RedisConnection, commands: unknown[][]): Promise<unknown[] | undefined> {
  const results = await redis.multi(commands).exec()
  for (const [error] of results ?? []) if (error !== null) throw error
  return results?.map(([, result]) => result)
}

function commandsFor({ text }: Item, number: MessageNumber, { keys, keep }: Settings): unknown[][] {
  const now = Date.now()
  const oldest = Math.max(0, Math.floor(now - keep))
  const fields = [ENTRY.event, text, ENTRY.producer, number.producer, ENTRY.number, String(number.number)]
  return [
    ['xadd', keys.stream, 'MINID', '~', String(oldest), '*', ...fields],
    ['publish', keys.stream, withNumber(text, number)],
    ['hset', keys.producers, number.producer, `${number.number} ${now}`],
  ]
}
