import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AcceptedEvent } from '../../src/core/event.ts'
import type { EventLog } from '../../src/core/ports.ts'
import type { PublishResult } from '../../src/core/publish.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { sampleEvent } from '../contract/samples.ts'
import { MemoryStore } from './memory-store.ts'
import { type Death, MortalProcess, wholeLog, type World } from './mortal-process.ts'

const USERS = ['ann', 'bob']
const EVENT = sampleEvent('e-1', USERS)

function newWorld(changes: Partial<World> = {}): World {
  return {
    disk: new MemoryStore(),
    clock: new ManualClock(),
    retentionMs: 1_000_000,
    pushes: [],
    pause: async () => undefined,
    ...changes,
  }
}

const idsOf = (entries: readonly { text: string }[]): string[] =>
  entries.map(({ text }) => (JSON.parse(text) as { id: string }).id)

/** What must hold of every log, whatever happened: each event of the user once, and no hole. */
async function checkLogs(
  log: EventLog,
  events: readonly AcceptedEvent[],
  users: readonly string[],
): Promise<void> {
  for (const user of users) {
    const entries = await wholeLog(log, user)
    const expected = events.filter(({ recipients }) => recipients.some(({ userId }) => userId === user))
    expect(idsOf(entries).toSorted()).toEqual(expected.map(({ id }) => id).toSorted())
    entries.forEach(({ offset }, i) => {
      expect(offset).toBe((entries[0]?.offset ?? 0) + i)
    })
  }
}

async function checkAnswer(log: EventLog, event: AcceptedEvent, answer: PublishResult): Promise<void> {
  expect(answer.id).toBe(event.id)
  expect(answer.recipients.map(({ userId }) => userId)).toEqual(event.recipients.map(({ userId }) => userId))
  for (const { userId, offset } of answer.recipients) {
    const { entries } = await log.after(userId, offset - 1, { events: 1, bytes: 1_000_000 })
    expect(idsOf(entries)).toEqual([event.id])
  }
  expect((await log.receipt(event.id))?.state).toBe('logged')
}

/** Dies as told, once for each death, and is tried again each time; then once more. Says how many deaths happened. */
async function publishThrough(world: World, deaths: readonly Death[]): Promise<number> {
  let died = 0
  for (const death of deaths) {
    const process = new MortalProcess(world, death)
    await process.connect(USERS)
    if ((await process.publish(EVENT)) === 'died') died++
  }
  const last = new MortalProcess(world)
  await last.connect(USERS)
  const answer = await last.publish(EVENT)
  if (answer === 'died') throw new Error('nothing should have died')
  await checkAnswer(last.log, EVENT, answer)
  const again = await last.publish(EVENT)
  const before = world.pushes.length
  expect(again).toMatchObject({ duplicate: true, recipients: answer.recipients })
  expect(world.pushes).toHaveLength(before)
  await checkLogs(last.log, [EVENT], USERS)
  expect(world.pushes.filter(({ durable }) => !durable)).toEqual([])
  // Whoever was connected to the try that got through has seen it.
  expect(new Set(world.pushes.map(({ connectionId }) => connectionId))).toEqual(new Set(['c-ann', 'c-bob']))
  return died
}

/** Every death that can happen to one try, up to the first step that no try has. */
async function everyDeath(world: () => World): Promise<Death[]> {
  const deaths: Death[] = []
  for (let step = 1; ; step++) {
    for (const when of ['before', 'after'] as const) {
      if ((await publishThrough(world(), [{ step, when }])) === 0) return deaths
      deaths.push({ step, when })
    }
  }
}

/** `test/core` does the same with every port a fake; here the real log dies with the process, in mid-commit too. */
describe('a process that dies at any await of a publish', () => {
  it('leaves what a retry completes: each log has the event once, without a hole', async () => {
    const deaths = await everyDeath(newWorld)
    // append, its commit, two look-ups, two pushes, complete, its commit: each with a before and an after.
    expect(deaths).toHaveLength(16)
  })

  it('and so does a retry that dies as well, at any of its own awaits', async () => {
    const deaths = await everyDeath(newWorld)
    for (const first of deaths) {
      for (const second of deaths) await publishThrough(newWorld(), [first, second])
    }
  })
})

const PEOPLE = ['ann', 'bob', 'cat']

/** Two to four tries at once, some with a publisher of their own, in a process that may die on the way. */
const plans = fc.record({
  events: fc.array(fc.subarray(PEOPLE, { minLength: 1 }), { minLength: 1, maxLength: 3 }),
  tries: fc.array(
    fc.record({
      event: fc.nat(2),
      apart: fc.boolean(),
      death: fc.option(
        fc.record({ step: fc.integer({ min: 1, max: 10 }), when: fc.constantFrom('before', 'after') }),
        {
          nil: undefined,
        },
      ),
    }),
    { minLength: 2, maxLength: 4 },
  ),
})

describe('tries that run at the same time', () => {
  it('keep ids unique, logs without holes, and what was read as it was', async () => {
    const property = fc.asyncProperty(fc.scheduler(), plans, async (scheduler, plan) => {
      await interleave(scheduler, plan)
    })
    await fc.assert(property, { numRuns: 1000 })
  })
})

type Plan = typeof plans extends fc.Arbitrary<infer T> ? T : never

async function interleave(scheduler: fc.Scheduler, plan: Plan): Promise<void> {
  const world = newWorld({ pause: async () => scheduler.schedule(Promise.resolve()) })
  const events = plan.events.map((people, i) => sampleEvent(`e-${i}`, people))
  const server = new MortalProcess(world, plan.tries.find(({ death }) => death !== undefined)?.death)
  await server.connect(PEOPLE)
  const published = plan.tries.map(async ({ event, apart }) =>
    server.publish(events[event % events.length]!, apart),
  )
  const readers = PEOPLE.map(async (user) => follow(scheduler, server, user))
  const answers = await scheduler.waitFor(Promise.all(published))
  const seen = await scheduler.waitFor(Promise.all(readers))

  const calm = newWorld({ ...world, pause: async () => undefined })
  const next = new MortalProcess(calm)
  const tried = [...new Set(plan.tries.map(({ event }) => events[event % events.length]!))]
  for (const event of tried) {
    const answer = await next.publish(event)
    if (answer === 'died') throw new Error('nothing should have died')
    await checkAnswer(next.log, event, answer)
    for (const earlier of answers) {
      if (earlier === 'died' || earlier.id !== event.id) continue
      const offsets = ({ recipients }: PublishResult) => recipients.map(({ offset }) => offset)
      expect(offsets(earlier)).toEqual(offsets(answer))
      expect(answer.duplicate).toBe(true)
    }
  }
  await checkLogs(next.log, tried, PEOPLE)
  expect(world.pushes.filter(({ durable }) => !durable)).toEqual([])
  for (const [i, user] of PEOPLE.entries()) {
    const whole = await wholeLog(next.log, user)
    // What a reader had is how the log begins: nothing came in below or between, and nothing changed.
    expect(whole.slice(0, seen[i]!.length)).toEqual(seen[i])
  }
}

/** Reads on from where it is, again and again, while others write. */
async function follow(scheduler: fc.Scheduler, server: MortalProcess, user: string) {
  const seen: { offset: number; text: string; loggedAt: number }[] = []
  for (let round = 0; round < 6; round++) {
    await scheduler.schedule(Promise.resolve())
    const cursor = seen.at(-1)?.offset ?? 0
    const page = await server.whileAlive(server.log.after(user, cursor, { events: 2, bytes: 1_000_000 }))
    if (page === 'died') break
    seen.push(...page.entries)
  }
  return seen
}
