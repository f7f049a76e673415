import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Identity } from './events.ts'

/** Last value by name, and all values by name. */
export interface NameValues {
  single: Record<string, string>
  multi: Record<string, string[]>
}

/** An upgrade request as the gateway's events need it. Lives until the handshake is over, no longer. */
export interface UpgradeRequest {
  /** Without the query; as it was sent. */
  path: string
  /** Undefined without a query. */
  query: NameValues | undefined
  /** As `$connect` gets them: the client's own but for the hop-by-hop ones, and those the gateway adds. */
  headers: NameValues
  /** As the authorizer gets them: the above, with Connection, Upgrade and content-length. */
  authorizerHeaders: NameValues
  host: string | undefined
  identity: Identity
  /** Subprotocols in the client's order; undefined when the header is not well-formed. */
  offered: readonly string[] | undefined
}

export function readUpgradeRequest(request: IncomingMessage, now: number): UpgradeRequest {
  const [path, search] = splitTarget(request.url ?? '/')
  const sent = headerPairs(request.rawHeaders)
  const sourceIp = addressOf(request)
  const added = forwardedHeaders(request, sourceIp, now)
  const replaced = new Set(added.map(([name]) => name.toLowerCase()))
  const all = [...sent.filter(([name]) => !replaced.has(name.toLowerCase())), ...added]
  const userAgent = request.headers['user-agent']
  return {
    path,
    query: search === '' ? undefined : collect([...new URLSearchParams(search)], (name) => name),
    headers: collectHeaders(all.filter(([name]) => !hopByHop.has(name.toLowerCase()))),
    authorizerHeaders: collectHeaders([
      ...all.filter(([name]) => name.toLowerCase() !== 'content-length'),
      ['content-length', '0'],
    ]),
    host: request.headers.host,
    identity: userAgent ? { userAgent, sourceIp } : { sourceIp },
    offered: readProtocols(request.headers['sec-websocket-protocol']),
  }
}

/** Path and query of a request target. `new URL` would throw on some of what a client can send. */
export function splitTarget(target: string): [path: string, search: string] {
  const at = target.indexOf('?')
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)]
}

/** The client's address; an IPv4 one that came over IPv6 is written as IPv4. */
export function addressOf(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '')
}

const hopByHop = new Set(['connection', 'upgrade', 'content-length'])

function headerPairs(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([raw[i] ?? '', raw[i + 1] ?? ''])
  return pairs
}

function forwardedHeaders(request: IncomingMessage, sourceIp: string, now: number): [string, string][] {
  const before = request.headers['x-forwarded-for']
  const trace = `${Math.floor(now / 1000).toString(16)}-${randomBytes(12).toString('hex')}`
  const isEncrypted = 'encrypted' in request.socket
  return [
    ['X-Amzn-Trace-Id', `Root=1-${trace}`],
    ['X-Forwarded-For', before === undefined ? sourceIp : `${String(before)}, ${sourceIp}`],
    ['X-Forwarded-Port', String(request.socket.localPort)],
    ['X-Forwarded-Proto', isEncrypted ? 'https' : 'http'],
  ]
}

function collectHeaders(pairs: readonly [string, string][]): NameValues {
  return collect(pairs, (name) => name.toLowerCase())
}

/** Names that `sameAs` maps to one text are one; the first spelling stays. `fromEntries` makes `__proto__` harmless. */
function collect(pairs: readonly [string, string][], sameAs: (name: string) => string): NameValues {
  const found = new Map<string, { name: string; values: string[] }>()
  for (const [name, value] of pairs) {
    const entry = found.get(sameAs(name))
    if (entry) entry.values.push(value)
    else found.set(sameAs(name), { name, values: [value] })
  }
  const entries = [...found.values()]
  return {
    single: Object.fromEntries(entries.map(({ name, values }) => [name, values.at(-1) ?? ''])),
    multi: Object.fromEntries(entries.map(({ name, values }) => [name, values])),
  }
}

/** RFC 6455, section 11.3.4: distinct tokens. */
function readProtocols(header: string | undefined): string[] | undefined {
  if (header === undefined) return []
  const tokens = header.split(',').map((token) => token.trim())
  const isValid = tokens.every((token) => /^[!#$%&'*+.^_`|~\w-]+$/.test(token))
  return isValid && new Set(tokens).size === tokens.length ? tokens : undefined
}
