import { setImmediate as allOthers } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../../src/core/ports.ts'
import type { PublishResult } from '../../src/core/publish.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { sampleEvent } from '../contract/samples.ts'
import { connectionOf, MemoryRegistry, RecordingLogger, RecordingPusher } from '../support/fakes.ts'
import { ReferenceLog } from '../support/reference-log.ts'
import { type Death, Process } from '../support/steps.ts'
import * as wrong from '../support/wrong.ts'

const USERS = ['ann', 'bob', 'cat']
const PROCESSES = 3

/** Several processes on one log; two to four tries; processes that die; readers in between. */
const plans = fc.record({
  events: fc.array(fc.subarray(USERS, { minLength: 1 }), { minLength: 1, maxLength: 3 }),
  tries: fc.array(fc.record({ event: fc.nat(2), process: fc.nat(PROCESSES - 1) }), {
    minLength: 2,
    maxLength: 4,
  }),
  deaths: fc.array(
    fc.option(
      fc.record({ step: fc.integer({ min: 1, max: 20 }), when: fc.constantFrom('before', 'after') }),
      {
        nil: undefined,
      },
    ),
    { minLength: PROCESSES, maxLength: PROCESSES },
  ),
})

type Plan = typeof plans extends fc.Arbitrary<infer T> ? T : never

interface Reader {
  readonly userId: string
  readonly start: number
  readonly seen: LogEntry[]
}

const idIn = (text: string) => (JSON.parse(text) as { id: string }).id
const offsetsIn = ({ recipients }: PublishResult) => recipients.map(({ userId, offset }) => [userId, offset])

class Run {
  readonly clock = new ManualClock()
  readonly connections = new MemoryRegistry(
    USERS.map((userId) => connectionOf(this.clock, `c-${userId}`, userId)),
  )
  readonly pusher = new RecordingPusher()
  readonly logger = new RecordingLogger()
  readonly log: ReferenceLog
  readonly #plan: Plan
  readonly #events
  readonly #turn: () => Promise<unknown>
  readonly #make: wrong.MakePublish

  constructor(plan: Plan, turn: () => Promise<unknown>, make: wrong.MakePublish, Log: typeof ReferenceLog) {
    this.log = new Log(this.clock)
    this.#plan = plan
    this.#turn = turn
    this.#make = make
    // Late ids sort before early ones, for the log that sorts.
    this.#events = plan.events.map((users, i) => sampleEvent(`e-${9 - i}`, users))
  }

  async check(waitFor: <T>(promise: Promise<T>) => Promise<T>): Promise<void> {
    const processes = this.#plan.deaths.map((death) => this.#process(death))
    const running = this.#plan.tries.map(async ({ event, process }) =>
      processes[process]!(this.#event(event)),
    )
    const reading = [...USERS, ...USERS].map(async (userId) => this.#read(userId))
    const [answers, readers] = await waitFor(Promise.all([Promise.all(running), Promise.all(reading)]))
    await allOthers()
    const pushedBefore = this.#pushes()

    const retry = this.#make(this)
    for (const event of new Set(this.#plan.tries.map((one) => this.#event(one.event)))) {
      const answer = await retry(event)
      const earlier = answers.filter((one): one is PublishResult => one !== 'died' && one.id === event.id)
      expect(answer.duplicate, 'acknowledged means complete').toBe(earlier.length > 0 || answer.duplicate)
      for (const one of earlier) expect(offsetsIn(one), 'one id, one place').toEqual(offsetsIn(answer))
      this.#checkPlaces(answer)
    }
    for (const userId of USERS) this.#checkLog(userId)
    for (const reader of readers) await this.#checkReader(reader)
    this.#checkPushes(pushedBefore)
  }

  #event(index: number) {
    return this.#events[index % this.#events.length]!
  }

  #process(death: Death | undefined) {
    const process = new Process({ death, turn: this.#turn })
    const publish = this.#make(process.ports(this))
    return async (event: ReturnType<typeof sampleEvent>) => Promise.race([publish(event), process.died])
  }

  async #read(userId: string): Promise<Reader> {
    await this.#turn()
    const reader: Reader = { userId, start: await this.log.head(userId), seen: [] }
    for (let round = 0; round < 5; round++) {
      await this.#turn()
      await this.#readOn(reader)
    }
    return reader
  }

  async #readOn({ userId, start, seen }: Reader): Promise<boolean> {
    const cursor = seen.at(-1)?.offset ?? start
    const page = await this.log.after(userId, cursor, { events: 2, bytes: 100_000 })
    expect(page.gap).toBe(false)
    if (!page.more) expect(page.head).toBe(page.entries.at(-1)?.offset ?? cursor)
    seen.push(...page.entries)
    return page.more
  }

  async #checkReader(reader: Reader): Promise<void> {
    while (await this.#readOn(reader));
    const whole = this.log.entriesOf(reader.userId).filter(({ offset }) => offset > reader.start)
    expect(reader.seen, 'what was read is the log').toEqual(whole)
  }

  #checkLog(userId: string): void {
    const tried = new Set(this.#plan.tries.map((one) => this.#event(one.event)))
    const mine = [...tried].filter(({ recipients }) =>
      recipients.some((recipient) => recipient.userId === userId),
    )
    const entries = this.log.entriesOf(userId)
    expect(entries.map(({ text }) => idIn(text)).sort(), 'each event once').toEqual(
      mine.map(({ id }) => id).sort(),
    )
    const base = this.clock.now()
    expect(
      entries.map(({ offset }) => offset),
      'no hole',
    ).toEqual(entries.map((_, i) => base + i))
  }

  #checkPlaces(answer: PublishResult): void {
    for (const { userId, offset } of answer.recipients) {
      const entry = this.log.entriesOf(userId).find((one) => one.offset === offset)
      expect(entry && idIn(entry.text), 'the answer says where it is').toBe(answer.id)
    }
  }

  #pushes(): { key: string; offset: number }[] {
    return this.pusher.posts.map(({ connectionId, frame }) => {
      const { offset, event } = JSON.parse(frame) as { offset: number; event: { id: string } }
      return { key: `${event.id} ${connectionId}`, offset }
    })
  }

  /** A push says the offset that the log says; one process pushes an event once, however often it is asked. */
  #checkPushes(before: { key: string }[]): void {
    for (const { key, offset } of this.#pushes()) {
      const [id, connection] = key.split(' ') as [string, string]
      const entry = this.log.entriesOf(connection.slice(2)).find((one) => one.offset === offset)
      expect(entry && idIn(entry.text), 'pushed with its offset').toBe(id)
    }
    for (const { id, recipients } of this.#events) {
      const tries = this.#plan.tries.filter((one) => this.#event(one.event).id === id)
      const processes = new Set(tries.map(({ process }) => process)).size
      for (const { userId } of recipients) {
        const pushes = before.filter(({ key }) => key === `${id} c-${userId}`).length
        expect(pushes, 'pushed once by each process').toBeLessThanOrEqual(processes)
      }
    }
  }
}

function interleavings(make: wrong.MakePublish, Log = ReferenceLog) {
  return fc.asyncProperty(fc.scheduler(), plans, async (scheduler, plan) => {
    const run = new Run(plan, async () => scheduler.schedule(Promise.resolve()), make, Log)
    await run.check(async (promise) => scheduler.waitFor(promise))
  })
}

describe('tries of some events at once, in several processes that may die', () => {
  it('leave each event once in each log, and readers with what the log is', async () => {
    await fc.assert(interleavings(wrong.rightly), { numRuns: 800 })
  })

  it.each([
    ['pushes before it appends', wrong.pushBeforeAppend, ReferenceLog, 'pushed with its offset'],
    ['has a log that ignores incomplete receipts', wrong.rightly, wrong.ForgetfulLog, 'one id, one place'],
    ['has a log that looks, then writes', wrong.rightly, wrong.CheckThenActLog, 'one id, one place'],
    ['has a log that sorts', wrong.rightly, wrong.ReorderingLog, 'the answer says where it is'],
  ])('are found out if the publisher %s', async (_, make, Log, complaint) => {
    const { errorInstance } = await fc.check(interleavings(make, Log), {
      numRuns: 800,
      seed: 1,
      endOnFailure: true,
    })
    expect(String(errorInstance)).toContain(complaint)
  })
})
