import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isReason, type Message, type Settled } from '../../src/bridge/message.ts'
import { Relay } from '../../src/bridge/relay.ts'
import type { Outcome, Target } from '../../src/bridge/targets/target.ts'
import type { AcceptedEvent } from '../../src/core/event.ts'
import { deferred } from '../support/deferred.ts'
import { RecordingLogger } from '../support/fakes.ts'

/** What the target says of one event of a try. */
type Answer = 'published' | 'duplicate' | 'refused' | 'failed'
/** Answers for the events of one try, or fewer. */
type Try = (events: readonly AcceptedEvent[], signal: AbortSignal) => readonly Outcome[] | Promise<Outcome[]>

function outcome(answer: Answer, detail = 'down'): Outcome {
  if (answer === 'failed') return { status: 'failed', error: new Error(detail) }
  if (answer === 'refused') return { status: 'refused', reason: { code: 'id_conflict', message: detail } }
  return { status: answer }
}

/** The same for every event. */
const all =
  (answer: Answer, detail?: string): Try =>
  (events) =>
    events.map(() => outcome(answer, detail))

/** As the events' ids say, and published what is not mentioned. */
const byId =
  (answers: Readonly<Record<string, Answer>>): Try =>
  (events) =>
    events.map(({ id }) => outcome(answers[id] ?? 'published'))

const good = (id: string, userId = 'ann'): Message => ({
  bytes: Buffer.from(JSON.stringify({ type: 'T', id, userId })),
})
const poison = (text = '{'): Message => ({ bytes: Buffer.from(text) })
const idOf = ({ bytes }: Message) => (JSON.parse(bytes.toString()) as { id: string }).id

function setUp(...script: Try[]) {
  const tries: string[][] = []
  const target: Target = {
    name: 'the scripted target',
    publish: async (events, signal) => {
      tries.push(events.map(({ id }) => id))
      return (script[tries.length - 1] ?? all('published'))(events, signal)
    },
  }
  const pauses: number[] = []
  const logger = new RecordingLogger()
  let retries = 0
  const aborting = new AbortController()
  /** What a test does while the relay waits, in place of waiting. */
  let duringPause: () => void = () => undefined
  const relay: Relay = new Relay({
    target,
    logger,
    onRetry: () => retries++,
    pause: async (milliseconds) => {
      pauses.push(milliseconds)
      duringPause()
    },
  })
  const settled: Settled[] = []
  const settle = async (some: readonly Settled[]) => {
    settled.push(...some)
  }
  return {
    relay,
    tries,
    pauses,
    logger,
    aborting,
    settled,
    settle,
    retries: () => retries,
    whilePausing: (act: () => void) => (duringPause = act),
    deliver: async (...messages: Message[]) => relay.deliver(messages, settle, aborting.signal),
    verdicts: () =>
      settled.map(({ message, verdict }) => [
        message.bytes.toString(),
        isReason(verdict) ? verdict.code : verdict,
      ]),
  }
}

describe('a delivery', () => {
  it('tells of each what became of it, in the order given', async () => {
    const { deliver, settled, tries } = setUp(byId({ b: 'duplicate' }))
    expect(await deliver(good('a'), good('b'), good('c'))).toEqual([])
    expect(settled.map(({ message, verdict }) => [idOf(message), verdict])).toEqual([
      ['a', 'published'],
      ['b', 'duplicate'],
      ['c', 'published'],
    ])
    expect(tries).toEqual([['a', 'b', 'c']])
  })

  it('of nothing asks nobody', async () => {
    const { deliver, tries, settled } = setUp()
    expect(await deliver()).toEqual([])
    expect({ tries, settled }).toEqual({ tries: [], settled: [] })
  })

  it('settles the very messages that it was given', async () => {
    const { deliver, settled } = setUp()
    const message: Message = { ...good('a'), entry: '1-1', number: { producer: 'p', number: 7 } }
    await deliver(message)
    expect(settled[0]!.message).toBe(message)
  })

  it('tries again what failed, and that alone, in its order', async () => {
    const { deliver, tries, settled, retries } = setUp(
      byId({ b: 'failed', d: 'failed', e: 'failed' }),
      byId({ d: 'failed' }),
    )
    expect(await deliver(...['a', 'b', 'c', 'd', 'e'].map((id) => good(id, `of-${id}`)))).toEqual([])
    expect(tries).toEqual([['a', 'b', 'c', 'd', 'e'], ['b', 'd', 'e'], ['d']])
    expect(settled.map(({ message }) => idOf(message))).toEqual(['a', 'c', 'b', 'e', 'd'])
    expect(retries()).toBe(2)
  })

  it('goes on over a refused event in the middle', async () => {
    const { deliver, tries, verdicts, logger } = setUp(byId({ b: 'refused' }))
    await deliver(good('a'), good('b'), good('c'))
    expect(tries).toHaveLength(1)
    expect(verdicts().map(([, verdict]) => verdict)).toEqual(['published', 'id_conflict', 'published'])
    expect(logger.lines).toEqual([])
  })

  it('settles poison before anything is tried, so that nothing holds it up', async () => {
    const asked = deferred<undefined>()
    const answer = deferred<Outcome[]>()
    const { deliver, verdicts, tries } = setUp((events) => {
      asked.resolve(undefined)
      expect(events.map(({ id }) => id)).toEqual(['a', 'b'])
      return answer.promise
    })
    const delivering = deliver(good('a'), poison('{'), good('b'), poison('[]'))
    await asked.promise
    expect(verdicts()).toEqual([
      ['{', 'malformed_json'],
      ['[]', 'invalid_event'],
    ])
    answer.resolve([outcome('published'), outcome('published')])
    expect(await delivering).toEqual([])
    expect(tries).toHaveLength(1)
  })

  it('of nothing but poison never asks the target', async () => {
    const { deliver, verdicts, tries } = setUp()
    expect(await deliver(poison(), poison('null'))).toEqual([])
    expect(verdicts()).toHaveLength(2)
    expect(tries).toEqual([])
  })

  it('tries again those that the target gave no answer for', async () => {
    const { deliver, tries, settled, logger } = setUp(() => [outcome('published')])
    await deliver(good('a'), good('b'), good('c'))
    expect(tries).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c'],
    ])
    expect(settled).toHaveLength(3)
    expect(logger.lines[0]?.fields).toMatchObject({ detail: 'the target gave no answer for an event' })
  })

  it('does not mind answers for more than was asked', async () => {
    const { deliver, settled } = setUp(() => [outcome('published'), outcome('failed')])
    expect(await deliver(good('a'))).toEqual([])
    expect(settled).toHaveLength(1)
  })

  it('does not tell of nothing', async () => {
    const { relay, aborting } = setUp(all('failed'))
    const told: number[] = []
    const settle = async (some: readonly Settled[]) => void told.push(some.length)
    await relay.deliver([good('a')], settle, aborting.signal)
    expect(told).toEqual([1])
  })

  it('is ended by what `settle` throws, and tries nothing more', async () => {
    const { relay, tries, aborting } = setUp(byId({ b: 'failed' }))
    const settle = async () => Promise.reject(new Error('Redis is away'))
    const delivering = relay.deliver([good('a'), good('b')], settle, aborting.signal)
    await expect(delivering).rejects.toThrow('Redis is away')
    expect(tries).toHaveLength(1)
  })

  it('is ended by what `settle` throws of poison, before anything is tried', async () => {
    const { relay, tries, aborting } = setUp()
    const settle = async () => Promise.reject(new Error('Redis is away'))
    await expect(relay.deliver([poison(), good('a')], settle, aborting.signal)).rejects.toThrow()
    expect(tries).toEqual([])
  })
})

describe('waiting', () => {
  it('gets longer with each failure in a row, up to a bound', async () => {
    const failures = 30
    const { deliver, pauses } = setUp(...Array.from({ length: failures }, () => all('failed')))
    await deliver(good('a'))
    expect(pauses).toHaveLength(failures)
    for (const [i, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(100)
      expect(pause).toBeLessThanOrEqual(100 + Math.min(10_000, 100 * 2 ** (i + 1)) + 1)
    }
    // Jittered, but over ten seconds: twenty of them cannot all be as short as the first is at most.
    expect(Math.max(...pauses.slice(10))).toBeGreaterThan(1000)
  })

  it('begins anew where some of it was taken in between', async () => {
    const { deliver, pauses, logger } = setUp(
      all('failed'),
      all('failed'),
      byId({ b: 'failed' }),
      all('failed'),
    )
    await deliver(good('a', 'x'), good('b', 'y'))
    expect(logger.lines.map(({ fields }) => (fields as { failures?: number }).failures)).toEqual([
      1,
      2,
      1,
      2,
      undefined,
    ])
    expect(pauses[2]).toBeLessThanOrEqual(301)
  })
})

describe('what is said of a failure', () => {
  it('is why, how many wait, and when it is over; and never what was in the events', async () => {
    const { deliver, logger } = setUp(all('failed', 'no route to host'))
    await deliver(good('secret-1'), good('secret-2'))
    expect(logger.lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'target did not take events, trying again'],
      ['info', 'target takes events again'],
    ])
    expect(logger.lines[0]!.fields).toMatchObject({
      target: 'the scripted target',
      detail: 'no route to host',
      waiting: 2,
      failures: 1,
    })
    expect(logger.text()).not.toContain('secret')
  })

  it('is there as long as it lasts, with the newest reason and the first time', async () => {
    const { relay, deliver, whilePausing } = setUp(all('failed', 'first'), all('failed', 'second'))
    expect(relay.failure).toBeUndefined()
    const seen: { since: number | undefined; message: string | undefined }[] = []
    whilePausing(() => seen.push({ since: relay.failure?.since, message: relay.failure?.error.message }))
    const before = Date.now()
    await deliver(good('a'))
    expect(seen.map(({ message }) => message)).toEqual(['first', 'second'])
    expect(seen[0]!.since).toBe(seen[1]!.since)
    expect(seen[0]!.since).toBeGreaterThanOrEqual(before)
    expect(relay.failure).toBeUndefined()
  })

  it('is cleared by a refusal as well: the target answers', async () => {
    const { relay, deliver } = setUp(all('failed'), all('refused'))
    await deliver(good('a'))
    expect(relay.failure).toBeUndefined()
  })

  it('begins anew when something is taken, for then the target does not take nothing', async () => {
    const { relay, deliver, whilePausing } = setUp(all('failed'), byId({ b: 'failed' }), all('failed'))
    const since: number[] = []
    whilePausing(() => {
      since.push(relay.failure!.since)
      // So that "now" is another time.
      for (const now = Date.now(); Date.now() === now;);
    })
    await deliver(good('a', 'x'), good('b', 'y'))
    expect(since[1]).toBeGreaterThan(since[0]!)
    expect(since[2]).toBe(since[1])
  })
})

describe('an abort', () => {
  it('hands back what is left, in its order, and says nothing of it', async () => {
    const { deliver, aborting, logger, settled, tries, retries } = setUp((events) => {
      aborting.abort()
      return byId({ b: 'failed', c: 'failed' })(events, aborting.signal)
    })
    const [a, b, c] = [good('a'), good('b'), good('c')]
    expect(await deliver(a, b, c)).toEqual([b, c])
    expect(settled.map(({ message }) => message)).toEqual([a])
    expect(tries).toHaveLength(1)
    expect({ lines: logger.lines, retries: retries() }).toEqual({ lines: [], retries: 0 })
  })

  it('reaches the target, which may be waiting for an answer', async () => {
    const { deliver, aborting } = setUp(async (events, signal) => {
      aborting.abort()
      expect(signal.aborted).toBe(true)
      return events.map(() => outcome('failed'))
    })
    expect(await deliver(good('a'))).toHaveLength(1)
  })

  it('ends a wait between two tries', async () => {
    const { deliver, aborting, tries, relay, whilePausing } = setUp(all('failed'))
    whilePausing(() => {
      aborting.abort()
    })
    const a = good('a')
    expect(await deliver(a)).toEqual([a])
    expect(tries).toHaveLength(1)
    expect(relay.failure).toBeDefined()
  })

  it('before it begins leaves everything but the poison', async () => {
    const { deliver, aborting, tries, settled } = setUp()
    aborting.abort()
    const a = good('a')
    expect(await deliver(a, poison())).toEqual([a])
    expect(tries).toEqual([])
    expect(settled).toHaveLength(1)
  })

  it('does not undo what was taken in the same moment', async () => {
    const { deliver, aborting, settled } = setUp((events) => {
      aborting.abort()
      return all('published')(events, aborting.signal)
    })
    expect(await deliver(good('a'))).toEqual([])
    expect(settled).toHaveLength(1)
  })
})

describe('whatever the target does', () => {
  const USERS = ['ann', 'bob', 'cem']
  const message = fc.record({ user: fc.constantFrom(...USERS), isPoison: fc.boolean() })
  /** A try: what the target says of the event at each place, again and again from the start. */
  const answers = fc.array(fc.constantFrom<Answer>('published', 'duplicate', 'refused', 'failed'), {
    minLength: 1,
    maxLength: 5,
  })

  /** Keeps the contract of `Target`: nothing after one that failed and shares a recipient. */
  const scripted =
    (pattern: readonly Answer[]): Try =>
    (events) => {
      const stuck = new Set<string>()
      return events.map(({ recipients: [recipient] }, i) => {
        const user = recipient!.userId
        const answer = stuck.has(user) ? 'failed' : pattern[i % pattern.length]!
        if (answer === 'failed') stuck.add(user)
        return outcome(answer)
      })
    }

  it('settles everything exactly once, and each recipient’s in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 20 }),
        fc.array(answers, { maxLength: 8 }),
        async (shapes, script) => {
          const { deliver, settled, pauses } = setUp(...script.map(scripted))
          const messages = shapes.map(({ user, isPoison }, i) =>
            isPoison ? poison(`{"n":${i}}`) : good(`e-${i}`, user),
          )
          expect(await deliver(...messages)).toEqual([])
          expect(new Set(settled.map(({ message: one }) => one))).toEqual(new Set(messages))
          expect(settled).toHaveLength(messages.length)
          for (const name of USERS) {
            const places = settled
              .map(({ message: one }) => messages.indexOf(one))
              .filter((at) => !shapes[at]!.isPoison && shapes[at]!.user === name)
            expect(places).toEqual(places.toSorted((a, b) => a - b))
          }
          expect(pauses.length).toBeLessThanOrEqual(script.length)
        },
      ),
    )
  })

  it('leaves after an abort exactly what was not settled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 20 }),
        fc.array(answers, { minLength: 1, maxLength: 8 }),
        fc.nat(8),
        async (shapes, script, last) => {
          const scripts = script.map(scripted)
          const world = setUp(
            ...scripts.map((one, i): Try => (events, signal) => {
              if (i === last) world.aborting.abort()
              return one(events, signal)
            }),
          )
          const messages = shapes.map(({ user, isPoison }, i) =>
            isPoison ? poison(`{"n":${i}}`) : good(`e-${i}`, user),
          )
          const left = await world.deliver(...messages)
          expect(left).toEqual(messages.filter((one) => left.includes(one)))
          const done = world.settled.map(({ message: one }) => one)
          expect(new Set([...left, ...done])).toEqual(new Set(messages))
          expect(left.length + done.length).toBe(messages.length)
        },
      ),
    )
  })
})
