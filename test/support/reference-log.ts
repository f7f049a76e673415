import { FanoutError } from '../../src/core/errors.ts'
import type { AcceptedEvent } from '../../src/core/event.ts'
import { PageBudget } from '../../src/core/page.ts'
import type {
  Appended,
  BegunReceipt,
  Clock,
  EventLog,
  LogEnd,
  LogEntry,
  LogPage,
  PageLimits,
  Receipt,
  ReceiptRecipient,
} from '../../src/core/ports.ts'

interface UserLog {
  readonly base: number
  readonly entries: LogEntry[]
}

/** What is known of an event: who has it at which offset. An interrupted append leaves it half filled. */
interface Intent {
  readonly event: AcceptedEvent
  readonly offsets: Map<string, number>
  acceptedAt: number
  deliveries: readonly Pick<ReceiptRecipient, 'userId' | 'deliveries' | 'omitted'>[] | undefined
}

type Pause = () => Promise<void>

/**
 * The `EventLog` that the core's tests are run against: no store, no batching, every rule of the port spelled out.
 *
 * An append is a step for each event and recipient, as it is on a store without transactions. `pause` lets others come
 * in between, or the process die there.
 */
export class ReferenceLog implements EventLog {
  readonly #clock: Clock
  readonly #retentionMs: number
  readonly #logs = new Map<string, UserLog>()
  readonly #intents = new Map<string, Intent>()

  constructor(clock: Clock, retentionMs = 30 * 86_400_000) {
    this.#clock = clock
    this.#retentionMs = retentionMs
  }

  async append(events: readonly AcceptedEvent[], pause?: Pause): Promise<readonly Appended[]> {
    const answers: Appended[] = []
    for (const event of events) {
      if (pause !== undefined) await pause()
      answers.push(await this.appendOne(event, pause))
    }
    return answers
  }

  async complete(receipts: readonly Receipt[]): Promise<void> {
    for (const { eventId, recipients } of receipts) {
      const intent = this.#intent(eventId)
      if (intent !== undefined) intent.deliveries = recipients
    }
  }

  async receipt(eventId: string): Promise<Receipt | BegunReceipt | undefined> {
    const intent = this.#intent(eventId)
    if (intent === undefined) return undefined
    return intent.offsets.size === intent.event.recipients.length ? receiptOf(intent) : begunReceiptOf(intent)
  }

  async head(userId: string): Promise<number> {
    return headOf(this.#log(userId))
  }

  async end(userId: string): Promise<LogEnd> {
    const head = headOf(this.#log(userId))
    const newest = this.#kept(userId).at(-1)
    return newest === undefined ? { head } : { head, loggedAt: newest.loggedAt }
  }

  async after(userId: string, cursor: number, limits: PageLimits): Promise<LogPage> {
    const head = headOf(this.#log(userId))
    if (cursor >= head) return { entries: [], head, more: false, gap: false }
    const kept = this.#kept(userId)
    const budget = new PageBudget(limits)
    const entries: LogEntry[] = []
    for (const entry of kept.filter(({ offset }) => offset > cursor)) {
      if (!budget.admits(entry)) break
      entries.push(entry)
    }
    const gap = cursor + 1 < (kept[0]?.offset ?? head + 1)
    return { entries, head, more: (entries.at(-1)?.offset ?? head) < head, gap }
  }

  async newest(userId: string, limits: PageLimits): Promise<LogPage> {
    const head = headOf(this.#log(userId))
    const budget = new PageBudget(limits)
    const entries: LogEntry[] = []
    for (const entry of this.#kept(userId).toReversed()) {
      if (!budget.admits(entry)) break
      entries.unshift(entry)
    }
    return { entries, head, more: false, gap: false }
  }

  async cursorAt(
    userId: string,
    since: number,
    walk: number,
  ): Promise<{ cursor: number; complete: boolean }> {
    const head = headOf(this.#log(userId))
    const kept = this.#kept(userId)
    let cursor = head
    for (const [walked, entry] of kept
      .slice(-walk - 1)
      .reverse()
      .entries()) {
      if (entry.loggedAt < since) return { cursor, complete: true }
      if (walked === walk) return { cursor, complete: false }
      cursor = entry.offset - 1
    }
    return { cursor, complete: true }
  }

  /** The whole log as it is now, for tests that look in from outside. */
  entriesOf(userId: string): readonly LogEntry[] {
    return this.#logs.get(userId)?.entries ?? []
  }

  protected async appendOne(event: AcceptedEvent, pause?: Pause): Promise<Appended> {
    const intent = this.#intent(event.id) ?? this.#begin(event)
    if (intent.event.digest !== event.digest) {
      const detail = `the id "${event.id}" belongs to an event with other content`
      return { status: 'refused', error: new FanoutError('id_conflict', detail, { path: '/id' }) }
    }
    if (intent.deliveries !== undefined) return { status: 'logged', receipt: receiptOf(intent) }
    for (const { userId } of event.recipients) await this.place(intent.offsets, userId, event.text, pause)
    return { status: 'appended', receipt: receiptOf(intent) }
  }

  /** Puts the event into one log, unless another try was faster: from the look to the write nobody comes in between. */
  protected async place(
    offsets: Map<string, number>,
    userId: string,
    text: string,
    pause?: Pause,
  ): Promise<void> {
    if (pause !== undefined) await pause()
    if (!offsets.has(userId)) offsets.set(userId, this.write(userId, text))
  }

  /** Puts an entry at the end of a log, in one step. */
  protected write(userId: string, text: string): number {
    const log = this.#log(userId)
    const offset = headOf(log) + 1
    const loggedAt = Math.max(this.#clock.now(), log.entries.at(-1)?.loggedAt ?? 0)
    log.entries.push({ offset, loggedAt, text })
    return offset
  }

  protected forget(eventId: string): void {
    this.#intents.delete(eventId)
  }

  #begin(event: AcceptedEvent): Intent {
    const intent = { event, offsets: new Map<string, number>(), acceptedAt: this.#clock.now() }
    const begun: Intent = { ...intent, deliveries: undefined }
    this.#intents.set(event.id, begun)
    return begun
  }

  #intent(eventId: string): Intent | undefined {
    const intent = this.#intents.get(eventId)
    const since = this.#clock.now() - 2 * this.#retentionMs
    return intent !== undefined && intent.acceptedAt >= since ? intent : undefined
  }

  #log(userId: string): UserLog {
    const log = this.#logs.get(userId) ?? { base: this.#clock.now(), entries: [] }
    this.#logs.set(userId, log)
    return log
  }

  #kept(userId: string): LogEntry[] {
    const since = this.#clock.now() - this.#retentionMs
    return this.#log(userId).entries.filter(({ loggedAt }) => loggedAt >= since)
  }
}

function headOf({ base, entries }: UserLog): number {
  return base + entries.length - 1
}

function receiptOf({ event, offsets, acceptedAt, deliveries }: Intent): Receipt {
  return {
    eventId: event.id,
    type: event.type,
    digest: event.digest,
    state: deliveries === undefined ? 'accepted' : 'logged',
    acceptedAt,
    recipients: event.recipients.map(({ userId, field }) => {
      const { deliveries: told = [], omitted } = deliveries?.find((given) => given.userId === userId) ?? {}
      const recipient = { userId, field, offset: offsets.get(userId) ?? Number.NaN, deliveries: told }
      return omitted === undefined ? recipient : { ...recipient, omitted }
    }),
  }
}

function begunReceiptOf({ event, offsets, acceptedAt }: Intent): BegunReceipt {
  const { id: eventId, type, digest } = event
  const recipients = event.recipients.map(({ userId, field }) => {
    const offset = offsets.get(userId)
    return offset === undefined ? { userId, field } : { userId, field, offset }
  })
  return { eventId, type, digest, state: 'begun', acceptedAt, recipients }
}
