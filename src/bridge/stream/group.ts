import type { BridgeKeys } from '../keys.ts'
import type { Message } from '../message.ts'
import type { Connection } from '../redis/connection.ts'
import { fieldsOf, listOf, numberOf, type Reply, textOf } from '../redis/script.ts'
import { messagesOf } from './entry.ts'
import { timeOf } from './entry-time.ts'
import type { Lease } from './lease.ts'
import { MAKE_GROUP, READ, REPORTED, TAKE_OVER } from './scripts.ts'

export interface GroupOptions {
  readonly redis: Connection
  readonly keys: BridgeKeys
  readonly group: string
  readonly lease: Lease
}

export interface Batch {
  readonly messages: readonly Message[]
  /** The last entry that the group was given. */
  readonly last: string
  /** How many entries were removed from the stream before they were read, between which; until `reported` is called. */
  readonly trimmed: { readonly count: number; readonly after: string; readonly before: string }
}

export interface TakenOver {
  readonly messages: readonly Message[]
  /** Where to go on; `0-0`: that was all. */
  readonly next: string
}

/** One name for all readers: there is but one at a time, and names of dead ones would pile up in the group. */
const CONSUMER = 'bridge'

/** Entries in memory are twice these: one batch under way, one read ahead. */
const ENTRIES = 100
const FIRST_ENTRIES = 4
/** What a batch should not be larger than. One that is had entries larger than those before. */
const BATCH_BYTES = 16 * 1024 * 1024

/** The stream as its consumer group reads it, for whoever has the lease. */
export class Group {
  readonly #options: GroupOptions
  /** How many to ask for: few at first, for nobody knows how large they are. */
  #count = FIRST_ENTRIES

  constructor(options: GroupOptions) {
    this.#options = options
  }

  /** @throws if the lease is lost, or Redis cannot be asked */
  async ensure(): Promise<void> {
    const { redis, keys, group } = this.#options
    await MAKE_GROUP.run(redis, [keys.lease, keys.stream, keys.group], [...this.#who, group])
  }

  /** What was given out and never acknowledged, whoever it was given to. @throws as `ensure` */
  async takeOver(from: string): Promise<TakenOver> {
    const { redis, keys, group } = this.#options
    const values = [...this.#who, group, CONSUMER, from, this.#count]
    const [next, entries] = listOf(await TAKE_OVER.run(redis, [keys.lease, keys.stream, keys.group], values))
    const messages = this.#sized(messagesOf(entries))
    return { messages, next: textOf(next) }
  }

  /** @throws as `ensure` */
  async read(): Promise<Batch> {
    const { redis, keys, group } = this.#options
    const values = [...this.#who, group, CONSUMER, this.#count]
    const reply: readonly Reply[] = listOf(
      await READ.run(redis, [keys.lease, keys.stream, keys.group], values),
    )
    const [count, after, before, last, entries] = reply
    return {
      messages: this.#sized(messagesOf(entries)),
      last: textOf(last),
      trimmed: { count: numberOf(count), after: textOf(after), before: textOf(before) },
    }
  }

  /**
   * So many lost entries are in the log now. Should the answer of a read get lost, they are told with the next one.
   *
   * @throws as `ensure`
   */
  async reported(count: number): Promise<void> {
    const { redis, keys } = this.#options
    await REPORTED.run(redis, [keys.lease, keys.group], [...this.#who, count])
  }

  /** @throws if Redis cannot be asked */
  async acknowledge(entries: readonly string[]): Promise<void> {
    const { redis, keys, group } = this.#options
    if (entries.length > 0) await redis.xack(keys.stream, group, ...entries)
  }

  /** How many entries the group is behind, and the time of the oldest. @throws if Redis cannot be asked */
  async lag(): Promise<{ readonly entries: number; readonly oldestAt: number | undefined }> {
    const { redis, keys, group } = this.#options
    const groups = listOf((await redis.callBuffer('XINFO', 'GROUPS', keys.stream)) as Reply).map(fieldsOf)
    const ours = groups.find((fields) => textOf(fields.get('name')) === group)
    const last = textOf(ours?.get('last-delivered-id')) || '0-0'
    const pending = numberOf(ours?.get('pending'))
    const [, oldestPending] = pending > 0 ? await redis.xpending(keys.stream, group) : []
    const [next] = await redis.xrange(keys.stream, `(${last}`, '+', 'COUNT', 1)
    const oldest = typeof oldestPending === 'string' ? oldestPending : next?.[0]
    return {
      entries: pending + (next === undefined ? 0 : await this.#unread()),
      oldestAt: oldest === undefined ? undefined : timeOf(oldest),
    }
  }

  /** Not the `lag` that Redis tells of the group: after trimming it is too high, for ever. */
  async #unread(): Promise<number> {
    const { redis, keys } = this.#options
    const stream = fieldsOf((await redis.callBuffer('XINFO', 'STREAM', keys.stream)) as Reply)
    const read = await redis.hget(keys.group, 'read')
    const length = numberOf(stream.get('length'))
    const added = stream.get('entries-added')
    // Before Redis 7, or before the first look, no more is known than that there is something.
    return added === undefined || read === null ? 1 : Math.min(length, numberOf(added) - Number(read))
  }

  /** Looks how large entries are, for how many to ask the next time. */
  #sized(messages: readonly Message[]): readonly Message[] {
    const bytes = messages.reduce((sum, message) => sum + message.bytes.length, 0)
    const fitting = Math.floor((messages.length * BATCH_BYTES) / Math.max(1, bytes))
    if (messages.length > 0) this.#count = Math.max(1, Math.min(ENTRIES, 2 * this.#count, fitting))
    return messages
  }

  get #who(): readonly (string | number)[] {
    const { lease } = this.#options
    return [lease.owner, lease.ttl]
  }
}
