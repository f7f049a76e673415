import { tallyOf } from './delivery-detail.ts'
import type { AcceptedEvent } from './event.ts'
import { NO_METRICS } from './metrics.ts'
import type { Appended, EventLog, Receipt, RefusalLedger } from './ports.ts'
import { pushEvent, type PushDependencies } from './push.ts'
import { isFinal, noteRefusals } from './refusals.ts'

/** What a publisher is told. `connections` were found, `sent` took the event at once. */
export interface PublishResult {
  readonly id: string
  /** An earlier publish of this event had done everything; nothing was written or pushed now. */
  readonly duplicate: boolean
  readonly recipients: readonly {
    readonly userId: string
    readonly offset: number
    readonly connections: number
    readonly sent: number
  }[]
}

export interface PublishDependencies extends PushDependencies {
  readonly log: EventLog
  /** Where it is written down why events were refused. */
  readonly refusals?: RefusalLedger
}

/**
 * The one way in: append, then look up, then push, then complete the receipt. Idempotent, and safe to crash at any
 * await: a retry of the same event goes on where the earlier try stopped.
 */
export class Publisher {
  readonly #dependencies: PublishDependencies
  /** The event ids that are on their way in this process, each with a promise that resolves when it is over. */
  readonly #underWay = new Map<string, Promise<unknown>>()

  constructor(dependencies: PublishDependencies) {
    this.#dependencies = dependencies
  }

  /** @throws FanoutError `id_conflict`, or whatever kept the event out of the log: then it is not acknowledged */
  async publish(event: AcceptedEvent): Promise<PublishResult> {
    const result = await this.#publishOne(event)
    await this.#tell([result])
    if (result instanceof Error) throw result
    return result
  }

  /** As `#publishAll`, without its bookkeeping: most calls are of one event. */
  async #publishOne(event: AcceptedEvent): Promise<PublishResult | Error> {
    for (let busy; (busy = this.#underWay.get(event.id)) !== undefined;) await busy
    const fresh = this.#together([event])
    this.#announce(event.id, fresh)
    const [result] = await fresh
    return result ?? lost(event)
  }

  /**
   * Publishes events in the order given; those that share a recipient get their offsets in that order. Each fails by
   * itself: an `Error` in the answer says that this one is not acknowledged. An `Error` among the items, for an event
   * that could not even be parsed, keeps its place in the answer.
   */
  async publishAll(items: readonly (AcceptedEvent | Error)[]): Promise<readonly (PublishResult | Error)[]> {
    const results = await this.#publishAll(items)
    await this.#tell(results)
    return results
  }

  /** Counts, and writes down, an event that was refused before it came here. */
  async refused(error: unknown): Promise<void> {
    if (isFinal(error)) await this.#tell([error])
  }

  async #tell(results: readonly (PublishResult | Error)[]): Promise<void> {
    const { metrics = NO_METRICS } = this.#dependencies
    for (const result of results) metrics.add('published', 1, resultLabel(result))
    const errors = results.filter((result) => result instanceof Error)
    if (errors.length > 0) await noteRefusals(this.#dependencies, errors)
  }

  async #publishAll(items: readonly (AcceptedEvent | Error)[]): Promise<readonly (PublishResult | Error)[]> {
    const { first, repeated } = separate(items)
    // Without this, two tries at once would both push, and a client without the SDK would show the event twice. All of
    // the call waits: if the other try fails, this one appends the event, and in the order given.
    for (let busy = this.#busy(first); busy.length > 0; busy = this.#busy(first)) await Promise.all(busy)
    const fresh = this.#together(first.map(({ event }) => event))
    for (const { event } of first) this.#announce(event.id, fresh)
    const results = await fresh
    const answers = new Map(first.map(({ at }, i) => [at, results[i]]))
    await Promise.all(repeated.map(async ({ at, event }) => answers.set(at, await this.#again(event))))
    return items.map((item, at) => (item instanceof Error ? item : (answers.get(at) ?? lost(item))))
  }

  /** The tries of these events that are under way. */
  #busy(places: readonly Place[]): Promise<unknown>[] {
    return places.flatMap(({ event }) => this.#underWay.get(event.id) ?? [])
  }

  #announce(id: string, running: Promise<unknown>): void {
    const over = running.finally(() => {
      if (this.#underWay.get(id) === over) this.#underWay.delete(id)
    })
    this.#underWay.set(id, over)
  }

  async #again(event: AcceptedEvent): Promise<PublishResult | Error | undefined> {
    return (await this.#publishAll([event]))[0]
  }

  async #together(events: readonly AcceptedEvent[]): Promise<(PublishResult | Error)[]> {
    if (events.length === 0) return []
    try {
      const appended = await this.#dependencies.log.append(events)
      const pushed = await Promise.all(events.map(async (event, i) => this.#push(event, appended[i])))
      return await this.#complete(pushed)
    } catch (error) {
      return events.map(() => asError(error))
    }
  }

  async #push(event: AcceptedEvent, appended: Appended | undefined): Promise<Pushed | Error> {
    try {
      if (appended === undefined) throw new Error(`the log gave no answer for event ${event.id}`)
      if (appended.status === 'failed') return appended.error
      if (appended.status === 'refused') {
        appended.error.eventId = event.id
        return appended.error
      }
      const { receipt, status } = appended
      if (status === 'logged') return { receipt, duplicate: true }
      const recipients = await pushEvent(this.#dependencies, receipt, event.text)
      return { receipt: { ...receipt, state: 'logged', recipients }, duplicate: false }
    } catch (error) {
      return asError(error)
    }
  }

  /** All receipts of a call at once: on AWS every call costs. */
  async #complete(pushed: readonly (Pushed | Error)[]): Promise<(PublishResult | Error)[]> {
    const receipts = pushed.flatMap((one) => (one instanceof Error || one.duplicate ? [] : [one.receipt]))
    const failure =
      receipts.length === 0
        ? undefined
        : await this.#dependencies.log.complete(receipts).then(() => undefined, asError)
    return pushed.map((one) => {
      if (one instanceof Error) return one
      return failure !== undefined && !one.duplicate ? failure : resultOf(one)
    })
  }
}

/** An event whose pushes are over, and its receipt as it is to be written. */
interface Pushed {
  readonly receipt: Receipt
  readonly duplicate: boolean
}

/** An event and its place among the items of a call. */
interface Place {
  readonly at: number
  readonly event: AcceptedEvent
}

/** Within one call of the log no id may occur twice: the second and later ones wait for the first. */
function separate(items: readonly (AcceptedEvent | Error)[]): { first: Place[]; repeated: Place[] } {
  const seen = new Set<string>()
  const first: Place[] = []
  const repeated: Place[] = []
  for (const [at, event] of items.entries()) {
    if (event instanceof Error) continue
    ;(seen.has(event.id) ? repeated : first).push({ at, event })
    seen.add(event.id)
  }
  return { first, repeated }
}

function resultOf({ receipt, duplicate }: Pushed): PublishResult {
  const recipients = receipt.recipients.map((recipient) => {
    const { userId, offset } = recipient
    return { userId, offset, ...tallyOf(recipient) }
  })
  return { id: receipt.eventId, duplicate, recipients }
}

function lost({ id }: AcceptedEvent): Error {
  return new Error(`event ${id} was lost on its way`)
}

function resultLabel(result: PublishResult | Error): 'published' | 'duplicate' | 'refused' | 'failed' {
  if (result instanceof Error) return isFinal(result) ? 'refused' : 'failed'
  return result.duplicate ? 'duplicate' : 'published'
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
