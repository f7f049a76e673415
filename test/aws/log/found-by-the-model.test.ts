/** Stories that went wrong once: the model found them, some in one of many thousand schedules. */
import { setImmediate as allOthers } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import type { LogStore } from '../../../src/aws/log/log-store.ts'
import type { EventLog } from '../../../src/core/ports.ts'
import { readLog } from '../../../src/core/read.ts'
import { ManualClock } from '../../contract/manual-clock.ts'
import { idsOf, offsetsOf } from '../../contract/log-under-test.ts'
import { sampleEvent } from '../../contract/samples.ts'
import { eventLogOn } from './memory-event-log.ts'
import { MemoryLogStore } from './memory-log-store.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const PAGE = { events: 100, bytes: 100_000 }

let clock: ManualClock
let store: MemoryLogStore
let writer: EventLog

beforeEach(() => {
  clock = new ManualClock()
  store = new MemoryLogStore({ now: () => clock.now(), random: () => 0.5 })
  writer = eventLogOn(store, clock, 30 * DAY)
})

async function publish(log: EventLog, id: string): Promise<number> {
  const [appended] = await log.append([sampleEvent(id, ['ann'])])
  if (appended?.status !== 'appended') throw new Error('not appended')
  return appended.receipt.recipients[0]!.offset
}

/** A reader; after its first query of entries, and before it does anything else, something happens. */
function readerWhile(happens: () => Promise<void>, change: Partial<LogStore> = {}): EventLog {
  let isFirst = true
  const range: LogStore['range'] = async (...given) => {
    const page = await (change.range ?? store.range.bind(store))(...given)
    if (isFirst) {
      isFirst = false
      await happens()
    }
    return page
  }
  return eventLogOn(changedStore({ ...change, range }), clock, 30 * DAY)
}

function changedStore(change: Partial<LogStore>): LogStore {
  return {
    tail: async (...given) => store.tail(...given),
    range: async (...given) => store.range(...given),
    putEntry: async (...given) => store.putEntry(...given),
    head: async (...given) => store.head(...given),
    putHead: async (...given) => store.putHead(...given),
    receipt: async (...given) => store.receipt(...given),
    begin: async (...given) => store.begin(...given),
    complete: async (...given) => store.complete(...given),
    ...change,
  }
}

describe('a log that gets its first event while somebody reads it', () => {
  it.each([
    ['after a cursor', (head: number) => ({ kind: 'after', offset: head }) as const],
    ['the newest', () => ({ kind: 'newest' }) as const],
    ['since a time', () => ({ kind: 'since', time: 0 }) as const],
  ])('shows it, or a head below it: %s', async (_, cursorOf) => {
    const head = await writer.head('ann')
    const log = readerWhile(async () => {
      await publish(writer, 'e-1')
    })
    const result = await readLog(log, 'ann', cursorOf(head), PAGE)
    expect(result.truncated).toBe(false)
    const upTo = result.entries.at(-1)?.offset ?? result.head
    expect(upTo === head ? [] : idsOf(result.entries)).toEqual(upTo === head ? [] : ['e-1'])
  })
})

describe('a page during which events expire', () => {
  it('is judged by the time when it began', async () => {
    const first = await publish(writer, 'e-1')
    clock.advance(1000)
    await publish(writer, 'e-2')
    clock.advance(1000)
    await publish(writer, 'e-3')
    clock.advance(30 * DAY - 2000)
    const log = readerWhile(
      async () => {
        clock.advance(1500)
      },
      {
        range: async (userId, query) => {
          const { entries, more } = await store.range(userId, { ...query, limit: 1 })
          return { entries, more: more || entries.length > 0 }
        },
      },
    )
    const { entries, truncated } = await readLog(log, 'ann', { kind: 'after', offset: first - 1 }, PAGE)
    expect(truncated).toBe(false)
    expect(idsOf(entries)).toEqual(['e-1', 'e-2', 'e-3'])
  })
})

describe('a reader whose clock is behind', () => {
  it('does not tell a lower head than one whose clock has started the log again', async () => {
    const last = await publish(writer, 'e-1')
    clock.advance(37 * DAY - 30 * MINUTE)
    const head = await eventLogOn(store, { now: () => clock.now() + 2000 }, 30 * DAY).head('ann')
    expect(head).toBeGreaterThan(last)
    const behind = eventLogOn(store, { now: () => clock.now() - 2000 }, 30 * DAY)
    expect(await behind.head('ann')).toBe(head)
    expect(await readLog(behind, 'ann', { kind: 'after', offset: head }, PAGE)).toMatchObject({
      head,
      truncated: false,
    })
  })
})

describe('a retention that was raised', () => {
  it('does not show what may go in any order, and tells that it is missing', async () => {
    const short = eventLogOn(store, clock, DAY)
    const offsets = [await publish(short, 'e-1'), await publish(short, 'e-2'), await publish(short, 'e-3')]
    clock.advance(2 * DAY + MINUTE)
    // DynamoDB has got to one of them.
    const log = eventLogOn(
      changedStore({
        range: async (...given) => {
          const { entries, more } = await store.range(...given)
          return { entries: entries.filter(({ eventId }) => eventId !== 'e-2'), more }
        },
      }),
      clock,
      30 * DAY,
    )
    const result = await readLog(log, 'ann', { kind: 'after', offset: offsets[0]! - 1 }, PAGE)
    expect(result).toMatchObject({ entries: [], truncated: true })
    expect(offsetsOf((await readLog(log, 'ann', { kind: 'after', offset: 0 }, PAGE)).entries)).toEqual([])
  })

  it('does not make a retry forget what an entry that has gone since had said', async () => {
    const shorter = eventLogOn(store, clock, 10 * DAY)
    const event = sampleEvent('e-1', ['ann'])
    await shorter.append([event])
    clock.advance(18 * DAY)
    store.expire(1)
    const [again] = await eventLogOn(store, clock, 60 * DAY).append([event])
    expect(again?.status === 'refused' && again.error.code).toBe('retry_too_late')
  })
})

describe('a retention that was lowered', () => {
  it('does not end a receipt that is about to be completed, while another try completes it as well', async () => {
    const event = sampleEvent('e-1', ['ann'])
    await eventLogOn(store, clock, 8 * DAY).append([event])
    clock.advance(2 * DAY - 1)
    const short = eventLogOn(store, clock, DAY)
    const tries = [await short.append([event]), await short.append([event])].flat()
    const [one, two] = tries.map((answer) => {
      if (answer.status !== 'appended') throw new Error('not appended')
      return { ...answer.receipt, state: 'logged' as const }
    })
    await short.complete([one!])
    clock.advance(1000)
    await short.append([event])
    await short.complete([two!])
    await short.append([event])
    const { entries } = await store.range('ann', {})
    expect(entries.map(({ eventId }) => eventId)).toEqual(['e-1'])
  })
})

describe('two deployments at once', () => {
  it('do not give an offset twice, though the new one expects entries to live longer', async () => {
    const short = eventLogOn(store, clock, DAY)
    await publish(short, 'e-1')
    clock.advance(2 * DAY - 60 * MINUTE - 1000)
    let died = false
    const slow = changedStore({
      putEntry: async (userId, entry) => {
        clock.advance(3000)
        // Of the new deployment: it takes over by way of the head, and dies.
        const deadly = changedStore({ putEntry: async () => Promise.reject(new Error('died')) })
        const [answer] = await eventLogOn(deadly, clock, 30 * DAY).append([sampleEvent('e-3', ['ann'])])
        died = answer?.status === 'failed'
        return store.putEntry(userId, entry)
      },
    })
    const last = await publish(eventLogOn(slow, clock, DAY), 'e-2')
    expect(died).toBe(true)
    clock.advance(3 * DAY)
    store.expire(1)
    expect(await publish(writer, 'e-4')).toBeGreaterThan(last)
  })
})

describe('a head whose writer died before it put an entry', () => {
  const afterDeath = async (age: number) => {
    const deadly = changedStore({ putEntry: async () => new Promise<boolean>(() => undefined) })
    void eventLogOn(deadly, clock, 30 * DAY).append([sampleEvent('e-1', ['ann'])])
    for (let i = 0; i < 20; i++) await Promise.resolve()
    clock.advance(age)
  }

  it.each([
    ['a writer', async (log: EventLog) => (await publish(log, 'e-3')) - 1],
    ['a reader', async (log: EventLog) => log.head('ann')],
  ])('lets %s not overtake a writer that is slow at half of its life', async (_, come) => {
    await afterDeath((37 * DAY) / 2 - 5000)
    let told = 0
    const slow = changedStore({
      putEntry: async (userId, entry) => {
        clock.advance(10_000)
        if (told === 0) told = await come(eventLogOn(store, clock, 30 * DAY))
        return store.putEntry(userId, entry)
      },
    })
    const before = await publish(eventLogOn(slow, clock, 30 * DAY), 'e-2')
    // Whoever came in between put nothing that is above it, and told no head that is.
    const entries = (await readLog(writer, 'ann', { kind: 'after', offset: 0 }, PAGE)).entries
    expect(offsetsOf(entries)).toEqual(entries.map((_entry, i) => entries[0]!.offset + i))
    expect(told).toBeLessThanOrEqual(before)
  })
})

describe('a function that fails in one log of two', () => {
  // Lambda freezes it once it has answered. Thawed hours later, it would put below a head that was told since.
  it('does not answer before its put into the other is over', async () => {
    let answerBob: () => void = () => undefined
    const held = new Promise<void>((resolve) => (answerBob = resolve))
    const slow = changedStore({
      putEntry: async (userId, entry) => {
        if (userId === 'ann') throw new Error('ann is throttled')
        await held
        return store.putEntry(userId, entry)
      },
    })
    let hasAnswered = false
    const answer = eventLogOn(slow, clock, 30 * DAY).append([sampleEvent('e-1', ['ann', 'bob'])])
    void answer.then(() => (hasAnswered = true))
    await allOthers()
    expect(hasAnswered).toBe(false)
    answerBob()
    expect(await answer).toEqual([{ status: 'failed', error: new Error('ann is throttled') }])
    expect((await store.range('bob', {})).entries).toHaveLength(1)
  })
})
