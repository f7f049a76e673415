/**
 * A client that registers and then reads, against a publisher: every order of all their calls, those of the log's store
 * included. `test/core` has the same race over a log whose calls are whole.
 */
import { setImmediate as allOthers } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { readLog } from '../../../src/core/read.ts'
import { ManualClock } from '../../contract/manual-clock.ts'
import { sampleEvent } from '../../contract/samples.ts'
import { connectionOf, MemoryRegistry, RecordingLogger, RecordingPusher } from '../../support/fakes.ts'
import * as wrong from '../../support/wrong.ts'
import { eventLogOn, steppedStore } from './memory-event-log.ts'
import { MemoryLogStore } from './memory-log-store.ts'

const RETENTION = 30 * 86_400_000
const PAGE = { events: 100, bytes: 100_000 }

type Actor = 'client' | 'publisher'

/** Lets one of those who wait take its step, as the choices say; without a choice the first. */
class Gate {
  /** How many could have taken each step. */
  readonly options: number[] = []
  readonly #choices: readonly number[]
  #waiting: { readonly actor: Actor; readonly go: () => void }[] = []

  constructor(choices: readonly number[]) {
    this.#choices = choices
  }

  stepOf(actor: Actor) {
    return async <T>(call: () => Promise<T>): Promise<T> => {
      await new Promise<void>((go) => this.#waiting.push({ actor, go }))
      return call()
    }
  }

  async run(actors: readonly Promise<unknown>[]): Promise<void> {
    let open = actors.length
    for (const actor of actors) void actor.finally(() => open--)
    for (;;) {
      await allOthers()
      if (open === 0) return
      const first = [...new Set(this.#waiting.map(({ actor }) => actor))].toSorted()
      const chosen = first[this.#choices[this.options.length] ?? 0]
      this.options.push(first.length)
      const at = this.#waiting.findIndex(({ actor }) => actor === chosen)
      this.#waiting.splice(at, 1)[0]?.go()
    }
  }
}

interface Variant {
  readonly make?: wrong.MakePublish
  readonly client?: readonly ('register' | 'read')[]
  /** Whether the log has an entry already. */
  readonly isOld?: boolean
}

/** One order of all steps. Tells how many could have gone at each, and whether the client has the event. */
async function race(choices: readonly number[], variant: Variant) {
  const { make = wrong.rightly, client = ['register', 'read'], isOld = false } = variant
  const clock = new ManualClock()
  const store = new MemoryLogStore({ now: () => clock.now(), random: () => 0.5 })
  const plain = eventLogOn(store, clock, RETENTION)
  if (isOld) await plain.append([sampleEvent('e-0', ['ann'])])
  const start = await plain.head('ann')

  const gate = new Gate(choices)
  const logOf = (actor: Actor) => eventLogOn(steppedStore(store, gate.stepOf(actor)), clock, RETENTION)
  const connections = new MemoryRegistry()
  const pusher = new RecordingPusher()
  const asPublisher = gate.stepOf('publisher')
  const publish = make({
    clock,
    log: logOf('publisher'),
    logger: new RecordingLogger(),
    connections: {
      register: async (connection) => connections.register(connection),
      get: async (...given) => connections.get(...given),
      remove: async (...given) => connections.remove(...given),
      ofUser: async (userId) => asPublisher(() => connections.ofUser(userId)),
    },
    pusher: {
      post: async (...given) => asPublisher(() => pusher.post(...given)),
      close: async (id) => pusher.close(id),
    },
  })

  let page = ''
  const live = async () => {
    const asClient = gate.stepOf('client')
    for (const step of client) {
      if (step === 'register') await asClient(() => connections.register(connectionOf(clock, 'c-1', 'ann')))
      else
        page = JSON.stringify(await readLog(logOf('client'), 'ann', { kind: 'after', offset: start }, PAGE))
    }
  }
  await gate.run([live(), publish(sampleEvent('e-1', ['ann']))])
  expect(page).toContain('"truncated":false')
  return { options: gate.options, has: page.includes('e-1') || pusher.framesTo('c-1').length > 0 }
}

/** Goes through all orders there are. */
async function everyOrder(variant: Variant): Promise<{ orders: number; missed: number }> {
  let [orders, missed] = [0, 0]
  for (let choices: number[] | undefined = []; choices !== undefined; orders++) {
    const { options, has } = await race(choices, variant)
    if (!has) missed++
    const taken: number[] = options.map((_, i) => choices?.[i] ?? 0)
    const next = taken.findLastIndex((choice, i) => choice + 1 < options[i]!)
    choices = next < 0 ? undefined : [...taken.slice(0, next), taken[next]! + 1]
  }
  return { orders, missed }
}

describe.each([
  ['has never been', false],
  ['has entries', true],
])('a client that connects while an event is published, to a log that %s', (_, isOld) => {
  it('has the event after every order, and is never told of a loss', { timeout: 120_000 }, async () => {
    const { orders, missed } = await everyOrder({ isOld })
    expect(orders).toBeGreaterThan(20)
    expect(missed).toBe(0)
  })

  it.each([
    ['the publisher looked for connections before it appended', { make: wrong.lookUpBeforeAppend }],
    ['the client read before it registered', { client: ['read', 'register'] as const }],
  ])('would miss it if %s', { timeout: 120_000 }, async (_, variant) => {
    expect((await everyOrder({ ...variant, isOld })).missed).toBeGreaterThan(0)
  })
})
