import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Logger } from '../core/ports.ts'
import { type BridgeStatus, statusOf } from './bridge-status.ts'
import { Burials } from './burials.ts'
import { DeadLetters } from './dead-letters.ts'
import { bridgeKeys } from './keys.ts'
import { LossReport } from './losses/loss-report.ts'
import { NumberLedger } from './losses/number-ledger.ts'
import type { BridgeMetrics } from './metrics.ts'
import { PubSubReader } from './pubsub/pubsub-reader.ts'
import { Subscription } from './pubsub/subscription.ts'
import type { Reader, ReaderDependencies } from './reader.ts'
import { shown } from './redis/address.ts'
import { connect, type Purpose } from './redis/connect.ts'
import type { Connection } from './redis/connection.ts'
import { Relay } from './relay.ts'
import type { BridgeSettings } from './settings.ts'
import { Group } from './stream/group.ts'
import { Lease } from './stream/lease.ts'
import { StreamReader } from './stream/stream-reader.ts'
import type { Target } from './targets/target.ts'

export interface BridgeDependencies {
  readonly target: Target
  readonly logger: Logger
  readonly metrics: BridgeMetrics
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
  const burials = new Burials({ deadLetters, metrics, logger })
  const shared = { relay, burials, numbers, losses, metrics, logger }
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
    status: async () => statusOf({ settings, reader, relay, numbers, burials, connections, ...dependencies }),
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
