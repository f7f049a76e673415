import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { keysOf } from '../publisher/redis/wire.ts'
import { type Environment, oneOf, SettingError, variableOf, wholeNumber } from '../process/settings.ts'
import { parseAddress, type RedisAddress } from './redis/address.ts'

/** Where a Redis is, and who the bridge is there. */
export interface RedisSettings {
  readonly address: RedisAddress
  readonly username?: string
  readonly password?: string
  /** In place of the certificate authorities that Node knows. */
  readonly ca?: string
  readonly sentinelUsername?: string
  readonly sentinelPassword?: string
}

export const SOURCES = ['pubsub', 'stream'] as const
export type Source = (typeof SOURCES)[number]

/** What a bridge is told. Times are milliseconds. */
export interface BridgeSettings {
  readonly redis: RedisSettings
  readonly from: Source
  /** The channel's name, and the stream's. */
  readonly channel: string
  /** The stream's consumer group; bridges of one group share the work of one. */
  readonly group: string
  /** Pub/sub: how much may wait for the target before messages are dropped. */
  readonly queue: { readonly messages: number; readonly bytes: number }
  /** How long dead letters are kept. */
  readonly deadLettersFor: number
  /** How long a missing number may still come, by another bridge say, before it is reported as lost. */
  readonly gapGrace: number
  /** A reader that has not renewed its lease for so long has lost it. */
  readonly lease: number
  /** A reader whose target fails for so long lets another one try, if there is one. */
  readonly yieldAfter: number
  /** How long an end may take for what is under way. */
  readonly drain: number
}

const MIB = 1024 * 1024
const DAY = 24 * 60 * 60 * 1000

/**
 * The bridge's part of the environment.
 *
 * @returns `undefined` if there is no `REDIS_URL`
 * @throws SettingError
 */
export function readBridgeSettings(environment: Environment): BridgeSettings | undefined {
  const get = (name: string): string | undefined => variableOf(environment, name)
  const url = get('REDIS_URL')
  if (url === undefined) return undefined
  const number = (name: string, otherwise: number, min: number, max: number): number =>
    wholeNumber(name, get(name) ?? String(otherwise), min, max)
  return {
    redis: redisFrom(url, get),
    from: oneOf('REDIS_FROM', get('REDIS_FROM') ?? 'pubsub', SOURCES),
    channel: channelFrom(get('REDIS_CHANNEL') ?? 'business-events'),
    group: get('REDIS_GROUP') ?? 'event-fanout',
    queue: {
      messages: number('BRIDGE_QUEUE_MESSAGES', 10_000, 1, 10_000_000),
      bytes: number('BRIDGE_QUEUE_MIB', 64, 1, 4096) * MIB,
    },
    deadLettersFor: number('BRIDGE_DEAD_DAYS', 30, 1, 3650) * DAY,
    gapGrace: number('BRIDGE_GAP_SECONDS', 5, 1, 3600) * 1000,
    lease: number('BRIDGE_LEASE_SECONDS', 10, 2, 300) * 1000,
    yieldAfter: 30_000,
    drain: 10_000,
  }
}

type Get = (name: string) => string | undefined

function redisFrom(url: string, get: Get): RedisSettings {
  const address = parseAddress(url)
  const ca = get('REDIS_CA_FILE')
  const texts = {
    username: get('REDIS_USERNAME') ?? address.username,
    password: get('REDIS_PASSWORD') ?? address.password,
    sentinelUsername: get('REDIS_SENTINEL_USERNAME'),
    sentinelPassword: get('REDIS_SENTINEL_PASSWORD'),
  }
  if (ca !== undefined && !address.tls) {
    throw new SettingError(
      'REDIS_CA_FILE is set and REDIS_URL is without TLS; it would have to begin with rediss',
    )
  }
  return {
    address,
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)),
    ...(ca !== undefined && { ca: certificateAt('REDIS_CA_FILE', ca) }),
  }
}

/** Checked here: what holds none would be used as a list of nobody to trust. */
function certificateAt(name: string, path: string): string {
  const pem = fileAt(name, path)
  try {
    new X509Certificate(pem)
    return pem
  } catch {
    throw new SettingError(
      `${name} is "${path}"; it holds no certificate, it must be PEM: -----BEGIN CERTIFICATE-----, …`,
    )
  }
}

function fileAt(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new SettingError(`${name} is "${path}"; it cannot be read: ${(error as Error).message}`)
  }
}

function channelFrom(name: string): string {
  try {
    return keysOf(name).stream
  } catch (error) {
    throw new SettingError(`REDIS_CHANNEL: ${(error as Error).message}`)
  }
}
