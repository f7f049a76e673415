import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Entry, Follower } from '../../src/cli/follower.ts'

interface Resume {
  readonly after?: number
}

function setUp(after: number | undefined) {
  const printed: number[] = []
  const truncations: number[] = []
  const asked: Resume[] = []
  const follower = new Follower(
    {
      entry: ({ offset }) => printed.push(offset),
      truncated: (head) => truncations.push(head),
      send: (message) => {
        const { action, ...resume } = message as Resume & { action: string }
        expect(action).toBe('resume')
        asked.push(resume)
      },
    },
    after,
  )
  return { follower, printed, truncations, asked }
}

const entry = (offset: number): Entry => ({ offset, event: {} })
const page = (from: number, to: number, head: number, truncated = false) => ({
  events: Array.from({ length: to - from + 1 }, (_, i) => entry(from + i)),
  head,
  more: to < head && !truncated,
  truncated,
})
const nothing = (head: number, truncated = false) => ({ events: [], head, more: false, truncated })

describe('a follower', () => {
  it('asks at once, with its cursor or without', () => {
    for (const [after, message] of [
      [undefined, {}],
      [0, { after: 0 }],
      [7, { after: 7 }],
    ] as const) {
      const { follower, asked } = setUp(after)
      follower.connected()
      expect(asked).toEqual([message])
    }
  })

  it('starts from now: what is there is not printed, what comes is', () => {
    const { follower, printed } = setUp(undefined)
    follower.connected()
    follower.page(nothing(10))
    follower.event(entry(11))
    follower.event(entry(10))
    expect(printed).toEqual([11])
  })

  it('prints what was pushed before its start was known once, and in order', () => {
    const { follower, printed, asked } = setUp(undefined)
    follower.connected()
    for (const offset of [13, 11, 11, 13]) follower.event(entry(offset))
    follower.page(nothing(13))
    expect(asked).toEqual([{}, { after: 10 }])
    follower.page(page(11, 13, 13))
    expect(printed).toEqual([11, 12, 13])
    expect(asked).toHaveLength(2)
  })

  it('asks for a hole once, and drops what came twice', () => {
    const { follower, printed, asked } = setUp(10)
    follower.connected()
    follower.page(nothing(10))
    for (const offset of [12, 13, 12]) follower.event(entry(offset))
    expect(asked).toEqual([{ after: 10 }, { after: 10 }])
    follower.event(entry(11))
    follower.page(page(11, 13, 13))
    expect(printed).toEqual([11, 12, 13])
    expect(asked).toHaveLength(2)
  })

  it('asks when a pong tells of more, and again after an error', () => {
    const { follower, asked } = setUp(10)
    follower.connected()
    follower.page(nothing(10))
    follower.heard(10)
    expect(asked).toHaveLength(1)
    follower.heard(12)
    follower.heard(12)
    expect(asked).toHaveLength(2)
    follower.unanswered()
    follower.heard(12)
    expect(asked).toHaveLength(3)
  })

  it('asks again for its start, if the first answer was an error', () => {
    const { follower, asked, printed } = setUp(undefined)
    follower.connected()
    follower.unanswered()
    follower.heard(5)
    expect(asked).toEqual([{}, {}])
    follower.page(nothing(5))
    follower.event(entry(6))
    expect(printed).toEqual([6])
  })

  it('asks for the next page from where it is', () => {
    const { follower, asked } = setUp(0)
    follower.connected()
    follower.page(page(100, 199, 250))
    follower.page(page(200, 250, 250))
    expect(asked).toEqual([{ after: 0 }, { after: 199 }])
  })

  it('goes on from the head when it was too long away, and asks no more than once for what it heard of', () => {
    const { follower, printed, truncations, asked } = setUp(5)
    follower.connected()
    follower.event(entry(101))
    follower.page(nothing(100, true))
    expect(truncations).toEqual([100])
    expect(asked).toEqual([{ after: 5 }, { after: 100 }])
    follower.page(page(101, 101, 101))
    expect(printed).toEqual([101])
    expect(asked).toHaveLength(2)
  })

  it('does not ask for ever after a log that is no more', () => {
    const { follower, asked } = setUp(1000)
    follower.connected()
    follower.heard(2000)
    follower.page(nothing(10, true))
    follower.page(nothing(10))
    expect(asked).toEqual([{ after: 1000 }, { after: 10 }])
  })
})

type Step =
  | { readonly kind: 'append'; readonly push: 'now' | 'later' | 'twice' | 'never' }
  | { readonly kind: 'deliver'; readonly index: number }
  | { readonly kind: 'read' }
  | { readonly kind: 'answer' }
  | { readonly kind: 'fail' }
  | { readonly kind: 'pong' }
  | { readonly kind: 'reconnect' }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('append' as const),
    push: fc.constantFrom('now' as const, 'later' as const, 'twice' as const, 'never' as const),
  }),
  fc.record({ kind: fc.constant('deliver' as const), index: fc.nat(20) }),
  fc.constantFrom<Step>(
    { kind: 'read' },
    { kind: 'answer' },
    { kind: 'fail' },
    { kind: 'pong' },
    { kind: 'reconnect' },
  ),
)

/** A log, and a connection to it on which everything may be late or lost. The log is at 10 when the follower comes. */
class World {
  readonly base = 10
  head = 10
  #onTheWay: number[] = []
  #asked: Resume[] = []
  #answers: Parameters<Follower['page']>[0][] = []
  readonly printed: number[] = []
  readonly follower: Follower
  /** The lowest offset pushed or told before the start was known: the log's start for one who starts from now. */
  start: number | undefined
  #lowestPush = Infinity

  constructor(after: number | undefined) {
    this.start = after
    this.follower = new Follower(
      {
        entry: ({ offset }) => this.printed.push(offset),
        truncated: () => expect.unreachable(),
        send: (message) => this.#asked.push(message),
      },
      after,
    )
    this.follower.connected()
  }

  apply(step: Step): void {
    switch (step.kind) {
      case 'append':
        this.head++
        if (step.push === 'later' || step.push === 'twice') this.#onTheWay.push(this.head)
        if (step.push === 'now' || step.push === 'twice') this.#push(this.head)
        break
      case 'deliver': {
        const [offset] = this.#onTheWay.splice(step.index % Math.max(1, this.#onTheWay.length), 1)
        if (offset !== undefined) this.#push(offset)
        break
      }
      case 'read':
        this.#read()
        break
      case 'answer':
        this.#answer()
        break
      case 'fail':
        if (this.#asked.shift()) this.follower.unanswered()
        break
      case 'pong':
        this.follower.heard(this.head)
        break
      case 'reconnect':
        this.#onTheWay = []
        this.#asked = []
        this.#answers = []
        this.follower.connected()
        break
    }
  }

  /** The network calms down: a pong, and an answer to everything, until nothing is asked any more. */
  settle(): void {
    this.apply({ kind: 'pong' })
    for (let rounds = 0; this.#asked.length + this.#answers.length > 0; rounds++) {
      expect(rounds).toBeLessThan(1000)
      this.#read()
      this.#answer()
    }
  }

  #push(offset: number): void {
    this.#lowestPush = Math.min(this.#lowestPush, offset)
    this.follower.event(entry(offset))
  }

  #read(): void {
    const resume = this.#asked.shift()
    if (resume === undefined) return
    const after = resume.after
    if (after === undefined) this.#answers.push(nothing(this.head))
    else this.#answers.push(page(Math.max(after, 0) + 1, Math.min(after + 3, this.head), this.head))
  }

  #answer(): void {
    const answer = this.#answers.shift()
    if (answer === undefined) return
    this.start ??= Math.min(answer.head, this.#lowestPush - 1)
    this.follower.page(answer)
  }
}

describe('whatever is lost, repeated, late or out of order', () => {
  it.each([undefined, 10, 7])(
    'from %s, what is printed is the log from its start, once, in order',
    (after) => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
          const world = new World(after)
          for (const one of steps) world.apply(one)
          world.settle()
          const start = world.start ?? expect.unreachable()
          const log = Array.from({ length: world.head - start }, (_, i) => start + 1 + i)
          expect(world.printed).toEqual(log)
        }),
        { numRuns: 2000 },
      )
    },
  )
})
