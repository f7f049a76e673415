import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Logger } from '../core/ports.ts'
import { DeadLetters } from './dead-letters.ts'
import { bridgeKeys } from './keys.ts'
import { LossReport } from './losses/loss-report.ts'
import { NumberLedger } from './losses/number-ledger.ts'
import type { BridgeMetrics, Lag } from './metrics.ts'
import { PubSubReader } from './pubsub/pubsub-reader.ts'
import { Subscription } from './pubsub/subscription.ts'
import type { Reader, ReaderDependencies } from './reader.ts'
import { shown } from './redis/address.ts'
import { connect, type Connection, type Purpose } from './redis/connect.ts'
import { Relay } from './relay.ts'
import type { BridgeSettings, Source } from './settings.ts'
import { Group } from './stream/group.ts'
import { Lease } from './stream/lease.ts'
import { StreamReader } from './stream/stream-reader.ts'
import type { Target } from './targets/target.ts'

export interface BridgeDependencies {
  readonly target: Target
  readonly logger: Logger
  readonly metrics: BridgeMetrics
}

/** How a bridge is doing. */
export interface BridgeStatus {
  readonly from: Source
  readonly channel: string
  readonly state: Reader['state']
  readonly redis: string
  readonly target: string
  /** `undefined` if Redis cannot be asked. */
  readonly lag: Lag | undefined
  /** Each in words: what is wrong now. None: all is well. */
  readonly problems: readonly string[]
}

export interface Bridge {
  status(): Promise<BridgeStatus>
  /** Idempotent. Takes nothing more, finishes what is under way, and closes the connections. */
  stop(): Promise<void>
}

/** How often what the bridges have brought is compared with what the producers have sent, at least. In milliseconds. */
const LOOK_FOR_GAPS_EVERY = 1000

/** Begins to bring what comes from Redis to the target, and goes on until it is stopped, whatever fails in between. */
export function startBridge(settings: BridgeSettings, dependencies: BridgeDependencies): Bridge {
  const { target, logger, metrics } = dependencies
  const connections: Connection[] = []
  const open = (purpose: Purpose): Connection => {
    const connection = connect(settings.redis, purpose, logger)
    connections.push(connection)
    return connection
  }
  const commands = open('commands')
  const keys = bridgeKeys(settings.channel, settings.group)
  const losses = new LossReport(logger, metrics)
  const numbers = new NumberLedger({
    redis: commands,
    keys,
    grace: settings.gapGrace,
    logger,
    onGap: (gap) => {
      losses.gap(gap)
    },
  })
  const relay = new Relay({
    target,
    logger,
    onRetry: () => {
      metrics.retries.inc()
    },
  })
  const deadLetters = new DeadLetters({
    redis: commands,
    key: keys.dead,
    from: settings.from,
    keepFor: settings.deadLettersFor,
  })
  const shared = { relay, deadLetters, numbers, losses, metrics, logger }
  const reader =
    settings.from === 'stream'
      ? streamReader(settings, shared, commands, open('waiting'))
      : pubSubReader(settings, shared, open('subscription'))
  const redis = shown(settings.redis.address)
  logger.info(
    { redis, from: settings.from, channel: settings.channel, target: target.name },
    'bridge started',
  )
  const looking = setInterval(() => void numbers.flush(), LOOK_FOR_GAPS_EVERY)

  const stop = async (): Promise<void> => {
    await reader.stop()
    clearInterval(looking)
    await numbers.flush()
    for (const connection of connections) connection.disconnect()
    logger.info({ redis }, 'bridge stopped')
  }
  let stopping: Promise<void> | undefined
  return {
    status: async () => statusOf(settings, reader, relay, dependencies),
    stop: async () => (stopping ??= stop()),
  }
}

function streamReader(
  settings: BridgeSettings,
  shared: ReaderDependencies,
  redis: Connection,
  waiting: Connection,
): Reader {
  const { channel, group, lease: ttl, yieldAfter, drain } = settings
  const keys = bridgeKeys(channel, group)
  const owner = `${hostname()}:${process.pid}/${randomBytes(6).toString('hex')}`
  const lease = new Lease({ redis, key: keys.lease, owner, ttl, logger: shared.logger })
  const entries = new Group({ redis, keys, group, lease })
  return new StreamReader({ ...shared, redis, waiting, keys, group, lease, entries, yieldAfter, drain })
}

function pubSubReader(settings: BridgeSettings, shared: ReaderDependencies, redis: Connection): Reader {
  const { channel, queue, drain } = settings
  const subscription = new Subscription({ redis, channel, logger: shared.logger })
  return new PubSubReader({ ...shared, subscription, room: queue, drain })
}

async function statusOf(
  { from, channel, redis }: BridgeSettings,
  reader: Reader,
  relay: Relay,
  { target, metrics }: BridgeDependencies,
): Promise<BridgeStatus> {
  const lag = await reader.lag().catch(() => undefined)
  if (lag !== undefined) metrics.lag(lag)
  metrics.active.set(Number(reader.state === 'reading'))
  const { failure } = relay
  const problems = [
    reader.state === 'connecting'
      ? `Redis cannot be used: ${reader.problem ?? 'not connected yet'}`
      : reader.problem,
    failure &&
      `${target.name} has taken nothing since ${new Date(failure.since).toISOString()}: ${failure.error.message}`,
  ].filter((problem) => problem !== undefined)
  return {
    from,
    channel,
    state: reader.state,
    redis: shown(redis.address),
    target: target.name,
    lag,
    problems,
  }
}
