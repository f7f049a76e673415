import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { expect, onTestFinished, vi } from 'vitest'
import { type Bridge, startBridge } from '../../../src/bridge/bridge.ts'
import { BridgeMetrics } from '../../../src/bridge/metrics.ts'
import { readBridgeSettings } from '../../../src/bridge/settings.ts'
import type { Target } from '../../../src/bridge/targets/target.ts'
import type { AcceptedEvent } from '../../../src/core/event.ts'
import type { Environment } from '../../../src/process/settings.ts'
import { RecordingLogger } from '../../support/fakes.ts'
import { freePort, RedisServer } from '../../support/redis-server.ts'

export const CHANNEL = 'business-events'
export const SOURCES = ['pubsub', 'stream'] as const
export type Source = (typeof SOURCES)[number]

/** A slow machine takes long; what never comes shows all the same. */
const PATIENCE = { timeout: 30_000, interval: 50 }
const run = promisify(execFile)

/** Takes whatever comes, and remembers it. */
export class RecordingTarget implements Target {
  readonly name = 'the test'
  readonly ids: string[] = []
  /** Done with every batch first. */
  before: () => Promise<unknown> = async () => undefined

  async publish(events: readonly AcceptedEvent[]) {
    await this.before()
    this.ids.push(...events.map(({ id }) => id))
    return events.map(() => ({ status: 'published' as const }))
  }
}

export function eventText(id: string): string {
  return JSON.stringify({ id, type: 'T', userId: 'u-1' })
}

/** A bridge that has the environment's settings and is stopped when the test is over. */
export function bridgeFor(environment: Environment) {
  const settings = readBridgeSettings(environment)
  if (settings === undefined) throw new Error('REDIS_URL is missing')
  const target = new RecordingTarget()
  const logger = new RecordingLogger()
  const metrics = new BridgeMetrics()
  const bridge = startBridge(settings, { target, logger, metrics })
  onTestFinished(async () => bridge.stop())
  return { bridge, target, logger, metrics }
}

/** Resolves once the bridge reads, and nothing is wrong. */
export async function reading(bridge: Bridge): Promise<void> {
  await vi.waitFor(async () => {
    expect(await bridge.status()).toMatchObject({ state: 'reading', problems: [] })
  }, PATIENCE)
}

export async function problemsMatch(bridge: Bridge, pattern: RegExp): Promise<void> {
  await vi.waitFor(async () => {
    expect((await bridge.status()).problems.join('\n')).toMatch(pattern)
  }, PATIENCE)
}

export async function eventually(check: () => unknown): Promise<void> {
  await vi.waitFor(check, PATIENCE)
}

type Publisher = Pick<Redis, 'publish' | 'xadd'>

export async function send(redis: Publisher, from: Source, text: string): Promise<void> {
  if (from === 'pubsub') expect(await redis.publish(CHANNEL, text)).toBeGreaterThanOrEqual(0)
  else expect(await redis.xadd(CHANNEL, '*', 'event', text)).toMatch(/^\d+-\d+$/)
}

/** Sends one event and one message that is none, and waits until one is in the target and the other one among the dead letters. */
export async function getsThrough(
  { bridge, target }: Pick<ReturnType<typeof bridgeFor>, 'bridge' | 'target'>,
  redis: Publisher & Pick<Redis, 'xrange'>,
  from: Source,
): Promise<void> {
  await reading(bridge)
  await send(redis, from, eventText('e-1'))
  await send(redis, from, 'nonsense')
  await eventually(async () => {
    expect(target.ids).toEqual(['e-1'])
    const letters = await redis.xrange(`${CHANNEL}:dead`, '-', '+')
    expect(letters.map(([, fields]) => fields)).toEqual([
      expect.arrayContaining(['malformed_json', 'nonsense']),
    ])
  })
}

/** A folder that is gone when the test is over. */
export function folderForTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fanout-bridge-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** An authority, and a key for 127.0.0.1 that it has signed. */
export async function certificates() {
  const folder = folderForTest()
  const at = (name: string): string => join(folder, name)
  const openssl = async (...words: readonly string[]) => run('openssl', words)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const authority = ['req', '-x509', ...key, '-days', '2', '-subj', '/CN=authority']
  await openssl(...authority, '-keyout', at('ca.key'), '-out', at('ca.pem'))
  await openssl('req', ...key, '-subj', '/CN=redis', '-keyout', at('redis.key'), '-out', at('redis.csr'))
  writeFileSync(at('names'), 'subjectAltName=IP:127.0.0.1')
  const signer = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2']
  await openssl(
    'x509',
    '-req',
    '-in',
    at('redis.csr'),
    ...signer,
    '-extfile',
    at('names'),
    '-out',
    at('redis.pem'),
  )
  return { ca: at('ca.pem'), certificate: at('redis.pem'), key: at('redis.key') }
}

/** A Redis with a TLS port beside its usual one. */
export async function tlsServer() {
  const files = await certificates()
  const port = await freePort()
  const server = await RedisServer.forTest(
    ...['--tls-port', String(port), '--tls-auth-clients', 'no', '--tls-ca-cert-file', files.ca],
    ...['--tls-cert-file', files.certificate, '--tls-key-file', files.key],
  )
  return { server, port, ca: files.ca, url: `rediss://127.0.0.1:${port}` }
}

/** Three masters, who share the slots. */
export async function clusterForTest() {
  const start = async () => RedisServer.forTest('--cluster-enabled', 'yes', '--cluster-node-timeout', '5000')
  const servers = await Promise.all([start(), start(), start()])
  const hosts = servers.map(({ port }) => `127.0.0.1:${port}`)
  await run('redis-cli', ['--cluster', 'create', ...hosts, '--cluster-yes'])
  for (const server of servers) {
    await eventually(async () => {
      expect(await server.client().call('CLUSTER', 'INFO')).toMatch(/cluster_state:ok/)
    })
  }
  return { servers, url: `redis+cluster://${hosts.join()}` }
}

/** One master, who has all slots. */
export async function smallClusterForTest() {
  const server = await RedisServer.forTest('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1')
  const redis = server.client()
  await redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await eventually(async () => {
    expect(await redis.call('CLUSTER', 'INFO')).toMatch(/cluster_state:ok/)
  })
  return { server, url: `redis+cluster://127.0.0.1:${server.port}` }
}

/** A process that watches a master, and makes its replica the master if it dies. */
export async function sentinelForTest(master: RedisServer) {
  const port = await freePort()
  const file = join(folderForTest(), 'sentinel.conf')
  writeFileSync(
    file,
    `port ${port}
bind 127.0.0.1
sentinel monitor the-master 127.0.0.1 ${master.port} 1
sentinel down-after-milliseconds the-master 500
sentinel failover-timeout the-master 5000
`,
  )
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' })
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { port, redis: clientAt(port) }
}

/** A connection that is closed when the test is over. */
export function clientAt(port: number): Redis {
  const redis = new Redis(port, '127.0.0.1', { protocol: 2 })
  redis.on('error', () => undefined)
  onTestFinished(() => {
    redis.disconnect()
  })
  return redis
}
