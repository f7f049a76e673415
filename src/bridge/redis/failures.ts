import { Redis } from 'ioredis'
import type { RedisSettings } from '../settings.ts'
import type { Connection } from './connection.ts'

/** A failure of a cluster's node counts for so long, in milliseconds: nobody says when the node works again. */
const FRESH = 10_000

const CLOSED =
  'the connection was closed before anything was answered; is it a Redis, with TLS if the address begins with rediss and without if not?'
const NOT_READY =
  'the cluster is not ready; see its CLUSTER INFO, which the user must be allowed to ask for as well'

const failures = new WeakMap<Connection, { readonly detail: string; readonly at: number }>()

export function noteFailure(connection: Connection, detail: string): void {
  failures.set(connection, { detail, at: Date.now() })
}

/** It works. */
export function forgetFailure(connection: Connection): void {
  failures.delete(connection)
}

/** Why a connection does not work now, in words without secrets; `undefined` if it does, as far as is known. */
export function problemOf(connection: Connection): string | undefined {
  const { detail, at = 0 } = failures.get(connection) ?? {}
  return connection.status === 'ready' && Date.now() - at > FRESH ? undefined : detail
}

/**
 * Calls back with each failure, in words without secrets. The clients of a cluster and of Sentinel keep most of them to themselves, so some
 * have to be found out.
 */
export function onFailure(
  connection: Connection,
  settings: RedisSettings,
  say: (detail: string) => void,
): void {
  /** Of this try nothing was said yet. */
  let isUntold = true
  const failed = (error: ClientError, where?: string): void => {
    const detail = detailOf(error)
    const isPuzzling = ['ECONNRESET', 'EPIPE', ...(settings.address.tls ? ['ETIMEDOUT'] : [])]
    const hint = isUntold && isPuzzling.includes(error.code ?? '') ? `: ${CLOSED}` : ''
    isUntold = false
    // A database that cannot be selected would quietly be another one.
    if (forgetCommand(error) === 'select') connection.disconnect(true)
    if (detail === 'Connection is closed.') void reasonFor(settings).then(say)
    else if (detail !== '') say(`${where === undefined ? '' : `${where}: `}${detail}${hint}`)
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
    if (isUntold && connection.status !== 'end') say(settings.address.kind === 'cluster' ? NOT_READY : CLOSED)
  })
}

interface ClientError extends Error {
  readonly code?: string
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
      // Of what was under way when this side closed the connection.
      .replace(/^Stream isn't writeable.*/s, '')
      // After what each of them said.
      .replace(/^All sentinels are unreachable.*/s, '')
      .replace(/^failed to connect to sentinel \S+ because (?=Connection is closed\.$)/, '')
      .replace(/^failed to connect to sentinel (\S+) because /, '$1: ')
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

export function tlsOf(isOn: boolean, ca: string | undefined) {
  return isOn ? { tls: ca === undefined ? {} : { ca } } : {}
}
