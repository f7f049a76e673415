import { describe, expect, it } from 'vitest'
import { deployment } from './deployment.ts'
import { fill, numbersOf, publish, range, recent, recentAnswer } from './http.ts'
import { unique } from './tokens.ts'

const target = deployment()

describe('polling', () => {
  it('without a cursor brings the newest, ascending, and no more', async () => {
    const userId = unique('user')
    const first = await fill(target, userId, 120)
    const page = await recent(target, userId)
    expect(numbersOf(page)).toEqual(range(21, 120))
    expect(page).toMatchObject({ head: first + 119, more: false, truncated: false })
    expect(numbersOf(await recent(target, userId, '?limit=2'))).toEqual([119, 120])
    expect((await recent(target, userId, '?limit=2')).more).toBe(false)
  })

  it('pages from the oldest with after=0, and goes on with the last offset', async () => {
    const userId = unique('user')
    const first = await fill(target, userId, 7)
    const seen: unknown[] = []
    const mores: boolean[] = []
    for (let after = 0; after < first + 6;) {
      const page = await recent(target, userId, `?after=${after}&limit=3`)
      seen.push(...numbersOf(page))
      mores.push(page.more)
      after = page.events.at(-1)!.offset
    }
    expect(seen).toEqual(range(1, 7))
    expect(mores).toEqual([true, true, false])
  })

  it('goes on for a device that names itself and moves on', async () => {
    const userId = unique('user')
    const first = await fill(target, userId, 4)
    for (const n of [0, 1, 1, 3]) {
      expect(numbersOf(await recent(target, userId, `?after=${first + n}&device=phone`))).toEqual(
        range(n + 2, 4),
      )
    }
  })

  it.each([
    ['above the head', (head: number) => head + 1],
    ['never of this log', () => 1],
  ])('says truncated for a cursor %s', async (_, cursor) => {
    const userId = unique('user')
    const first = await fill(target, userId, 2)
    expect(await recent(target, userId, `?after=${cursor(first + 1)}`)).toEqual({
      events: [],
      head: first + 1,
      more: false,
      truncated: true,
    })
  })

  it('at the head has nothing, and is not truncated', async () => {
    const userId = unique('user')
    const first = await fill(target, userId, 2)
    const page = await recent(target, userId, `?after=${first + 1}`)
    expect(page).toEqual({ events: [], head: first + 1, more: false, truncated: false })
  })

  it('of nobody’s log has nothing, and its head goes before the first event', async () => {
    const userId = unique('user')
    const page = await recent(target, userId)
    expect(page).toEqual({ events: [], head: expect.any(Number) as number, more: false, truncated: false })
    expect(await recent(target, userId, '?after=0')).toEqual(page)
    expect(await fill(target, userId, 1)).toBe(page.head + 1)
  })

  it('ends a page at 1 MiB', async () => {
    const userId = unique('user')
    for (let n = 1; n <= 10; n++) {
      await publish(target, { type: 'BIG', id: unique('event'), n, userId, text: 'x'.repeat(110 * 1024) })
    }
    const { text } = await recentAnswer(target, userId, '?after=0')
    expect(text.length).toBeLessThanOrEqual(1024 * 1024)
    const page = await recent(target, userId, '?after=0')
    expect(numbersOf(page)).toEqual(range(1, 9))
    expect(page.more).toBe(true)
    expect(numbersOf(await recent(target, userId))).toEqual(range(2, 10))
  })

  it('shows a user nothing but the own log, whatever the parameters say', async () => {
    const victim = unique('victim')
    await fill(target, victim, 1)
    const page = await recent(
      target,
      unique('mallory'),
      `?after=0&userId=${victim}&sub=${victim}&user=${victim}`,
    )
    expect(page.events).toEqual([])
  })

  it('is not to be cached', async () => {
    const { headers } = await recentAnswer(target, unique('user'))
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-type')).toBe('application/json')
  })

  it('takes a device with a cursor', async () => {
    const userId = unique('user')
    const first = await fill(target, userId, 2)
    const page = await recent(target, userId, `?after=${first}&device=phone`)
    expect(numbersOf(page)).toEqual([2])
    expect(await recent(target, userId, `?after=${first + 9}&device=phone`)).toMatchObject({
      truncated: true,
    })
  })
})

describe('since', () => {
  it('0 has everything, paged, and goes on with after', async () => {
    const userId = unique('user')
    const first = await fill(target, userId, 5)
    const page = await recent(target, userId, '?since=0&limit=2')
    expect(numbersOf(page)).toEqual([1, 2])
    expect(page).toMatchObject({ head: first + 4, more: true, truncated: false })
    expect(numbersOf(await recent(target, userId, `?after=${first + 1}`))).toEqual([3, 4, 5])
  })

  it('a time has what was logged from then on', async () => {
    const userId = unique('user')
    await fill(target, userId, 1)
    let second = await fill(target, userId, 2)
    let page = await recent(target, userId, '?after=0')
    // Until the clock has gone on between two events.
    for (let n = 3; page.events.at(-1)!.loggedAt === page.events.at(-2)!.loggedAt; n++) {
      second = (await publish(target, { type: 'T', id: unique('e'), userId, n })).recipients[0]!.offset
      page = await recent(target, userId, '?after=0')
    }
    const last = page.events.at(-1)!
    expect(last.offset).toBeGreaterThanOrEqual(second)
    expect((await recent(target, userId, `?since=${last.loggedAt}`)).events).toEqual([last])
    expect((await recent(target, userId, `?since=${last.loggedAt + 1}`)).events).toEqual([])
  })

  it('the future has nothing, and is not truncated', async () => {
    const userId = unique('user')
    const first = await fill(target, userId, 1)
    expect(await recent(target, userId, `?since=${Number.MAX_SAFE_INTEGER}`)).toEqual({
      events: [],
      head: first,
      more: false,
      truncated: false,
    })
  })

  it('walks back 1,000 events and says if there is more', async () => {
    const userId = unique('user')
    const first = await fill(target, userId, 1000)
    const all = await recent(target, userId, '?since=0&limit=1')
    expect(numbersOf(all)).toEqual([1])
    expect(all).toMatchObject({ head: first + 999, more: true, truncated: false })
    await publish(target, { type: 'T', id: unique('event'), userId, n: 1001 })
    const page = await recent(target, userId, '?since=0&limit=1')
    expect(numbersOf(page)).toEqual([2])
    expect(page).toMatchObject({ head: first + 1000, more: true, truncated: true })
  })
})

describe('a bad query', () => {
  it.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=', 'limit'],
    ['limit=1e2', 'limit'],
    ['limit=%201', 'limit'],
    ['limit=10&limit=10', 'limit'],
    ['after=-1', 'after'],
    ['after=abc', 'after'],
    ['after=', 'after'],
    ['after=9007199254740992', 'after'],
    ['after=99999999999999999999', 'after'],
    ['after=0x10', 'after'],
    ['after=%2B1', 'after'],
    ['after=1&after=1', 'after'],
    ['after=NaN', 'after'],
    ['after=%D9%A1', 'after'],
    ['since=-1', 'since'],
    ['since=2026-11-24T10:00:00Z', 'since'],
    ['since=1&since=2', 'since'],
    ['after=1&since=1', 'since'],
    ['device=', 'device'],
    [`device=${'x'.repeat(129)}`, 'device'],
    ['device=a&device=b', 'device'],
  ])('%s is refused, and names %s', async (query, path) => {
    const answer = await recentAnswer(target, unique('user'), `?${query}`)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.json).toEqual({
      type: 'urn:event-fanout:problem:invalid_query',
      title: 'The query is not valid',
      status: 400,
      detail: expect.stringContaining(path) as string,
      code: 'invalid_query',
      path,
    })
  })

  it.each([
    'limit=1',
    'limit=100',
    'after=9007199254740991',
    'since=0',
    'cachebuster=1&x=%zz',
    '__proto__=1',
    '',
  ])('%s is none', async (query) => {
    expect((await recentAnswer(target, unique('user'), `?${query}`)).status).toBe(200)
  })
})
