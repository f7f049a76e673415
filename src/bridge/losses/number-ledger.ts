import type { Logger } from '../../core/ports.ts'
import { bornOf } from '../../publisher/redis/producer.ts'
import type { MessageNumber } from '../../publisher/redis/wire.ts'
import type { BridgeKeys } from '../keys.ts'
import type { Connection } from '../redis/connection.ts'
import { listOf, numberOf, textOf } from '../redis/script.ts'
import { NUMBERS } from './number-script.ts'
import { Brought, type Run } from './runs.ts'

/** Numbers of a producer that no bridge has seen. */
export interface Gap {
  readonly producer: string
  readonly from: number
  readonly to: number
  readonly count: number
  /** Milliseconds since 1970: when a later message came, or the producer was found to be further. */
  readonly noticedAt: number
}

export interface NumberLedgerOptions {
  readonly redis: Connection
  readonly keys: BridgeKeys
  /** Milliseconds in which a missing number may still come. */
  readonly grace: number
  readonly logger: Logger
  readonly onGap: (gap: Gap) => void
}

/** A producer that has said nothing for so long is over. In milliseconds. */
const FORGET_AFTER = 7 * 24 * 60 * 60 * 1000
const FORGET_EVERY = 60 * 60 * 1000

/**
 * Which numbered messages were brought to the target, by all bridges of a channel together: what none of them has is lost. Kept in
 * Redis, so that a loss is found also when every bridge was away.
 */
export class NumberLedger {
  readonly #options: NumberLedgerOptions
  readonly #brought = new Brought()
  /** Producers of whom something was brought that is not written yet. */
  #changed = new Set<string>()
  #expected: Run[] = []
  #writing: Promise<void> | undefined
  #next: Promise<void> | undefined
  readonly #began = Date.now()
  #forgotAt = 0
  #problem: string | undefined

  constructor(options: NumberLedgerOptions) {
    this.#options = options
  }

  /** Why gaps cannot be found now. */
  get problem(): string | undefined {
    return this.#problem === undefined ? undefined : `gaps cannot be found: ${this.#problem}`
  }

  /** The message is safe in the target, or among the dead letters. */
  note({ producer, number }: MessageNumber): void {
    this.#brought.add({ producer, number })
    this.#changed.add(producer)
  }

  /** The producer has come so far, and what it has sent should be here. */
  expect({ producer, number }: MessageNumber): void {
    this.#expected.push({ producer, from: number + 1, to: number })
  }

  /** How far each producer says that it has come. */
  async published(): Promise<readonly MessageNumber[]> {
    const { redis, keys } = this.#options
    const all = await redis.hgetall(keys.producers)
    return Object.entries(all).map(([producer, state]) => ({ producer, number: Number(state.split(' ')[0]) }))
  }

  /** Writes what was noted, and reports what has been missing for too long. Never rejects: what is not written is written later. */
  async flush(): Promise<void> {
    // One that waits for another writes what is noted until its turn comes.
    this.#next ??= this.#writeAfter(this.#writing)
    await this.#next
  }

  async #writeAfter(writing: Promise<void> | undefined): Promise<void> {
    await writing
    this.#next = undefined
    this.#writing = this.#write()
    await this.#writing
  }

  async #write(): Promise<void> {
    const { redis, keys, grace, onGap } = this.#options
    if (redis.status !== 'ready') return
    const changed = this.#changed
    const expected = this.#expected
    this.#changed = new Set()
    this.#expected = []
    const now = Date.now()
    try {
      const runs = [...[...changed].flatMap((producer) => this.#brought.runsOf(producer)), ...expected]
      const values = runs.flatMap(({ producer, from, to }) => [
        producer,
        from,
        to,
        this.#bornFor(producer, now),
      ])
      const reply = await NUMBERS.run(redis, [keys.numbers, keys.holes], [now, grace, this.#began, ...values])
      const [, losses] = listOf(reply)
      this.#brought.written(changed)
      for (const loss of listOf(losses)) onGap(gapOf(listOf(loss)))
      if (now - this.#forgotAt >= FORGET_EVERY) await this.#forget(now)
      this.#problem = undefined
    } catch (error) {
      for (const producer of changed) this.#changed.add(producer)
      this.#expected.push(...expected)
      this.#hasFailed(error)
    }
  }

  /** For the script, in case that it does not know the producer. */
  #bornFor(producer: string, now: number): number {
    const born = bornOf(producer) ?? 0
    // It did know it: it has lost that, or it was forgotten. Then as one from before there was a bridge.
    return this.#brought.isWritten(producer) || now - born > FORGET_AFTER ? 0 : born
  }

  #hasFailed(error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error)
    // It is tried every second.
    if (this.#problem !== detail)
      this.#options.logger.warn({ detail }, 'numbers not written, so no gap can be found')
    this.#problem = detail
  }

  async #forget(now: number): Promise<void> {
    this.#forgotAt = now
    this.#brought.forget(now - FORGET_AFTER)
    const { redis, keys } = this.#options
    const isOver = (at: number): boolean => now - at > FORGET_AFTER
    const known = Object.entries(await redis.hgetall(keys.numbers)).filter(
      ([name, state]) => name.startsWith('of ') && isOver((JSON.parse(state) as { at: number }).at),
    )
    const producers = Object.entries(await redis.hgetall(keys.producers)).filter(([, state]) =>
      isOver(Number(state.split(' ')[1])),
    )
    if (known.length > 0) await redis.hdel(keys.numbers, ...known.map(([name]) => name))
    if (producers.length > 0) await redis.hdel(keys.producers, ...producers.map(([name]) => name))
  }
}

function gapOf([producer, from, to, noticedAt]: ReturnType<typeof listOf>): Gap {
  const [first, last] = [numberOf(from), numberOf(to)]
  return {
    producer: textOf(producer),
    from: first,
    to: last,
    count: last - first + 1,
    noticedAt: numberOf(noticedAt),
  }
}
