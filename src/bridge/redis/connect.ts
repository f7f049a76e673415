import { Cluster, Redis } from 'ioredis'
import type { Logger } from '../../core/ports.ts'
import type { RedisSettings } from '../settings.ts'
import { shown } from './address.ts'
import type { Connection } from './connection.ts'
import { forgetFailure, noteFailure, onFailure, tlsOf } from './failures.ts'

/**
 * What a connection is for. Each has one of its own: on a connection that waits for new entries nothing else gets through, and one that
 * has subscribed takes no other commands.
 */
export type Purpose = 'commands' | 'waiting' | 'subscription'

/** A Redis that says nothing for so long to a command is gone. In milliseconds; longer than any command here waits. */
const SILENT = 10_000

/** How often a cluster is asked who has which slots. In milliseconds. */
const SLOTS_EVERY = 10_000

/** The same failure at every try would drown all else: it is said once in so many milliseconds. */
const SAY_EVERY = 60_000

/**
 * Connects, and goes on trying for ever. What is asked while there is no connection fails at once, and what was under way when one was
 * lost fails as well: nobody knows whether Redis did it, so whoever asked has to look.
 */
export function connect(settings: RedisSettings, purpose: Purpose, logger: Logger): Connection {
  const connection = make(settings, purpose)
  const redis = shown(settings.address)
  const said = new Map<string, number>()
  onFailure(connection, settings, (detail) => {
    const now = Date.now()
    noteFailure(connection, detail)
    if (now - (said.get(detail) ?? -Infinity) < SAY_EVERY) return
    said.set(detail, now)
    // Only words: the error itself has the command that failed, and that of AUTH has the password.
    logger.warn({ detail, redis, purpose }, 'Redis connection failed')
  })
  connection.on('ready', () => {
    forgetFailure(connection)
    said.clear()
    logger.info({ redis, purpose }, 'Redis connected')
  })
  return connection
}

/**
 * Connects for one task, and gives up if there is nobody.
 *
 * @param timeout milliseconds
 * @throws Error that says where it tried and what came
 */
export async function connectOnce(settings: RedisSettings, timeout = SILENT): Promise<Connection> {
  const connection = make(settings, 'commands')
  try {
    await new Promise<void>((resolve, reject) => {
      connection.once('ready', resolve)
      onFailure(connection, settings, (detail) => {
        reject(new Error(detail))
      })
      setTimeout(() => {
        reject(new Error('no answer in time'))
      }, timeout).unref()
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
  if (settings.address.kind === 'cluster') return clusterOf(settings, purpose)
  const redis = new Redis(optionsOf(settings))
  // Not by an option: then the first answer, which says so if Redis wants no client, would be that to this, and nobody looks at it.
  redis.on('ready', () => {
    redis.client('SETNAME', nameFor(purpose)).catch(() => undefined)
  })
  return redis
}

function nameFor(purpose: Purpose): string {
  return `event-fanout-bridge-${purpose}`
}

function optionsOf(settings: RedisSettings) {
  const { address, sentinelUsername, sentinelPassword } = settings
  const common = commonOptions(settings)
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
    sentinelRetryStrategy: retryStrategy,
  }
}

function commonOptions({ address, username, password, ca }: RedisSettings) {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...tlsOf(address.tls, ca),
    // The name says enough; Redis before 7.2 does not know these.
    disableClientInfo: true,
    // Everything here is as in RESP2, which every Redis and every proxy speaks.
    protocol: 2 as const,
    enableOfflineQueue: false,
    // Both, or what is under way when a connection is lost is neither sent again nor answered.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // Whoever subscribes does so again by itself; what fails here would be nobody's, and end the process.
    autoResubscribe: false,
    socketTimeout: SILENT,
    retryStrategy,
    // A former primary, which is a replica now: the next connection goes to the new one.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  }
}

/** Soon at first, for a Redis that restarts; jittered, for all its clients come back at once. */
function retryStrategy(times: number): number {
  return Math.min(2000, 50 * 2 ** Math.min(times, 10)) * (0.5 + Math.random() / 2)
}

function clusterOf(settings: RedisSettings, purpose: Purpose): Cluster {
  const { enableOfflineQueue, retryStrategy: next, ...redisOptions } = commonOptions(settings)
  const cluster = new Cluster([...settings.address.nodes], {
    redisOptions: { ...redisOptions, connectionName: nameFor(purpose) },
    enableOfflineQueue,
    clusterRetryStrategy: (times, reason) => {
      if (reason !== undefined) cluster.emit('error', reason)
      return next(times)
    },
    // Or what was under way is sent again, though Redis may have done it: a batch that was read would be overtaken by the next one.
    retryDelayOnFailover: 0,
    // A subscriber meets no redirection that would tell it of new nodes.
    slotsRefreshInterval: SLOTS_EVERY,
    slotsRefreshTimeout: SLOTS_EVERY / 2,
    // A certificate names hosts: looked up here, they would be addresses by the time it is checked.
    ...(settings.address.tls && { dnsLookup: asItIs }),
  })
  return cluster
}

function asItIs(host: string, callback: (error: null, address: string) => void): void {
  callback(null, host)
}
