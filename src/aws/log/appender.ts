import { FanoutError } from '../../core/errors.ts'
import type { AcceptedEvent } from '../../core/event.ts'
import type { Appended, BegunReceipt, Receipt } from '../../core/ports.ts'
import type { LogLife } from './log-life.ts'
import { LogStarts, type Start, startAt } from './log-start.ts'
import type { Intent, LogStore, StoredEntry } from './log-store.ts'
import { settled } from './settled.ts'

/** What one call of the log knows of the logs' ends, for it put them there itself. */
export type KnownStarts = Map<string, Start>

export interface AppenderOptions {
  readonly store: LogStore
  readonly life: LogLife
  /** Waits before the try after the `attempt`-th at one offset. */
  readonly wait: (attempt: number) => Promise<void>
  /**
   * For how long rivals are tried against, in milliseconds. It bounds the whole try, together with the deadlines of the
   * store's calls: `LogLife` counts on a try being far shorter than half an hour.
   */
  readonly patienceMs: number
}

/**
 * Puts one event into the logs of its recipients, without transactions. When it answers, or fails, none of its calls is
 * under way any more: see `settled`.
 *
 * The receipt is the record of the intent: it says after which offset of each log to look for the event. An entry is put at
 * n + 1 only by a try that knows all of basis + 1 … n and found no such event there, and only if nothing is at n + 1 yet. So
 * the event gets into a log once, however many tries, crashes and rivals there are.
 */
export class Appender {
  readonly #store: LogStore
  readonly #life: LogLife
  readonly #starts: LogStarts
  readonly #wait: (attempt: number) => Promise<void>
  readonly #patienceMs: number

  constructor({ store, life, wait, patienceMs }: AppenderOptions) {
    this.#store = store
    this.#life = life
    this.#starts = new LogStarts(store, life)
    this.#wait = wait
    this.#patienceMs = patienceMs
  }

  /** @throws whatever the store does: then it is not known which logs have the event */
  async append(event: AcceptedEvent, known: KnownStarts): Promise<Appended> {
    const starts = await this.#startsOf(event, known)
    const intent = this.#intentOf(event, starts)
    if (await this.#store.begin(intent, this.#life.now()))
      return this.#place(event, intent, starts, known, true)
    const stored = await this.#store.receipt(event.id)
    if (stored === undefined)
      throw new Error(`the receipt of event ${event.id} was there, and is not any more`)
    const { digest } = stored.state === 'accepted' ? stored.intent : stored.receipt
    if (digest !== event.digest) return { status: 'refused', error: idConflict(event.id) }
    if (stored.state === 'logged') return { status: 'logged', receipt: stored.receipt }
    if (this.#life.isTooLate(stored.intent)) {
      return { status: 'refused', error: tooLate(event.id, stored.intent.acceptedAt) }
    }
    return this.#place(event, stored.intent, starts, known, false)
  }

  /** Where the event of an intent stands: in the logs of all recipients, or as far as a publish came that was begun. */
  async find(intent: Intent): Promise<Receipt | BegunReceipt> {
    const { eventId, type, digest, acceptedAt } = intent
    const places = await settled(
      intent.recipients.map(async ({ userId, basis }) => this.#look(userId, basis, eventId)),
    )
    const found = places.flatMap(({ found: entry }) => entry ?? [])
    if (found.length === places.length) return receiptOf(intent, found)
    const recipients = intent.recipients.map(({ userId, field }, i) => {
      const offset = places[i]?.found?.offset
      return { userId, field, ...(offset !== undefined && { offset }) }
    })
    return { eventId, type, digest, state: 'begun', acceptedAt, recipients }
  }

  async #startsOf({ recipients }: AcceptedEvent, known: KnownStarts): Promise<ReadonlyMap<string, Start>> {
    const starts = await settled(
      recipients.map(
        async ({ userId }) => [userId, known.get(userId) ?? (await this.#starts.find(userId))] as const,
      ),
    )
    return new Map(starts)
  }

  #intentOf({ id, type, digest, recipients }: AcceptedEvent, starts: ReadonlyMap<string, Start>): Intent {
    // After a clock stepped back, the receipt must still outlive the entries.
    const times = [...starts.values()].map(({ entry }) => entry?.loggedAt ?? 0)
    const acceptedAt = Math.max(this.#life.now(), ...times)
    return {
      eventId: id,
      type,
      digest,
      acceptedAt,
      ttl: this.#life.ttlOfReceipt(acceptedAt),
      recipients: recipients.map(({ userId, field }) => {
        return { userId, field, basis: startIn(starts, userId).floor }
      }),
    }
  }

  async #place(
    event: AcceptedEvent,
    intent: Intent,
    starts: ReadonlyMap<string, Start>,
    known: KnownStarts,
    isFirst: boolean,
  ): Promise<Appended> {
    const minTtl = this.#life.minTtlOfEntry(intent)
    const entries = await settled(
      intent.recipients.map(async ({ userId, basis }) => {
        const goesOn = startIn(starts, userId)
        const start = { ...goesOn, minTtl: Math.max(goesOn.minTtl, minTtl) }
        // Of an event that had no receipt nothing can be there yet.
        // Else the entry at the basis is read as well: the next one may not be logged before it.
        const { found, last } = isFirst
          ? { last: start.entry }
          : await this.#look(userId, basis - 1, event.id)
        if (found !== undefined) return found
        const entry = await this.#put(event, { userId, basis, start, last })
        known.set(userId, startAt(entry))
        return entry
      }),
    )
    return { status: 'appended', receipt: receiptOf(intent, entries) }
  }

  /** Puts the event above `last`, the last entry that is known, or finds it there after a rival was faster. */
  async #put(
    event: AcceptedEvent,
    place: { userId: string; basis: number; start: Start; last: StoredEntry | undefined },
  ): Promise<StoredEntry> {
    const { userId, basis, start } = place
    const until = this.#life.now() + this.#patienceMs
    let last = place.last
    for (let attempt = 0; this.#life.now() <= until; attempt++) {
      const known = Math.max(last?.offset ?? basis, basis)
      const entry = this.#entryFor(event, Math.max(known, start.floor) + 1, start, last)
      if (await this.#store.putEntry(userId, entry)) return entry
      await this.#wait(attempt)
      const news = await this.#look(userId, known, event.id)
      if (news.found !== undefined) return news.found
      last = news.last ?? last
    }
    const given = `event ${event.id} found no free offset in the log of one recipient within ${this.#patienceMs} ms`
    throw new Error(`${given}: too many publishers write to it at once`)
  }

  #entryFor(event: AcceptedEvent, offset: number, start: Start, last: StoredEntry | undefined): StoredEntry {
    const before = last !== undefined && last.offset >= start.floor ? last : start.entry
    const loggedAt = Math.max(this.#life.now(), before?.loggedAt ?? 0)
    const ttl = Math.max(this.#life.ttlOfEntry(loggedAt), before?.ttl ?? 0, start.minTtl)
    return { offset, loggedAt, ttl, eventId: event.id, text: event.text }
  }

  /** Reads everything above `after`, up to the event if it is there. */
  async #look(
    userId: string,
    after: number,
    eventId: string,
  ): Promise<{ found?: StoredEntry; last?: StoredEntry }> {
    let last: StoredEntry | undefined
    for (let more = true; more;) {
      const page = await this.#store.range(userId, { from: (last?.offset ?? after) + 1 })
      const found = page.entries.find((entry) => entry.eventId === eventId)
      if (found !== undefined) return { found }
      last = page.entries.at(-1) ?? last
      more = page.more && page.entries.length > 0
    }
    return last === undefined ? {} : { last }
  }
}

function startIn(starts: ReadonlyMap<string, Start>, userId: string): Start {
  const start = starts.get(userId)
  if (start === undefined) throw new Error(`the receipt names ${userId}, whom the event does not`)
  return start
}

function receiptOf(intent: Intent, entries: readonly StoredEntry[]): Receipt {
  const { eventId, type, digest, acceptedAt } = intent
  const recipients = intent.recipients.map(({ userId, field }, i) => {
    return { userId, field, offset: entries[i]?.offset ?? Number.NaN, deliveries: [] }
  })
  return { eventId, type, digest, state: 'accepted', acceptedAt, recipients }
}

function idConflict(id: string): FanoutError {
  const name = JSON.stringify(id)
  const detail = `the id ${name} belongs to an event with other content; give this one an id of its own`
  return new FanoutError('id_conflict', detail, { path: '/id' })
}

function tooLate(id: string, acceptedAt: number): FanoutError {
  const name = JSON.stringify(id)
  const since = new Date(acceptedAt).toISOString()
  const detail = `an earlier try at the event ${name} began at ${since} and was never completed; whom it reached can no longer be told, so publish it under a new id`
  return new FanoutError('retry_too_late', detail, { path: '/id' })
}
