import type { LogEntry, PageLimits } from '../../../../src/core/ports.ts'
import { readLog, type ReadResult } from '../../../../src/core/read.ts'
import type { Read } from './plan.ts'
import { MINUTE, type Put, SKEW, type Truth } from './truth.ts'
import { readOnly, type Worker } from './worker.ts'

const idIn = ({ text }: LogEntry) => (JSON.parse(text) as { id: string }).id

/** Somebody who remembers where they were, and comes back at any time. */
export class Reader {
  readonly #truth: Truth
  readonly #userId: string
  #cursor: number | undefined

  constructor(truth: Truth, userId: string) {
    this.#truth = truth
    this.#userId = userId
  }

  async read(worker: Worker, plan: Pick<Read, 'how' | 'limit' | 'adopts'>): Promise<void> {
    const visit = new Visit(this.#truth, this.#userId, worker)
    const limits = { events: plan.limit, bytes: 1_000_000 }
    if (plan.how === 'on' && this.#cursor !== undefined) {
      const offset = this.#cursor
      const result = await visit.on(offset, limits)
      const last = result.entries.at(-1)?.offset
      if (last !== undefined) this.#moveTo(last)
      else if (result.truncated || plan.adopts) this.#moveTo(result.head)
    } else if (plan.how === 'newest') this.#moveTo((await visit.newest(limits)).head)
    else if (plan.how === 'since') {
      const { entries, head, truncated } = await visit.since(limits)
      this.#moveTo(truncated ? head : (entries.at(-1)?.offset ?? head))
    } else if (plan.how === 'zero') {
      const { entries, head } = await visit.fromZero(limits)
      this.#moveTo(entries.at(-1)?.offset ?? head)
    } else this.#moveTo(await visit.head())
  }

  #moveTo(offset: number): void {
    this.#cursor = offset
  }
}

/** One read, and what must be true of it. */
class Visit {
  readonly #truth: Truth
  readonly #userId: string
  readonly #worker: Worker
  /** What was already there, and told, when it began. */
  readonly #lastBefore: number
  readonly #toldBefore: number

  constructor(truth: Truth, userId: string, worker: Worker) {
    this.#truth = truth
    this.#userId = userId
    this.#worker = worker
    const { puts, reported } = truth.of(userId)
    this.#lastBefore = puts.at(-1)?.offset ?? 0
    this.#toldBefore = reported
  }

  async head(): Promise<number> {
    const { head, loggedAt } = await this.#worker.reader.end(this.#userId)
    this.#checkHead(head)
    const put = this.#puts().find(({ offset }) => offset === head)
    const isTrue =
      loggedAt === undefined ? put === undefined || !this.#isKept(put) : put?.loggedAt === loggedAt
    this.#demand(isTrue, 'the end is that of the last entry', { head, loggedAt, put })
    return head
  }

  async on(cursor: number, limits: PageLimits): Promise<ReadResult> {
    const result = await this.#read({ kind: 'after', offset: cursor }, limits)
    if (result.truncated) this.#checkLoss(cursor, result)
    else this.#checkAll(result, (put) => put.offset > cursor, 'a loss is told')
    return result
  }

  async fromZero(limits: PageLimits): Promise<ReadResult> {
    const result = await this.#read({ kind: 'after', offset: 0 }, limits)
    this.#demand(!result.truncated, 'from 0 nothing is lost', result)
    this.#checkAll(result, (put) => this.#isKept(put), 'from 0 there is all that is kept')
    return result
  }

  async newest(limits: PageLimits): Promise<ReadResult> {
    const result = await this.#read({ kind: 'newest' }, limits)
    const isFull = result.entries.length >= limits.events
    const from = isFull ? (result.entries[0]?.offset ?? 0) : 0
    this.#checkAll(
      result,
      (put) => put.offset >= from && this.#isKept(put),
      'the newest are all up to the head',
    )
    return result
  }

  async since(limits: PageLimits): Promise<ReadResult> {
    const time = this.#truth.now() - 30 * MINUTE
    const result = await this.#read({ kind: 'since', time }, limits)
    if (!result.truncated) {
      this.#checkAll(
        result,
        (put) => put.loggedAt >= time && this.#isKept(put),
        'since a time there is all of it',
      )
    }
    return result
  }

  async #read(cursor: Parameters<typeof readLog>[2], limits: PageLimits): Promise<ReadResult> {
    const result = await readLog(readOnly(this.#worker.reader), this.#userId, cursor, limits)
    this.#checkHead(result.head)
    this.#checkEntries(result)
    return result
  }

  #checkHead(head: number): void {
    this.#demand(head >= this.#lastBefore, 'a read sees what was there before it', {
      head,
      last: this.#lastBefore,
    })
    this.#truth.noteReported(this.#userId, head, this.#toldBefore)
  }

  #checkEntries({ entries }: ReadResult): void {
    for (const [i, entry] of entries.entries()) {
      const put = this.#puts().find(({ offset }) => offset === entry.offset)
      const isTrue = put?.eventId === idIn(entry) && put.loggedAt === entry.loggedAt
      this.#demand(isTrue, 'what is read is what was put', { entry, put })
      const before = entries[i - 1]
      const isNext = before === undefined || before.offset + 1 === entry.offset
      this.#demand(isNext, 'what is visible has no holes', { before, entry })
    }
  }

  /** All that was put up to where the page ends, and that the reader is to have, is in the page. */
  #checkAll({ entries, head, more }: ReadResult, isDue: (put: Put) => boolean, rule: string): void {
    const upTo = more ? entries.at(-1)!.offset : head
    const has = new Set(entries.map(({ offset }) => offset))
    const missing = this.#puts().filter((put) => put.offset <= upTo && isDue(put) && !has.has(put.offset))
    this.#demand(missing.length === 0, rule, { missing, entries, head, more })
  }

  /** Told of a loss: there must be one, or the cursor be older than anything that is certainly there. */
  #checkLoss(cursor: number, result: ReadResult): void {
    const now = this.#truth.now()
    if (this.#puts().some((put) => put.offset > cursor && !this.#isKept(put))) return
    const seen = this.#puts().findLast((put) => put.offset <= cursor)
    const { certain } = this.#truth.of(this.#userId)
    // A cursor that is no entry's is a head's: one below its base.
    const until = seen?.offset === cursor ? seen.ttl * 1000 : (certain.get(cursor + 1) ?? Infinity)
    const isExcused = now > until - 60 * MINUTE - SKEW
    if (isExcused) this.#truth.excused++
    this.#demand(isExcused, 'no loss is told where there is none', {
      cursor,
      seen,
      result,
      head: this.#truth.of(this.#userId).head,
    })
  }

  /** Certainly visible to this worker. */
  #isKept({ loggedAt, ttl }: Put): boolean {
    const now = this.#truth.now()
    return loggedAt > now - this.#worker.life.retentionMs + SKEW && ttl * 1000 - now > 60 * MINUTE + SKEW
  }

  #puts(): readonly Put[] {
    return this.#truth.of(this.#userId).puts
  }

  #demand(holds: boolean, rule: string, about: object): void {
    this.#truth.demand(holds, rule, () => ({ now: this.#truth.now(), userId: this.#userId, ...about }))
  }
}
