import type { Burials } from './burials.ts'
import { setTimeout as pause } from 'node:timers/promises'
import type { NumberLedger } from './losses/number-ledger.ts'
import type { BridgeMetrics, Lag } from './metrics.ts'
import type { Reader } from './reader.ts'
import { shown } from './redis/address.ts'
import type { Connection } from './redis/connection.ts'
import { problemOf } from './redis/failures.ts'
import type { Relay } from './relay.ts'
import type { BridgeSettings, Source } from './settings.ts'
import type { Target } from './targets/target.ts'

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

export interface StatusSources {
  readonly settings: BridgeSettings
  readonly reader: Reader
  readonly relay: Relay
  readonly numbers: NumberLedger
  readonly burials: Burials
  readonly connections: readonly Connection[]
  readonly target: Target
  readonly metrics: BridgeMetrics
}

/** Whoever asks for the health does not wait for long. In milliseconds. */
const LAG_WITHIN = 2000

/** Asks all parts. Sets the metrics that are not counted but looked at. */
export async function statusOf(sources: StatusSources): Promise<BridgeStatus> {
  const { settings, reader, target, metrics } = sources
  const lag = await Promise.race([reader.lag().catch(() => undefined), pause(LAG_WITHIN, undefined)])
  // Not a number: the last one that was known would look as if all were well.
  metrics.lag(lag ?? { messages: NaN, seconds: NaN })
  metrics.active.set(Number(reader.state === 'reading'))
  return {
    from: settings.from,
    channel: settings.channel,
    state: reader.state,
    redis: shown(settings.redis.address),
    target: target.name,
    lag,
    problems: [...problemsWithRedis(sources, lag !== undefined), ...problemsWithTarget(sources)],
  }
}

function problemsWithRedis(
  { reader, numbers, burials, connections }: StatusSources,
  answers: boolean,
): readonly string[] {
  const failing = connections.map(problemOf).find((problem) => problem !== undefined)
  if (reader.state === 'connecting') {
    // All the rest follows from it.
    return [`Redis cannot be used: ${failing ?? reader.problem ?? 'not connected yet'}`]
  }
  const ofConnection = failing === undefined ? undefined : `a connection to Redis fails: ${failing}`
  const silent = answers ? undefined : 'Redis does not say how far behind this is'
  return [reader.problem ?? ofConnection ?? silent, burials.problem, numbers.problem].filter(
    (problem) => problem !== undefined,
  )
}

function problemsWithTarget({ relay: { failure }, target }: StatusSources): readonly string[] {
  if (failure === undefined) return []
  return [
    `${target.name} has taken nothing since ${new Date(failure.since).toISOString()}: ${failure.error.message}`,
  ]
}
