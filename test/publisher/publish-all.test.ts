import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import { BATCH_BYTES, BATCH_EVENTS, inBatches } from '../../src/publisher/batches.ts'
import { EVENT_BYTES } from '../../src/publisher/item.ts'
import { PublishError } from '../../src/publisher/index.ts'
import type { Outcome } from '../../src/publisher/results.ts'
import {
  breaks,
  json,
  problem,
  publishedAs,
  publishes,
  raw,
  type Reply,
  unavailable,
} from './scripted-server.ts'
import { setUp } from './set-up.ts'

const numbered = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ type: 'T', id: `e-${i + 1}`, userId: 'u' }))

/** Each outcome in a word: the id of what was published, or the code of the error. */
const inShort = (outcomes: readonly Outcome[]) =>
  outcomes.map((outcome) => ('error' in outcome ? outcome.error.code : outcome.id))

const idsIn = (body: unknown) => (body as { id: string }[]).map(({ id }) => id)

/** Answers an array with one thing each. */
const each = (...items: readonly unknown[]): Reply => json(200, items)
const failed = (status: number, code: string) => ({ error: { status, code, detail: `detail of ${code}` } })

describe('publishAll', () => {
  it('sends an array, and resolves to what became of each', async () => {
    const { server, publisher } = await setUp([
      each(publishedAs('e-1'), failed(422, 'invalid_event'), publishedAs('e-3', true)),
    ])
    const outcomes = await publisher.publishAll(numbered(3))
    expect(server.bodies).toEqual([numbered(3)])
    expect(outcomes).toEqual([
      publishedAs('e-1'),
      { error: expect.any(PublishError) as unknown },
      publishedAs('e-3', true),
    ])
    const [, refused] = outcomes
    expect(refused).toMatchObject({
      error: { code: 'invalid_event', status: 422, id: 'e-2', refused: true, attempts: 1 },
    })
  })

  it('sends nothing for nothing', async () => {
    const { server, publisher } = await setUp([])
    expect(await publisher.publishAll([])).toEqual([])
    expect(server.requests).toEqual([])
  })

  it('goes on in batches of 100, one after the other', async () => {
    const { server, publisher } = await setUp([publishes, publishes, publishes])
    const outcomes = await publisher.publishAll(numbered(205))
    expect(inShort(outcomes)).toEqual(numbered(205).map(({ id }) => id))
    expect(server.bodies.map((body) => idsIn(body).length)).toEqual([100, 100, 5])
    expect(server.bodies.flatMap(idsIn)).toEqual(numbered(205).map(({ id }) => id))
  })

  it('takes the same object twice for the same event twice', async () => {
    const [event] = numbered(1) as [ReturnType<typeof numbered>[0]]
    const { publisher } = await setUp([each(publishedAs('e-1'), publishedAs('e-1', true))])
    expect(await publisher.publishAll([event, event])).toEqual([publishedAs('e-1'), publishedAs('e-1', true)])
  })

  it('gives each an id of its own that has neither id nor timestamp, the same in every try', async () => {
    const { server, publisher } = await setUp([breaks, publishes])
    const outcomes = await publisher.publishAll([{ type: 'T' }, { type: 'T' }, { type: 'T', timestamp: 1 }])
    expect(inShort(outcomes)).toEqual(['made-up-1', 'made-up-2', 'derived'])
    expect(server.requests[1]!.body).toBe(server.requests[0]!.body)
  })

  it('does not send what is no event, but the rest', async () => {
    const { server, publisher } = await setUp([publishes])
    const [first, , last] = numbered(3)
    const outcomes = await publisher.publishAll([first!, { type: 'T', n: 1n }, last!])
    expect(inShort(outcomes)).toEqual(['e-1', 'invalid_event', 'e-3'])
    expect(server.bodies.map(idsIn)).toEqual([['e-1', 'e-3']])
  })

  it('with respondAsync takes a queue’s answer', async () => {
    const queued = { id: 'e-1', queued: true }
    const { server, publisher } = await setUp([json(202, [queued, failed(422, 'no_recipients')])])
    const outcomes = await publisher.publishAll(numbered(2), { respondAsync: true })
    expect(inShort(outcomes)).toEqual(['e-1', 'no_recipients'])
    expect(outcomes[0]).toEqual(queued)
    expect(server.requests[0]!.headers['prefer']).toBe('respond-async')
  })
})

describe('publishAll tries again', () => {
  it('all of a batch whose answer was lost, before the next', async () => {
    const { server, publisher } = await setUp([breaks, publishes, publishes])
    const outcomes = await publisher.publishAll(numbered(101))
    expect(inShort(outcomes)).toEqual(numbered(101).map(({ id }) => id))
    expect(server.bodies.map((body) => idsIn(body)[0])).toEqual(['e-1', 'e-1', 'e-101'])
  })

  it('only what the server could not take, in its order, before the next batch', async () => {
    const busy = failed(503, 'unavailable')
    const first = numbered(100).map(({ id }, i) => (i === 1 || i === 3 ? busy : publishedAs(id)))
    const { server, publisher } = await setUp([
      each(...first),
      each(publishedAs('e-2', true), busy),
      each(publishedAs('e-4')),
      publishes,
    ])
    const outcomes = await publisher.publishAll(numbered(101))
    expect(inShort(outcomes)).toEqual(numbered(101).map(({ id }) => id))
    expect(server.bodies.slice(1).map(idsIn)).toEqual([['e-2', 'e-4'], ['e-4'], ['e-101']])
  })

  it('and counts tries and ambiguity for each event by itself', async () => {
    const { publisher } = await setUp([
      each(failed(422, 'no_recipients'), failed(503, 'unavailable')),
      problem(403, 'forbidden'),
    ])
    expect(await publisher.publishAll(numbered(2))).toMatchObject([
      { error: { code: 'no_recipients', attempts: 1, mayHaveBeenPublished: false, refused: true } },
      { error: { code: 'forbidden', attempts: 2, mayHaveBeenPublished: true, refused: false } },
    ])
  })
})

describe('publishAll stops', () => {
  it.each<[string, Reply, string, boolean]>([
    ['could not be taken in time', unavailable, 'unavailable', true],
    ['did not reach anybody', breaks, 'unreachable', true],
    ['came with a bad token', problem(403, 'forbidden'), 'forbidden', false],
    [
      'was refused as a whole, which says nothing about any event',
      problem(413, 'batch_too_large'),
      'batch_too_large',
      false,
    ],
    ['went to something else', raw(200, 'hello'), 'bad_answer', true],
    ['got too few answers', each(publishedAs('e-1')), 'bad_answer', true],
  ])('at a batch that %s: nothing may overtake it', async (_, reply, code, mayHaveBeenPublished) => {
    const { server, publisher } = await setUp([reply], { deadline: 1 })
    const outcomes = await publisher.publishAll(numbered(250))
    const codes = [...Array<string>(100).fill(code), ...Array<string>(150).fill('not_sent')]
    expect(inShort(outcomes)).toEqual(codes)
    expect(outcomes[0]).toMatchObject({
      error: { mayHaveBeenPublished, refused: false, attempts: 1, id: 'e-1' },
    })
    expect(outcomes[249]).toMatchObject({
      error: { mayHaveBeenPublished: false, refused: false, attempts: 0, id: 'e-250', cause: { code } },
    })
    expect(server.requests).toHaveLength(1)
  })

  it('at a batch with one event that could not be taken in time; what is done stays done', async () => {
    const results = numbered(100).map(({ id }, i) =>
      i === 50 ? failed(503, 'unavailable') : publishedAs(id),
    )
    const { publisher } = await setUp([each(...results)], { deadline: 1 })
    const codes = inShort(await publisher.publishAll(numbered(101)))
    expect(codes).toEqual(
      numbered(101).map(({ id }, i) => (i === 50 ? 'unavailable' : i === 100 ? 'not_sent' : id)),
    )
  })

  it('not at an event that is refused for what it is', async () => {
    const results = numbered(100).map(({ id }, i) =>
      i === 99 ? failed(409, 'id_conflict') : publishedAs(id),
    )
    const { publisher } = await setUp([each(...results), publishes])
    expect(inShort(await publisher.publishAll(numbered(101))).slice(98)).toEqual([
      'e-99',
      'id_conflict',
      'e-101',
    ])
  })

  it('when the caller’s signal is aborted', async () => {
    const controller = new AbortController()
    const abort: Reply = (response, request) => {
      controller.abort()
      publishes(response, request)
    }
    const { server, publisher } = await setUp([publishes, abort])
    const outcomes = await publisher.publishAll(numbered(250), { signal: controller.signal })
    expect([0, 99, 100, 199, 200, 249].map((i) => inShort(outcomes)[i])).toEqual([
      'e-1',
      'e-100',
      'aborted',
      'aborted',
      'not_sent',
      'not_sent',
    ])
    expect(outcomes[100]).toMatchObject({ error: { mayHaveBeenPublished: true } })
    expect(server.requests).toHaveLength(2)
  })

  it('never before each batch has had all its time', async () => {
    const { publisher, environment } = await setUp([breaks, publishes, breaks, publishes], { deadline: 150 })
    const codes = inShort(await publisher.publishAll(numbered(200)))
    expect(codes).not.toContain('unreachable')
    expect(environment.pauses).toEqual([100, 100])
  })
})

describe('batches', () => {
  const item = (bytes: number) => ({ text: 'x'.repeat(bytes), bytes, id: undefined, mayBeThere: false })
  const sizes = (...items: readonly number[]) => inBatches(items.map(item)).map((batch) => batch.length)

  it('are cut by the server’s limits', () => {
    expect({ EVENT_BYTES, BATCH_BYTES, BATCH_EVENTS }).toEqual({
      EVENT_BYTES: LIMITS.eventBytes,
      BATCH_BYTES: LIMITS.batchBytes,
      BATCH_EVENTS: LIMITS.batchEvents,
    })
  })

  it('hold 100 events', () => {
    expect(sizes()).toEqual([])
    expect(sizes(...Array<number>(100).fill(2))).toEqual([100])
    expect(sizes(...Array<number>(101).fill(2))).toEqual([100, 1])
  })

  it('hold 1 MiB to the byte, commas and brackets included', () => {
    const eight = Array<number>(8).fill(120 * 1024)
    const rest = BATCH_BYTES - 8 * 120 * 1024 - '[,,,,,,,,]'.length
    expect(sizes(...eight, rest)).toEqual([9])
    expect(sizes(...eight, rest + 1)).toEqual([8, 1])
    expect(sizes(...eight, rest + 1, 1)).toEqual([8, 2])
  })
})
