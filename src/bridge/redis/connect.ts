import { Cluster, Redis } from 'ioredis'
import type { Logger } from '../../core/ports.ts'
import type { RedisSettings } from '../settings.ts'
import { shown } from './address.ts'

export type Connection = Redis | Cluster

/**
 * What a connection is for. Each has one of its own: on a connection that waits for new entries nothing else gets through, and one that
 * has subscribed takes no other commands.
 */
export type Purpose = 'commands' | 'waiting' | 'subscription'

/** A Redis that says nothing for so long to a command is gone. In milliseconds; longer than any command here waits. */
const SILENT = 10_000

/**
 * Connects, and goes on trying for ever. What is asked while there is no connection fails at once, and what was under way when one was
 * lost fails as well: nobody knows whether Redis did it, so whoever asked has to look.
 */
export function connect(settings: RedisSettings, purpose: Purpose, logger: Logger): Connection {
  const connection = make(settings, purpose)
  const redis = shown(settings.address)
  let last = ''
  connection.on('error', (error: Error) => {
    // The same failure at every try would drown all else.
    if (error.message !== last) logger.warn({ err: error, redis, purpose }, 'Redis connection failed')
    last = error.message
  })
  connection.on('ready', () => {
    last = ''
    logger.info({ redis, purpose }, 'Redis connected')
  })
  return connection
}

/**
 * Connects for one task, and gives up if there is nobody.
 *
 * @throws Error that says where it tried and what came
 */
export async function connectOnce(settings: RedisSettings): Promise<Connection> {
  const connection = make(settings, 'commands')
  try {
    await new Promise<void>((resolve, reject) => {
      connection.once('ready', resolve).on('error', reject)
      setTimeout(() => {
        reject(new Error('no answer in time'))
      }, SILENT).unref()
    })
    return connection
  } catch (error) {
    connection.disconnect()
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(
      `no connection to ${shown(settings.address)} (${reason}); is it the right Redis, user and password?`,
    )
  }
}

/** Resolves once commands can be sent, or the signal is aborted. */
export async function whenReady(connection: Connection, signal: AbortSignal): Promise<void> {
  if (connection.status === 'ready' || signal.aborted) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      connection.removeListener('ready', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    connection.once('ready', done)
    signal.addEventListener('abort', done)
  })
}

function make(settings: RedisSettings, purpose: Purpose): Connection {
  return settings.address.kind === 'cluster'
    ? clusterOf(settings, purpose)
    : new Redis(optionsOf(settings, purpose))
}

function optionsOf(settings: RedisSettings, purpose: Purpose) {
  const { address, sentinelUsername, sentinelPassword } = settings
  const common = commonOptions(settings, purpose)
  const [first] = address.nodes
  if (address.kind === 'single') return { ...common, host: first.host, port: first.port, db: address.db }
  return {
    ...common,
    db: address.db,
    sentinels: [...address.nodes],
    name: address.master ?? '',
    ...(sentinelUsername !== undefined && { sentinelUsername }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(common.tls !== undefined && { enableTLSForSentinelMode: true, sentinelTLS: common.tls }),
  }
}

function commonOptions({ address, username, password, ca }: RedisSettings, purpose: Purpose) {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(address.tls && { tls: ca === undefined ? {} : { ca } }),
    connectionName: `event-fanout-bridge-${purpose}`,
    // Everything here is as in RESP2, which every Redis and every proxy speaks.
    protocol: 2 as const,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    socketTimeout: SILENT,
    retryStrategy,
  }
}

/** Soon at first, for a Redis that restarts; jittered, for all its clients come back at once. */
function retryStrategy(times: number): number {
  return Math.min(2000, 50 * 2 ** Math.min(times, 10)) * (0.5 + Math.random() / 2)
}

function clusterOf(settings: RedisSettings, purpose: Purpose): Cluster {
  const {
    enableOfflineQueue,
    retryStrategy: clusterRetryStrategy,
    ...redisOptions
  } = commonOptions(settings, purpose)
  return new Cluster([...settings.address.nodes], {
    redisOptions,
    enableOfflineQueue,
    clusterRetryStrategy,
    // A certificate names hosts: looked up here, they would be addresses by the time it is checked.
    ...(settings.address.tls && { dnsLookup: asItIs }),
  })
}

function asItIs(host: string, callback: (error: null, address: string) => void): void {
  callback(null, host)
}
