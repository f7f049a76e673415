import type { Appended, Receipt } from '../../../../src/core/ports.ts'
import { appendInOrder } from '../../../../src/aws/log/dynamo-event-log.ts'
import { sampleEvent } from '../../../contract/samples.ts'
import {
  type Attempt,
  type Boundary,
  type Plan,
  type Publish,
  type Read,
  RETENTIONS,
  type Round,
  USERS,
} from './plan.ts'
import { Reader } from './reader.ts'
import { Simulation } from './simulation.ts'
import { DAY, MINUTE, SECOND, SKEW, Truth, WatchedStore } from './truth.ts'
import { type Build, Worker, type WorkerOptions } from './worker.ts'

const READERS = 2
const RECIPIENTS = [['ann'], ['bob'], ['ann', 'bob']] as const
const eventOf = (index: number, content = 'a') =>
  sampleEvent(`e${index}`, RECIPIENTS[index % RECIPIENTS.length]!, content)

export class BrokenPromises extends Error {
  override readonly name = 'BrokenPromises'
}

/** One store, and all who write and read there. */
export class World {
  readonly simulation = new Simulation(Date.UTC(2025, 5, 1))
  readonly truth = new Truth(this.simulation)
  readonly store = new WatchedStore(this.simulation, this.truth)
  readonly #build: Build
  readonly #readers = USERS.map((userId) =>
    Array.from({ length: READERS }, () => new Reader(this.truth, userId)),
  )
  #retention = DAY
  #retentionBefore = DAY

  constructor(build: Build = {}) {
    this.#build = build
  }

  /** @throws BrokenPromises with all rules that were broken */
  async follow(plan: Plan): Promise<void> {
    this.#deploy(plan.retention)
    for (const round of plan.rounds) await this.#round(round)
    await this.#end()
    if (this.truth.violations.length > 0) throw new BrokenPromises(this.truth.violations.join('\n'))
  }

  async #round(round: Round): Promise<void> {
    this.simulation.jumpTo(this.#timeOf(round))
    this.#retentionBefore = this.#retention
    if (round.redeploy !== undefined) this.#deploy(round.redeploy)
    this.store.lagMs = round.lag
    await this.simulation.round(round.seed, () => {
      this.store.expire(round.gone)
      return round.actors.flatMap((actor) =>
        actor.kind === 'read'
          ? [this.#read(actor)]
          : actor.tries.map(async (one) => this.#publish(actor, one)),
      )
    })
  }

  #deploy(index: number): void {
    this.#retention = RETENTIONS[index]! * DAY
    this.truth.deploy(this.#retention)
  }

  #timeOf({ to, user, jitter }: Round): number {
    const time = this.#boundary(to, USERS[user]!) + jitter * SECOND
    const now = this.simulation.now()
    return time > now ? time : now + Math.abs(jitter) * SECOND
  }

  #boundary(to: Boundary, userId: string): number {
    const { puts, head } = this.truth.of(userId)
    const last = puts.at(-1)
    const gone = (last?.ttl ?? 0) * 1000
    const [headAt, headLife] = head === undefined ? [0, 0] : [head.at, head.lifeMs]
    const accepted = [...this.truth.begun.values()].at(-1)?.at(-1)?.acceptedAt ?? 0
    switch (to) {
      case 'soon':
        return 0
      case 'the retention of the last entry':
        return (last?.loggedAt ?? 0) + this.#retention
      case '60 min before the last entry may go':
        return gone - 60 * MINUTE
      case '30 min before the last entry may go':
        return gone - 30 * MINUTE
      case 'when the last entry may go':
        return gone
      case 'days after the last entry may go':
        return gone + 2 * DAY
      case 'half of the life of the head':
        return headAt + headLife / 2
      case '60 min before the life of the head ends':
        return headAt + headLife - 60 * MINUTE
      case 'the end of the life of the head':
        return headAt + headLife
      case 'half of the retention since the last receipt':
        return accepted + this.#retention / 2
      case 'twice the retention since the last receipt':
        return accepted + 2 * this.#retention
      case 'twice the retention':
        return this.simulation.now() + 2 * this.#retention
    }
  }

  async #read(plan: Read): Promise<void> {
    const worker = this.#worker(plan)
    const reader = this.#readers[plan.user]![plan.reader]!
    await reader.read(worker, plan).catch(ignoreFaults)
  }

  async #publish({ events, other }: Publish, attempt: Attempt): Promise<void> {
    const worker = this.#worker(attempt)
    const batch = events.map((index) => eventOf(index, other ? 'b' : 'a'))
    const running = appendInOrder(worker.appender, batch)
    const answers = await Promise.race([running, worker.died])
    if (answers === 'died') return
    // It could come when the function is thawed: hours later.
    this.truth.demand(worker.isIdle, 'an answer leaves nothing under way', () => ({ batch, answers }))
    for (const [i, answer] of answers.entries()) this.#checkAnswer(batch[i]!, answer, worker)
    if (attempt.stays) await this.#complete(answers, worker)
  }

  async #complete(answers: readonly Appended[], worker: Worker): Promise<void> {
    const receipts = answers.flatMap((one) => (one.status === 'appended' ? [one.receipt] : []))
    const logged = receipts.map((receipt): Receipt => ({ ...receipt, state: 'logged' }))
    const given = logged.map((receipt) => ({ receipt, ttl: worker.life.ttlOfCompleted(receipt) }))
    await Promise.race([worker.store.complete(given).catch(ignoreFaults), worker.died])
  }

  #checkAnswer(event: ReturnType<typeof eventOf>, answer: Appended, { life }: Worker): void {
    const all = this.truth.begun.get(event.id) ?? []
    const begun = all.at(-1)
    const about = () => ({ now: this.truth.now(), event, answer, begun })
    if (answer.status === 'failed') {
      const isKnown = FAILURES.test(answer.error.message)
      this.truth.demand(isKnown, 'what fails says why', () => String(answer.error.stack))
      return
    }
    if (answer.status === 'refused') {
      if (answer.error.code === 'id_conflict') {
        const isOther = all.some(({ digest }) => digest !== event.digest)
        this.truth.demand(isOther, 'only another event is a conflict', about)
      } else {
        const isLate = all.some(({ time, acceptedAt }) => {
          const lowest = Math.min(life.retentionMs, this.truth.lowestRetention(time))
          return this.truth.now() > acceptedAt + lowest / 2 - SKEW
        })
        this.truth.demand(isLate, 'a retry comes too late after half the retention', about)
      }
      return
    }
    const isOne = all.some(({ digest }) => digest === event.digest)
    this.truth.demand(isOne, 'an id belongs to one event', about)
    for (const { userId, offset } of answer.receipt.recipients) {
      const put = this.truth.of(userId).puts.find((one) => one.offset === offset)
      this.truth.demand(put?.eventId === event.id, 'a receipt says where the event is', about)
    }
  }

  /** In the end everything that was begun can be completed, and everybody has everything. */
  async #end(): Promise<void> {
    await this.simulation.round(1, () => [this.#finish()])
  }

  async #finish(): Promise<void> {
    for (const eventId of this.truth.begun.keys()) await this.#completeInTheEnd(eventId)
    for (const [user] of USERS.entries()) {
      for (const reader of this.#readers[user]!) {
        for (let page = 0; page < 4; page++) {
          const worker = this.#worker({ skew: 0, old: false })
          await reader.read(worker, { how: 'on', limit: 4, adopts: false }).catch(ignoreFaults)
        }
      }
    }
  }

  async #completeInTheEnd(eventId: string): Promise<void> {
    const digest = this.truth.begun.get(eventId)?.at(-1)?.digest
    const [event] = ['a', 'b']
      .map((content) => eventOf(Number(eventId.slice(1)), content))
      .filter((one) => one.digest === digest)
    for (let tries = 0; tries < 12; tries++) {
      const worker = this.#worker({ skew: 0, old: false })
      const [answer] = await appendInOrder(worker.appender, [event!])
      this.#checkAnswer(event!, answer!, worker)
      if (answer?.status === 'refused' || answer?.status === 'logged') return
      if (answer?.status === 'appended') return this.#complete([answer], worker)
    }
    this.truth.demand(false, 'what was begun can be completed', () => event)
  }

  #worker({
    skew,
    old,
    death,
  }: Pick<Attempt, 'skew' | 'old'> & { death?: WorkerOptions['death'] | null }): Worker {
    return new Worker({
      simulation: this.simulation,
      store: this.store,
      retentionMs: old ? this.#retentionBefore : this.#retention,
      skewMs: skew,
      build: this.#build,
      ...(death && { death }),
    })
  }
}

/** A call of the store failed; rivals were too many for too long; a receipt ended at that moment. */
const FAILURES =
  /^the (store|answer) |^event e\d+ (found no free offset|was not tried)|^the receipt of event e\d+ was there/

/** A call that failed is the caller's to try again; anything else is a fault of the model. */
function ignoreFaults(error: unknown): void {
  if (!(error instanceof Error) || !/^the (store|answer) /.test(error.message)) throw error
}
