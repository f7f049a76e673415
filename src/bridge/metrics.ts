import { Counter, Gauge, Registry } from 'prom-client'

/** How far a bridge is behind. */
export interface Lag {
  /** Messages that Redis has given, or holds for the bridge, and that are not settled. */
  readonly messages: number
  /** How long the oldest of them has been waiting, in seconds. */
  readonly seconds: number
}

/** What a bridge counts, for Prometheus. Names and meanings are in docs/bridge.md. */
export class BridgeMetrics {
  readonly registry: Registry
  readonly messages: Counter<'result'>
  readonly lost: Counter<'reason'>
  readonly retries: Counter
  readonly active: Gauge
  readonly lagMessages: Gauge
  readonly lagSeconds: Gauge

  constructor(registry = new Registry()) {
    const registers = [registry]
    this.registry = registry
    this.messages = new Counter({
      name: 'fanout_bridge_messages_total',
      help: 'Messages of Redis that the bridge is done with, by what became of them',
      labelNames: ['result'],
      registers,
    })
    this.lost = new Counter({
      name: 'fanout_bridge_lost_messages_total',
      help: 'Messages that were lost: in Redis (gap), by trimming of the stream (trimmed), for want of room in the bridge (dropped)',
      labelNames: ['reason'],
      registers,
    })
    this.retries = new Counter({
      name: 'fanout_bridge_retries_total',
      help: 'Tries of the target that failed and were repeated',
      registers,
    })
    this.active = new Gauge({
      name: 'fanout_bridge_active',
      help: '1 while this bridge takes messages from Redis, 0 while it stands by or is not connected',
      registers,
    })
    this.lagMessages = new Gauge({
      name: 'fanout_bridge_lag_messages',
      help: 'Messages waiting to be brought to the target',
      registers,
    })
    this.lagSeconds = new Gauge({
      name: 'fanout_bridge_lag_seconds',
      help: 'How long the oldest waiting message has been waiting',
      registers,
    })
    // A counter that is not there yet cannot be told from one that nobody knows.
    for (const result of ['published', 'duplicate', 'dead']) this.messages.inc({ result }, 0)
    for (const reason of ['gap', 'trimmed', 'dropped']) this.lost.inc({ reason }, 0)
  }

  lag({ messages, seconds }: Lag): void {
    this.lagMessages.set(messages)
    this.lagSeconds.set(seconds)
  }
}
