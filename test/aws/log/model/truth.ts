import type { Head, Intent, StoredEntry } from '../../../../src/aws/log/log-store.ts'
import { type Nature, MemoryLogStore } from '../memory-log-store.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const DAY = 24 * 60 * MINUTE

/** How far two clocks of the model differ at most, and a bit. */
export const SKEW = 15 * SECOND

export interface Put extends StoredEntry {
  /** When it was put: the true time. */
  readonly time: number
  /** The receipt it belongs to. */
  readonly begun: Begun | undefined
}

export interface Begun {
  readonly time: number
  readonly acceptedAt: number
  readonly digest: string
}

interface UserTruth {
  readonly puts: Put[]
  /** The highest head that a reader was told. */
  reported: number
  head: Head | undefined
  /** Until when nothing that was put from a base on can have gone, in milliseconds since 1970. */
  readonly certain: Map<number, number>
}

/** All that ever happened, and what of it was wrong. */
export class Truth {
  readonly violations: string[] = []
  /** Readers that were told of a loss which there was none, as they may be. */
  excused = 0
  /** The newest last. */
  readonly begun = new Map<string, Begun[]>()
  readonly #nature: Nature
  readonly #users = new Map<string, UserTruth>()
  /** Retentions, and until when they were in force. */
  readonly #deployed: { readonly retentionMs: number; until: number }[] = []

  constructor(nature: Nature) {
    this.#nature = nature
  }

  now(): number {
    return this.#nature.now()
  }

  of(userId: string): UserTruth {
    const user = this.#users.get(userId) ?? { puts: [], reported: 0, head: undefined, certain: new Map() }
    this.#users.set(userId, user)
    return user
  }

  demand(holds: boolean, rule: string, about: () => unknown): void {
    if (!holds) this.violations.push(`${rule}: ${JSON.stringify(about())}`)
  }

  deploy(retentionMs: number): void {
    const current = this.#deployed.at(-1)
    // Workers of the version before may still be under way.
    if (current !== undefined) current.until = this.now() + 10 * MINUTE
    this.#deployed.push({ retentionMs, until: Infinity })
  }

  /** The lowest that was in force at any time since. */
  lowestRetention(since: number): number {
    return Math.min(
      ...this.#deployed.filter(({ until }) => until >= since).map(({ retentionMs }) => retentionMs),
    )
  }

  noteBegun({ eventId, acceptedAt, digest }: Intent): void {
    const all = this.begun.get(eventId) ?? []
    const before = all.at(-1)
    if (before !== undefined) {
      const window = 2 * this.lowestRetention(before.time - SKEW)
      const isOver = this.now() > before.acceptedAt + window - SKEW
      this.demand(isOver, 'an id is known for twice the retention', () => [eventId, before, this.now()])
    }
    this.begun.set(eventId, [...all, { time: this.now(), acceptedAt, digest }])
  }

  notePut(userId: string, entry: StoredEntry): void {
    const { puts, reported } = this.of(userId)
    const put: Put = { ...entry, time: this.now(), begun: this.begun.get(entry.eventId)?.at(-1) }
    const last = puts.at(-1)
    const story = () => ({ userId, put, last, reported })
    const twice = puts.some((one) => one.eventId === put.eventId && one.begun === put.begun)
    this.demand(!twice, 'an event is in a log once', story)
    this.demand(put.offset > reported, 'nothing comes at or below a head that was told', story)
    if (last !== undefined) this.#checkAfter(put, last, story)
    puts.push(put)
    puts.sort((a, b) => a.offset - b.offset)
  }

  #checkAfter(put: Put, last: Put, story: () => unknown): void {
    this.demand(put.offset !== last.offset, 'no offset is given twice', story)
    this.demand(put.offset >= last.offset, 'nobody is overtaken', story)
    this.demand(put.loggedAt >= last.loggedAt, 'loggedAt never falls', story)
    this.demand(put.ttl >= last.ttl, 'ttl never falls', story)
    const mayBeGone = last.ttl * 1000 - this.now() <= 30 * MINUTE + SKEW
    this.demand(put.offset === last.offset + 1 || mayBeGone, 'no hole above what is certainly there', story)
  }

  noteHead(userId: string, head: Head): void {
    const user = this.of(userId)
    user.head = head
    if (head.used && !user.certain.has(head.base)) user.certain.set(head.base, head.at + head.lifeMs)
  }

  /** What a reader was told, who had asked when `before` had been told already. */
  noteReported(userId: string, head: number, before: number): void {
    const user = this.of(userId)
    this.demand(head >= before, 'heads rise', () => ({ userId, head, before }))
    user.reported = Math.max(user.reported, head)
  }
}

/** The store, of which the truth hears. */
export class WatchedStore extends MemoryLogStore {
  readonly #truth: Truth

  constructor(nature: Nature, truth: Truth) {
    super(nature)
    this.#truth = truth
  }

  override async putEntry(userId: string, entry: StoredEntry): Promise<boolean> {
    const isPut = await super.putEntry(userId, entry)
    if (isPut) this.#truth.notePut(userId, entry)
    return isPut
  }

  override async putHead(userId: string, head: Head, replaces: Head | undefined): Promise<boolean> {
    const isPut = await super.putHead(userId, head, replaces)
    if (isPut) this.#truth.noteHead(userId, head)
    return isPut
  }

  override async begin(intent: Intent, now: number): Promise<boolean> {
    const isBegun = await super.begin(intent, now)
    if (isBegun) this.#truth.noteBegun(intent)
    return isBegun
  }
}
