import { setImmediate as allOthers } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { AcceptedEvent } from '../../src/core/event.ts'
import { Publisher, type PublishDependencies, type PublishResult } from '../../src/core/publish.ts'
import { receiptOf } from '../contract/log-under-test.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { sampleEvent } from '../contract/samples.ts'
import { connectionOf, MemoryRegistry, RecordingLogger, RecordingPusher } from '../support/fakes.ts'
import { ReferenceLog } from '../support/reference-log.ts'
import { type Death, Process } from '../support/steps.ts'
import * as wrong from '../support/wrong.ts'

const USERS = ['ann', 'bob', 'cat']
const EVENTS = [sampleEvent('e-1', USERS), sampleEvent('e-2', ['bob', 'dan'])]

type PublishAll = (events: readonly AcceptedEvent[]) => Promise<readonly (PublishResult | Error)[]>

const together =
  (dependencies: PublishDependencies): PublishAll =>
  async (events) =>
    new Publisher(dependencies).publishAll(events)

const oneByOne =
  (make: wrong.MakePublish) =>
  (dependencies: PublishDependencies): PublishAll =>
  async (events) => {
    const answers = []
    for (const event of events) answers.push(await make(dependencies)(event))
    return answers
  }

const idIn = (text: string) => (JSON.parse(text) as { id: string }).id

/** What outlives the processes, and what they did to the world. */
class Story {
  readonly clock = new ManualClock()
  readonly log: ReferenceLog
  readonly early: string[] = []
  readonly pushers: RecordingPusher[] = []
  readonly #make: (dependencies: PublishDependencies) => PublishAll
  readonly #events: readonly AcceptedEvent[]

  constructor(
    make: (dependencies: PublishDependencies) => PublishAll,
    events: readonly AcceptedEvent[],
    Log = ReferenceLog,
  ) {
    this.#make = make
    this.#events = events
    this.log = new Log(this.clock)
  }

  /** One process, from its start: nobody is connected, everybody connects, it publishes, and perhaps it dies. */
  async live(death?: Death): Promise<readonly (PublishResult | Error)[] | 'died'> {
    const process = new Process({ death })
    const connections = new MemoryRegistry(this.#connected(this.pushers.length))
    const pusher = this.#pusher()
    this.pushers.push(pusher)
    const { clock, log } = this
    const ports = process.ports({ clock, log, connections, pusher, logger: new RecordingLogger() })
    const answers = await Promise.race([this.#make(ports)(this.#events), process.died])
    await allOthers()
    return answers
  }

  /** Ann has a dead connection, an ended one and a good one; Bob a good one; Cat none. */
  #connected(run: number) {
    return [
      connectionOf(this.clock, `ann-gone-${run}`, 'ann', { registeredAt: 1 }),
      connectionOf(this.clock, `ann-ended-${run}`, 'ann', { registeredAt: 2, expiresAt: 3 }),
      connectionOf(this.clock, `ann-${run}`, 'ann', { registeredAt: 3 }),
      connectionOf(this.clock, `bob-${run}`, 'bob', { registeredAt: 4 }),
    ]
  }

  deliveriesOf(userId: string, run: number) {
    if (userId === 'bob') return [{ connectionId: `bob-${run}`, outcome: 'sent' }]
    if (userId !== 'ann') return []
    return [
      { connectionId: `ann-gone-${run}`, outcome: 'gone' },
      { connectionId: `ann-ended-${run}`, outcome: 'expired' },
      { connectionId: `ann-${run}`, outcome: 'sent' },
    ]
  }

  #pusher(): RecordingPusher {
    const { log, early } = this
    const users = new Map(this.#events.map(({ id, recipients }) => [id, recipients]))
    const pusher = new (class extends RecordingPusher {
      override async post(connectionId: string, frame: string) {
        const message = JSON.parse(frame) as { type: string; event?: { id: string } }
        const id = message.event?.id ?? ''
        for (const { userId } of users.get(id) ?? []) {
          if (!log.entriesOf(userId).some(({ text }) => idIn(text) === id))
            early.push(`${id} to ${connectionId}`)
        }
        return super.post(connectionId, frame)
      }
    })()
    pusher.script.set(`ann-gone-${this.pushers.length}`, 'gone')
    return pusher
  }

  /** What must be true in the end, whatever happened on the way. */
  async check(answers: readonly (PublishResult | Error)[] | 'died'): Promise<void> {
    expect(this.early, 'pushed before all of its append').toEqual([])
    for (const userId of new Set(this.#events.flatMap(({ recipients }) => recipients.map((r) => r.userId)))) {
      const entries = this.log.entriesOf(userId)
      const mine = this.#events.filter(({ recipients }) => recipients.some((r) => r.userId === userId))
      expect(
        entries.map(({ text }) => idIn(text)),
        'each event once, in order',
      ).toEqual(mine.map(({ id }) => id))
      const base = this.clock.now()
      expect(
        entries.map(({ offset }) => offset),
        'no hole',
      ).toEqual(entries.map((_, i) => base + i))
    }
    for (const [i, event] of this.#events.entries()) await this.#checkAnswer(event, answers[i])
  }

  async #checkAnswer(
    event: AcceptedEvent,
    answer: PublishResult | Error | string | undefined,
  ): Promise<void> {
    const receipt = await receiptOf(this.log, event.id)
    expect(receipt.state, 'the receipt').toBe('logged')
    const runs = this.pushers.map((_, run) => run)
    const completedIn = runs.find((run) =>
      receipt.recipients.some(({ deliveries }) => deliveries.some((d) => d.connectionId === `bob-${run}`)),
    )
    expect(completedIn, 'the run that pushed and completed').toBeDefined()
    for (const { userId, deliveries } of receipt.recipients) {
      const at = this.clock.now()
      expect(deliveries).toEqual(this.deliveriesOf(userId, completedIn!).map((one) => ({ ...one, at })))
    }
    const frames = this.pushers[completedIn!]?.framesTo(`bob-${completedIn!}`) ?? []
    expect(frames.filter((frame) => frame.includes(`"id":"${event.id}"`))).toHaveLength(1)
    expect(answer, 'the answer').toEqual({
      id: event.id,
      duplicate: completedIn !== runs.at(-1),
      recipients: event.recipients.map(({ userId }) => {
        const deliveries = this.deliveriesOf(userId, completedIn!)
        const sent = deliveries.filter(({ outcome }) => outcome === 'sent').length
        const entry = this.log.entriesOf(userId).find(({ text }) => idIn(text) === event.id)
        return { userId, offset: entry?.offset, connections: deliveries.length, sent }
      }),
    })
  }
}

/** Tells one story for every death there is, and returns the deaths. */
async function everyDeath(tell: () => Story): Promise<Death[]> {
  const deaths: Death[] = []
  for (let step = 1; ; step++) {
    for (const when of ['before', 'after'] as const) {
      const story = tell()
      if ((await story.live({ step, when })) !== 'died') return deaths
      deaths.push({ step, when })
      await story.check(await story.live())
    }
  }
}

describe('a publisher that dies at any step', () => {
  it('leaves to a retry what the retry completes, for one event', async () => {
    const deaths = await everyDeath(() => new Story(together, EVENTS.slice(0, 1)))
    // append (5 steps), 3 look-ups, remove, post and close of the ended one, 3 posts, one pruning, complete.
    expect(deaths).toHaveLength(2 * (5 + 3 + 3 + 3 + 1 + 1))
  })

  it('and for two that share a recipient, in one call', async () => {
    const deaths = await everyDeath(() => new Story(together, EVENTS))
    expect(deaths.length).toBeGreaterThan(40)
  })

  it('also when the retry dies at any step of its own', async () => {
    const tell = () => new Story(together, EVENTS.slice(0, 1))
    for (const first of await everyDeath(tell)) {
      for (let step = 1, died = true; died; step++) {
        for (const when of ['before', 'after'] as const) {
          const story = tell()
          await story.live(first)
          died = (await story.live({ step, when })) === 'died'
          if (died) await story.check(await story.live())
        }
      }
    }
  })

  it.each([
    ['pushes before it appends', wrong.pushBeforeAppend, ReferenceLog, 'pushed before all of its append'],
    ['completes before it pushes', wrong.completeBeforePush, ReferenceLog, 'the run that pushed'],
    ['pushes only at the first try', wrong.pushOnlyAtFirst, ReferenceLog, 'the run that pushed'],
    ['has a log that ignores receipts', wrong.rightly, wrong.ForgetfulLog, 'each event once'],
  ])('is found out if it %s', async (_, make, Log, complaint) => {
    const telling = everyDeath(() => new Story(oneByOne(make), EVENTS.slice(0, 1), Log))
    await expect(telling).rejects.toThrow(complaint)
  })
})
