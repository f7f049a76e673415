import { Cluster } from 'ioredis'
import { bridgeKeys } from '../../../bridge/keys.ts'
import { shown } from '../../../bridge/redis/address.ts'
import { connectOnce } from '../../../bridge/redis/connect.ts'
import type { Connection } from '../../../bridge/redis/connection.ts'
import type { BridgeSettings } from '../../../bridge/settings.ts'
import { durationText } from '../../inspect/times.ts'
import { arrival, canBeSeen } from '../arrival.ts'
import type { Examination } from '../examination.ts'
import type { Link } from '../examine.ts'
import { Broken, Skipped } from '../link.ts'
import { within } from '../patience.ts'

/** Is there a Redis? */
export const redis: Link = {
  name: 'redis',
  needs: [],
  tried: ({ options }) =>
    options.redis === undefined
      ? 'a connection to Redis'
      : `a connection to ${shown(options.redis.redis.address)}`,
  async check(exam) {
    const { redis: connection } = settingsOf(exam)
    exam.redis = await connectOnce(connection, exam.left).catch((error: unknown) => {
      throw new Broken('redis_unreachable', error instanceof Error ? error.message : String(error))
    })
    return { came: 'connected' }
  },
}

function settingsOf({ options }: Examination): BridgeSettings {
  if (options.redis === undefined) throw new Skipped('no --redis was given, and no REDIS_URL')
  return options.redis
}

export function connectionOf({ redis: connection }: Examination): Connection {
  if (connection === undefined) throw new Skipped('there is no connection to Redis')
  return connection
}

/** Does an event come through from Redis? */
export const redisIn: Link = {
  name: 'redis_in',
  needs: ['redis', 'reader_tokens'],
  tried: ({ options: { redis: settings } }) => {
    if (settings === undefined) return 'another event for both, through Redis'
    const how = settings.from === 'stream' ? 'XADD to the stream' : 'PUBLISH on the channel'
    return `${how} ${settings.channel}, another event for both`
  },
  async check(exam) {
    if (!canBeSeen(exam))
      throw new Skipped('nobody could see it arrive: there is neither a handshake nor a poll')
    const settings = settingsOf(exam)
    const { id, body } = exam.event('redis')
    const sentAt = Date.now()
    const taker =
      settings.from === 'stream' ? await add(exam, settings, body) : await tell(exam, settings.channel, body)
    const at = await arrival(exam, id)
    if (at !== undefined) return { came: `${taker}; at both ${durationText(at - sentAt)} later` }
    throw new Broken('redis_message_lost', `${taker}; not there after ${durationText(Date.now() - sentAt)}`)
  },
}

/** @returns who was there to take it */
async function tell(exam: Examination, channel: string, body: string): Promise<string> {
  const connection = connectionOf(exam)
  const takers = await within(exam.patience(), connection.publish(channel, body)).catch(failed)
  // A node of a cluster knows only of those who listen at it.
  if (takers === 0 && !(connection instanceof Cluster)) {
    throw new Broken('redis_nobody_listens', `Redis gave it to 0 subscribers of ${channel}`)
  }
  return `Redis gave it to ${takers} ${takers === 1 ? 'subscriber' : 'subscribers'}`
}

/** Whoever reads the stream holds a lease; without one it is not filled for a reader who may never come. */
async function add(exam: Examination, { channel, group }: BridgeSettings, body: string): Promise<string> {
  const connection = connectionOf(exam)
  const { stream, lease } = bridgeKeys(channel, group)
  const reader = await within(exam.patience(), connection.get(lease)).catch(failed)
  if (reader === null) {
    throw new Broken('redis_nobody_listens', `nobody reads the stream ${stream} for the group ${group}`)
  }
  await within(exam.patience(), connection.xadd(stream, '*', 'event', body)).catch(failed)
  return `the stream has it, and the group ${group} has a reader`
}

function failed(error: unknown): never {
  const text = error instanceof Error ? error.message : String(error)
  throw new Broken('redis_unreachable', `Redis answers: ${text}`)
}
