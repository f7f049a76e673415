import { beforeEach, describe, expect, it } from 'vitest'
import { pageBody } from '../../src/core/frames.ts'
import { type Cursor, parseRecentQuery, readLog } from '../../src/core/read.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { sampleEvent } from '../contract/samples.ts'
import { ReferenceLog } from '../support/reference-log.ts'
import { refusalOf } from '../support/refusal.ts'

const RETENTION = 1_000_000
const after = (offset: number): Cursor => ({ kind: 'after', offset })
const since = (time: number): Cursor => ({ kind: 'since', time })

describe('reading a log', () => {
  let clock: ManualClock
  let log: ReferenceLog
  let start: number

  beforeEach(async () => {
    clock = new ManualClock()
    log = new ReferenceLog(clock, RETENTION)
    start = await log.head('ann')
  })

  const read = async (cursor: Cursor, events = 100, bytes = 1_000_000) => {
    const { entries, ...rest } = await readLog(log, 'ann', cursor, { events, bytes })
    return { offsets: entries.map(({ offset }) => offset - start), ...rest, head: rest.head - start }
  }

  /** One event a millisecond. */
  const fill = async (count: number) => {
    for (let i = 0; i < count; i++) {
      await log.append([sampleEvent(`e-${clock.now()}-${i}`, ['ann'])])
      clock.advance(1)
    }
  }

  it('that is empty gives the head, whatever the cursor', async () => {
    for (const cursor of [
      after(start),
      after(0),
      since(0),
      since(clock.now()),
      { kind: 'newest' } as const,
    ]) {
      expect(await read(cursor)).toEqual({ offsets: [], head: 0, more: false, truncated: false })
    }
  })

  it('after an offset gives what is above it, ascending, page by page', async () => {
    await fill(5)
    expect(await read(after(start + 1), 2)).toEqual({
      offsets: [2, 3],
      head: 5,
      more: true,
      truncated: false,
    })
    expect(await read(after(start + 3), 2)).toEqual({
      offsets: [4, 5],
      head: 5,
      more: false,
      truncated: false,
    })
    expect(await read(after(start + 5), 2)).toEqual({ offsets: [], head: 5, more: false, truncated: false })
  })

  it('after 0 gives the oldest that is kept, and is never truncated', async () => {
    await fill(3)
    expect(await read(after(0), 2)).toEqual({ offsets: [1, 2], head: 3, more: true, truncated: false })
    clock.advance(RETENTION)
    await fill(2)
    expect(await read(after(0))).toEqual({ offsets: [4, 5], head: 5, more: false, truncated: false })
  })

  it('after an offset that is older than what is kept says so, and gives nothing but the head', async () => {
    await fill(3)
    clock.advance(RETENTION)
    await fill(2)
    const truncated = { offsets: [], head: 5, more: false, truncated: true }
    expect(await read(after(1))).toEqual(truncated)
    expect(await read(after(start))).toEqual(truncated)
    expect(await read(after(start + 2))).toEqual(truncated)
    expect(await read(after(start + 3))).toEqual({ offsets: [4, 5], head: 5, more: false, truncated: false })
  })

  it('whose events have all expired misses nothing for who had seen them all', async () => {
    await fill(3)
    clock.advance(RETENTION)
    expect(await read(after(start + 3))).toEqual({ offsets: [], head: 3, more: false, truncated: false })
    expect(await read(after(start + 2))).toEqual({ offsets: [], head: 3, more: false, truncated: true })
  })

  it('after an offset above the head gives no events, the head, and truncated', async () => {
    await fill(2)
    for (const offset of [start + 3, Number.MAX_SAFE_INTEGER]) {
      expect(await read(after(offset))).toEqual({ offsets: [], head: 2, more: false, truncated: true })
    }
  })

  it('since a time gives what was logged from then on', async () => {
    const begin = clock.now()
    await fill(5)
    expect(await read(since(begin + 2), 2)).toEqual({
      offsets: [3, 4],
      head: 5,
      more: true,
      truncated: false,
    })
    expect(await read(since(0))).toEqual({ offsets: [1, 2, 3, 4, 5], head: 5, more: false, truncated: false })
    expect(await read(since(clock.now()))).toEqual({ offsets: [], head: 5, more: false, truncated: false })
  })

  it('since a time walks back 1,000 events, and says when that was not enough', async () => {
    const begin = clock.now()
    await fill(1001)
    const page = await read(since(begin), 3)
    expect(page).toEqual({ offsets: [2, 3, 4], head: 1001, more: true, truncated: true })
    // The 1,001st is older: nothing is missing.
    expect(await read(since(begin + 1), 3)).toEqual({ ...page, truncated: false })
    expect(await read(since(begin + 2), 3)).toEqual({ ...page, offsets: [3, 4, 5], truncated: false })
  })

  it('without a cursor gives the newest, and no more', async () => {
    await fill(5)
    expect(await read({ kind: 'newest' }, 2)).toEqual({
      offsets: [4, 5],
      head: 5,
      more: false,
      truncated: false,
    })
  })

  it('ends a page by bytes, but never before its first entry', async () => {
    await fill(3)
    expect(await read(after(start), 100, 1)).toEqual({ offsets: [1], head: 3, more: true, truncated: false })
  })

  it('gives nothing of another user', async () => {
    await log.append([sampleEvent('e-1', ['bob'])])
    expect(await read(after(0))).toEqual({ offsets: [], head: 0, more: false, truncated: false })
  })
})

describe('a page as JSON', () => {
  it('has the events as they are', () => {
    const entries = [
      { offset: 41, loggedAt: 5, text: '{ "n" : 1.0 }' },
      { offset: 42, loggedAt: 6, text: '{}' },
    ]
    expect(pageBody({ entries, head: 57, more: true, truncated: false })).toBe(
      '{"events":[{"offset":41,"loggedAt":5,"event":{ "n" : 1.0 }},{"offset":42,"loggedAt":6,"event":{}}],' +
        '"head":57,"more":true,"truncated":false}',
    )
  })
})

describe('the query of recent', () => {
  it.each([
    ['', { cursor: { kind: 'newest' }, limit: 100 }],
    ['limit=1', { cursor: { kind: 'newest' }, limit: 1 }],
    ['limit=100&after=0', { cursor: after(0), limit: 100 }],
    ['after=9007199254740991', { cursor: after(Number.MAX_SAFE_INTEGER), limit: 100 }],
    ['after=007', { cursor: after(7), limit: 100 }],
    ['%61fter=%34%32', { cursor: after(42), limit: 100 }],
    ['since=0', { cursor: since(0), limit: 100 }],
    ['since=1732406400000&limit=5', { cursor: since(1732406400000), limit: 5 }],
    ['after=1&device=a%20%C3%A9', { cursor: after(1), limit: 100, device: 'a é' }],
    ['device=phone', { cursor: { kind: 'newest' }, limit: 100, device: 'phone' }],
    [`device=${'x'.repeat(128)}`, { cursor: { kind: 'newest' }, limit: 100, device: 'x'.repeat(128) }],
    ['userId=eve&role=admin&_=1&_=2', { cursor: { kind: 'newest' }, limit: 100 }],
  ])('may be "%s"', (query, expected) => {
    expect(parseRecentQuery(query)).toEqual(expected)
  })

  it.each([
    [
      'limit',
      ['', '0', '101', '-1', '1.5', '1e1', ' 5', '5%20', '+5', 'all', '0x10', '%D9%A3', '99999999999999999'],
    ],
    ['after', ['', '-1', '1.5', 'x', '9007199254740992', '1e3', '1_000', 'NaN', 'null']],
    ['since', ['', '-1', 'yesterday', '2024-11-24T00:00:00Z', '9007199254740992']],
    ['device', ['', 'x'.repeat(129)]],
  ])('may not have a wrong %s', (path, values) => {
    for (const value of values) {
      expect(refusalOf(() => parseRecentQuery(`${path}=${value}`))).toEqual({ code: 'invalid_query', path })
    }
  })

  it.each(['after', 'since', 'limit', 'device'])('may not have %s twice', (path) => {
    expect(refusalOf(() => parseRecentQuery(`${path}=1&a=b&${path}=1`))).toEqual({
      code: 'invalid_query',
      path,
    })
  })

  it('may not have after and since at once', () => {
    expect(refusalOf(() => parseRecentQuery('since=1&after=1'))).toEqual({
      code: 'invalid_query',
      path: 'since',
    })
  })
})
