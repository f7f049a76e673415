import type { Acknowledgement } from '../verify.ts'
import { type Events, isOverHttp } from './events.ts'
import { NumberSet, Offsets } from './offsets.ts'

export interface LoggedEntry {
  readonly offset: number
  readonly loggedAt: number
  readonly event: unknown
}

/** One answer to a read of a log. */
export interface LogAnswer {
  readonly events: readonly LoggedEntry[]
  readonly head: number
  readonly more: boolean
  readonly truncated: boolean
}

/** What is known of one user's log. */
interface UserLog {
  /** By whoever named an offset: an acknowledgement, a reader, the checker. All must agree. */
  readonly offsets: Offsets
  /** The events that the checker has read in it. */
  readonly present: NumberSet
  /** The highest offset that anybody named, and who. */
  claimed: number
  claimedBy: string
  /** Up to here the checker has read it. */
  head: number
  loggedAt: number
  /** The highest place in the stream of an event in it. */
  place: number
}

/** An event on its way through Redis. */
interface InStream {
  readonly missing: Set<string>
  readonly since: number
  added: boolean
}

/**
 * What everybody knows of the logs, compared as soon as two know of the same. Memory: four bytes for each entry, and a
 * bit for each event and user.
 */
export class Ledger {
  readonly counts = { entries: 0, acknowledged: 0, duplicates: 0 }
  readonly #events: Events
  readonly #report: (fault: string) => void
  readonly #logs = new Map<string, UserLog>()
  readonly #inStream = new Map<number, InStream>()
  /** Where in the stream an event is, as far as Redis has said so beyond doubt. */
  readonly #places = new Map<number, number>()

  constructor(events: Events, report: (fault: string) => void) {
    this.#events = events
    this.#report = report
  }

  /** What the checker has read of a log. */
  headOf(userId: string): number {
    return this.#log(userId).head
  }

  /** The highest offset that anybody knows of. */
  claimOf(userId: string): number {
    return this.#log(userId).claimed
  }

  /** The server has answered that the event is where it says. */
  acknowledged(n: number, { id, recipients }: Acknowledgement, duplicate = false): void {
    const planned = this.#events.of(n)
    const named = recipients.map(({ userId }) => userId)
    if (duplicate) this.counts.duplicates++
    if (id !== planned.id) this.#report(`event ${n} got the id ${id}, not ${planned.id}`)
    if (named.toSorted().join() !== planned.recipients.toSorted().join()) {
      this.#report(`event ${n} for ${planned.recipients.join()} was acknowledged for ${named.join()}`)
    }
    for (const { userId, offset } of recipients) this.#claim('an acknowledgement', userId, offset, n)
    this.counts.acknowledged++
  }

  /** Somebody was shown this. */
  seen(by: string, userId: string, offset: number, text: string): void {
    const n = this.#checked(by, userId, offset, text)
    if (n !== undefined) this.#claim(by, userId, offset, n)
  }

  /** The checker has read on, from where it was. */
  read(userId: string, { events, head, truncated }: LogAnswer): void {
    const log = this.#log(userId)
    if (truncated) this.#report(`${userId}: the log is truncated after ${log.head}, head ${head}`)
    if (head < log.head) this.#report(`${userId}: the log ended at ${log.head} and now ends at ${head}`)
    for (const entry of events) this.#confirm(log, userId, entry)
  }

  /** The checker has read again what it had read before: another process serves it now. */
  readAgain(userId: string, events: readonly LoggedEntry[]): void {
    for (const { offset, event } of events) {
      this.seen('what was read again', userId, offset, JSON.stringify(event))
    }
  }

  /** A log was read to its end, and reading began when this was the highest offset that anybody had named. */
  readToEnd(userId: string, claimed: number): void {
    const { head, claimedBy } = this.#log(userId)
    if (head < claimed) {
      this.#report(`${userId}: the log ends at ${head}, and ${claimedBy} told of ${claimed}`)
      this.#log(userId).claimed = head
    }
  }

  /** About to be added to the stream. */
  emitting(n: number, since: number): void {
    this.#inStream.set(n, { missing: new Set(this.#events.of(n).recipients), since, added: false })
  }

  /** @param place where in the stream, if it is certain that it is there once */
  emitted(n: number, place?: number): void {
    const event = this.#inStream.get(n)
    if (event === undefined) return
    event.added = true
    if (event.missing.size === 0) this.#inStream.delete(n)
    else if (place !== undefined) this.#places.set(n, place)
  }

  /** Events that Redis has acknowledged and that are not in all of their logs. */
  get inStream(): number {
    return [...this.#inStream.values()].filter(({ added }) => added).length
  }

  /** Of those, what is under way since before this time is late. */
  lateInStream(before: number): number[] {
    return [...this.#inStream].filter(([, { added, since }]) => added && since < before).map(([n]) => n)
  }

  #log(userId: string): UserLog {
    const known = this.#logs.get(userId)
    if (known !== undefined) return known
    const log: UserLog = {
      offsets: new Offsets(),
      present: new NumberSet(),
      ...{ claimed: 0, claimedBy: 'nobody', head: 0, loggedAt: 0, place: 0 },
    }
    this.#logs.set(userId, log)
    return log
  }

  #claim(by: string, userId: string, offset: number, n: number): void {
    const log = this.#log(userId)
    const known = log.offsets.get(offset)
    if (known === undefined) log.offsets.set(offset, n)
    else if (known !== n) {
      this.#report(`${userId}: offset ${offset} is event ${n} for ${by}, and was event ${known}`)
    }
    if (offset <= log.claimed) return
    log.claimed = offset
    log.claimedBy = by
  }

  /** @returns the event's number, if the text is that event's and the user one of its recipients */
  #checked(by: string, userId: string, offset: number, text: string): number | undefined {
    const where = `${userId}: offset ${offset}, shown to ${by},`
    const { n } = JSON.parse(text) as { n?: number }
    const planned = Number.isSafeInteger(n) ? this.#events.of(n ?? 0) : undefined
    if (planned?.text !== text) {
      this.#report(`${where} is not what was published: ${text.slice(0, 200)}`)
      return undefined
    }
    if (!planned.recipients.includes(userId)) this.#report(`${where} is event ${planned.n} of somebody else`)
    return planned.n
  }

  #confirm(log: UserLog, userId: string, { offset, loggedAt, event }: LoggedEntry): void {
    if (log.head !== 0 && offset !== log.head + 1) {
      this.#report(`${userId}: ${offset} comes after ${log.head}`)
    }
    log.head = offset
    if (loggedAt < log.loggedAt) {
      this.#report(`${userId}: ${offset} was logged at ${loggedAt}, before the one ahead of it`)
    }
    log.loggedAt = loggedAt
    this.counts.entries++
    const n = this.#checked('the checker', userId, offset, JSON.stringify(event))
    if (n === undefined) return
    this.#claim('the checker', userId, offset, n)
    if (log.present.has(n)) this.#report(`${userId}: event ${n} is there twice, again at ${offset}`)
    log.present.add(n)
    if (!isOverHttp(n)) this.#arrived(log, userId, n)
  }

  #arrived(log: UserLog, userId: string, n: number): void {
    const event = this.#inStream.get(n)
    event?.missing.delete(userId)
    const place = this.#places.get(n)
    if (place !== undefined && place < log.place) {
      this.#report(`${userId}: event ${n} overtook another of the stream`)
    }
    if (place !== undefined) log.place = Math.max(log.place, place)
    if (event?.missing.size !== 0) return
    this.#places.delete(n)
    if (event.added) this.#inStream.delete(n)
  }
}
