import { isIPv6 } from 'node:net'
import { SettingError } from '../../process/settings.ts'

export interface Node {
  readonly host: string
  readonly port: number
}

/** Where a Redis is, and how it is made up. */
export interface RedisAddress {
  /** A cluster's or Sentinel's nodes are where to begin to ask; a single Redis has one. */
  readonly kind: 'single' | 'cluster' | 'sentinel'
  readonly nodes: readonly [Node, ...Node[]]
  /** Of the Redis that Sentinel watches. */
  readonly master?: string
  readonly tls: boolean
  readonly db: number
  readonly username?: string
  readonly password?: string
}

const FORMS =
  'redis://user:password@host:6379/0 (rediss:// for TLS), redis+cluster://host:6379,host:6379 or redis+sentinel://host:26379,host:26379/master'

const URL_PARTS =
  /^(?<scheme>rediss?)(?:\+(?<kind>cluster|sentinel))?:\/\/(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<nodes>[^@/?#]+)(?:\/(?<path>[^?#@]*))?$/
const ENCODED = ', or its user or password is not percent-encoded'
const NODE = /^(?<host>\[[\da-f:.]+\]|[\w.-]+)(?::(?<port>\d{1,5}))?$/i

/**
 * Reads a Redis URL. One of a single Redis is as everywhere (IANA's `redis` scheme); those of a cluster and of Sentinel list several
 * nodes.
 *
 * @throws SettingError; its message never holds a password
 */
export function parseAddress(text: string): RedisAddress {
  const parts = URL_PARTS.exec(text)?.groups
  if (parts === undefined) throw wrong(text, `it is no such address${text.includes('@') ? ENCODED : ''}`)
  const { scheme, kind = 'single', path = '' } = parts
  const tls = scheme === 'rediss'
  const credentials = credentialsOf(text, parts)
  const nodes = nodesOf(text, parts['nodes'] ?? '', kind === 'sentinel' ? 26_379 : 6379)
  if (kind === 'cluster') {
    if (path !== '' && path !== '0') throw wrong(text, 'a cluster has no databases')
    return { kind, nodes, tls, db: 0, ...credentials }
  }
  if (kind === 'sentinel') {
    const [master = '', db = ''] = path.split(/\/(.*)/s)
    if (master === '') throw wrong(text, 'the name of the master is missing')
    return { kind, nodes, master, tls, db: databaseOf(text, db), ...credentials }
  }
  if (nodes.length > 1) throw wrong(text, 'it has several hosts; say what they are')
  return { kind: 'single', nodes, tls, db: databaseOf(text, path), ...credentials }
}

function credentialsOf(
  text: string,
  { user = '', password = '' }: Readonly<Record<string, string | undefined>>,
): Pick<RedisAddress, 'username' | 'password'> {
  try {
    return {
      ...(user !== '' && { username: decodeURIComponent(user) }),
      ...(password !== '' && { password: decodeURIComponent(password) }),
    }
  } catch {
    throw wrong(text, 'user and password must be percent-encoded')
  }
}

function nodesOf(text: string, list: string, defaultPort: number): readonly [Node, ...Node[]] {
  const [first, ...others] = list.split(',').map((node) => {
    const { host = '', port = String(defaultPort) } = NODE.exec(node)?.groups ?? {}
    if (host === '' || !isHost(host)) throw wrong(text, `"${withoutPassword(node)}" is no host with a port`)
    if (Number(port) < 1 || Number(port) > 65_535) throw wrong(text, `${port} is no port`)
    return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }
  })
  if (first === undefined) throw wrong(text, 'it names no host')
  return [first, ...others]
}

function databaseOf(text: string, path: string): number {
  if (/^\d{0,5}$/.test(path)) return Number(path)
  throw wrong(text, `"${withoutPassword(path)}" is no number of a database`)
}

function isHost(host: string): boolean {
  return !host.startsWith('[') || isIPv6(host.slice(1, -1))
}

function wrong(text: string, reason: string): SettingError {
  return new SettingError(`REDIS_URL is "${withoutPassword(text)}"; ${reason}. It looks like ${FORMS}`)
}

/** Everything before the last `@` may be a password, and there are addresses that have it in their parameters. */
function withoutPassword(text: string): string {
  return text
    .replace(/^([a-z+]+:\/\/)?.*@/is, (_, scheme: string | undefined) => `${scheme ?? ''}…@`)
    .replace(/[?#].*/s, '…')
    .replace(/(pass|pwd|auth)\w*=.*/is, '…')
}

/** As it may stand in a log. */
export function shown({ kind, nodes, master, tls, db }: RedisAddress): string {
  const scheme = `${tls ? 'rediss' : 'redis'}${kind === 'single' ? '' : `+${kind}`}`
  const hosts = nodes.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
  const path = [master, db === 0 ? undefined : db].filter((part) => part !== undefined)
  return `${scheme}://${hosts.join()}${path.map((part) => `/${part}`).join('')}`
}
