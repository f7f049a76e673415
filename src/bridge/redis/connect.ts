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

/** How often a cluster is asked who has which slots. In milliseconds. */
const SLOTS_EVERY = 10_000

/** The same failure at every try would drown all else: it is said once in so many milliseconds. */
const SAY_EVERY = 60_000

/** A failure of a cluster's node counts for so long, in milliseconds: nobody says when the node works again. */
const FRESH = 10_000

const CLOSED =
  'the connection was closed before anything was answered; is it a Redis, with TLS if the address begins with rediss and without if not?'
const NOT_READY =
  'the cluster is not ready; see its CLUSTER INFO, which the user must be allowed to ask for as well'

const failures = new WeakMap<Connection, { readonly detail: string; readonly at: number }>()

/** Why a connection does not work now, in words without secrets; `undefined` if it does, as far as is known. */
export function problemOf(connection: Connection): string | undefined {
  const { detail, at = 0 } = failures.get(connection) ?? {}
  return connection.status === 'ready' && Date.now() - at > FRESH ? undefined : detail
}

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
    failures.set(connection, { detail, at: now })
    if (now - (said.get(detail) ?? -Infinity) < SAY_EVERY) return
    said.set(detail, now)
    // Only words: the error itself has the command that failed, and that of AUTH has the password.
    logger.warn({ detail, redis, purpose }, 'Redis connection failed')
  })
  connection.on('ready', () => {
    failures.delete(connection)
    said.clear()
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
      connection.once('ready', resolve)
      onFailure(connection, settings, (detail) => {
        reject(new Error(detail))
      })
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

/**
 * Calls back with each failure, in words without secrets. The clients of a cluster and of Sentinel keep most of them to themselves, so some
 * have to be found out.
 */
function onFailure(connection: Connection, settings: RedisSettings, say: (detail: string) => void): void {
  /** Of this try nothing was said yet. */
  let isUntold = true
  const tell = (detail: string): void => {
    isUntold = false
    say(detail)
  }
  const failed = (error: Error, where?: string): void => {
    const detail = detailOf(error)
    // A database that cannot be selected would quietly be another one.
    if (forgetCommand(error) === 'select') connection.disconnect(true)
    if (detail === 'Connection is closed.') void reasonFor(settings).then(tell)
    else if (detail !== '') tell(where === undefined ? detail : `${where}: ${detail}`)
    isUntold = false
  }
  connection.on('error', failed)
  connection.on('sentinelError', failed)
  connection.on('node error', failed)
  connection.on('connecting', () => {
    isUntold = true
  })
  connection.on('ready', () => {
    isUntold = false
  })
  connection.on('close', () => {
    if (isUntold && connection.status !== 'end')
      tell(settings.address.kind === 'cluster' ? NOT_READY : CLOSED)
  })
}

interface ClientError extends Error {
  readonly errors?: readonly Error[]
  readonly lastNodeError?: Error
  readonly command?: { readonly name: string }
}

/** In words. Empty if another error says more. */
function detailOf(error: ClientError): string {
  if (error.lastNodeError) return detailOf(error.lastNodeError)
  // What Node says of a host with several addresses.
  if (error.message === '' && error.errors) return error.errors.map(({ message }) => message).join(', ')
  return (
    error.message
      // A server that does not know AUTH repeats what it was sent.
      .replace(/, with args beginning with:.*/s, '')
      .replace(/^All sentinels are unreachable.*/s, '')
      .replace(/^failed to connect to sentinel \S+ because (?=Connection is closed\.$)/, '')
      .replace(
        /^connected to sentinel (\S+) successfully.*/s,
        '$1: this Sentinel knows no master of that name',
      )
  )
}

/** The command may be AUTH, with the password; and who asked for something else may get this error. */
function forgetCommand(error: ClientError): string | undefined {
  const name = error.command?.name
  Reflect.deleteProperty(error, 'command')
  return name
}

/** Why the first node that is known closes the connection at once, or does not take one. */
async function reasonFor({ address, ca }: RedisSettings): Promise<string> {
  const [{ host, port }] = address.nodes
  const probe = new Redis({ host, port, ...tlsOf(address.tls, ca), ...PROBE })
  let reason = ''
  probe.on('error', (error: Error) => {
    reason ||= detailOf(error)
  })
  await probe.connect().catch(() => undefined)
  probe.disconnect()
  return `${host}:${port}: ${reason || CLOSED}`
}

const PROBE = { lazyConnect: true, enableReadyCheck: false, retryStrategy: null, protocol: 2 as const }

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

function tlsOf(isOn: boolean, ca: string | undefined) {
  return isOn ? { tls: ca === undefined ? {} : { ca } } : {}
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
