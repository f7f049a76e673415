import { onTestFinished } from 'vitest'
import { type Bridge, startBridge } from '../../src/bridge/bridge.ts'
import { BridgeMetrics } from '../../src/bridge/metrics.ts'
import { type BridgeSettings, readBridgeSettings } from '../../src/bridge/settings.ts'
import type { Outcome, Target } from '../../src/bridge/targets/target.ts'
import type { AcceptedEvent } from '../../src/core/event.ts'
import { RecordingLogger } from '../support/fakes.ts'
import type { RedisServer } from '../support/redis-server.ts'

/** Takes everything, in memory, until a test wants it otherwise. */
export class RecordingTarget implements Target {
  readonly name = 'the recording target'
  /** Of what was taken, in order; one that came again is there once. */
  readonly ids: string[] = []
  tries = 0
  #failing: Error | undefined
  #held: Promise<void> | undefined
  #release: (() => void) | undefined

  async publish(events: readonly AcceptedEvent[], signal: AbortSignal): Promise<readonly Outcome[]> {
    this.tries++
    if (this.#held !== undefined) await Promise.race([this.#held, aborted(signal)])
    const error = this.#failing ?? (signal.aborted ? new Error('aborted') : undefined)
    if (error !== undefined) return events.map(() => ({ status: 'failed', error }))
    return events.map(({ id }) => {
      if (this.ids.includes(id)) return { status: 'duplicate' }
      this.ids.push(id)
      return { status: 'published' }
    })
  }

  /** From now on nothing is taken; without a reason everything is again. */
  fail(reason?: string): void {
    this.#failing = reason === undefined ? undefined : new Error(reason)
  }

  /** From now on answers do not come, until `release`. */
  hold(): void {
    this.#held = new Promise((resolve) => {
      this.#release = resolve
    })
  }

  release(): void {
    this.#held = undefined
    this.#release?.()
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve)
  })
}

/** Short times: tests wait for what happens, not for how long it takes. */
const QUICK = { gapGrace: 300, lease: 2000, yieldAfter: 60_000, drain: 5000 }

export interface RunningBridge {
  readonly bridge: Bridge
  readonly target: RecordingTarget
  readonly logger: RecordingLogger
  /** The fields of the log lines with this text. */
  readonly logged: (message: string | RegExp) => Record<string, unknown>[]
  readonly metric: (name: string, labels: Readonly<Record<string, string>>) => Promise<number>
}

/** A bridge in this process, stopped when the test is over. */
export function bridgeFrom(
  redis: RedisServer,
  from: BridgeSettings['from'],
  {
    target = new RecordingTarget(),
    ...overrides
  }: Partial<BridgeSettings> & { target?: RecordingTarget } = {},
): RunningBridge {
  const settings = readBridgeSettings({ REDIS_URL: redis.url, REDIS_FROM: from })
  if (settings === undefined) throw new Error('no settings')
  const logger = new RecordingLogger()
  const metrics = new BridgeMetrics()
  const bridge = startBridge({ ...settings, ...QUICK, ...overrides }, { target, logger, metrics })
  onTestFinished(async () => {
    target.fail()
    target.release()
    await bridge.stop()
  })
  return {
    bridge,
    target,
    logger,
    logged: (message) =>
      logger.lines
        .filter((line) =>
          typeof message === 'string' ? line.message === message : message.test(line.message),
        )
        .map(({ fields }) => fields as Record<string, unknown>),
    metric: async (name, labels) => {
      const { values = [] } = (await metrics.registry.getSingleMetric(name)?.get()) ?? {}
      return (
        values.find((value) => Object.entries(labels).every(([key, text]) => value.labels[key] === text))
          ?.value ?? 0
      )
    },
  }
}

export const LOST_IN_REDIS = /^messages lost in Redis/
export const LOST_ENTRIES = /^entries lost/
