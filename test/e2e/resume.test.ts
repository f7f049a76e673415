import { describe, expect, it } from 'vitest'
import { Client } from './client.ts'
import { deployment } from './deployment.ts'
import { fill, numbersOf, type Page, publish, range, recent } from './http.ts'
import { unique } from './tokens.ts'

const target = deployment()

describe('resume', () => {
  it('without a cursor tells the head, and no events', async () => {
    const userId = unique('user')
    const first = await fill(target, userId, 3)
    const socket = await Client.connect(target, userId)
    expect(await socket.ask({ action: 'resume' })).toEqual({
      type: 'events',
      events: [],
      head: first + 2,
      more: false,
      truncated: false,
    })
  })

  it('after 0 brings everything, a page of 100 at a time, ascending and without holes', async () => {
    const userId = unique('user')
    const first = await fill(target, userId, 250)
    const socket = await Client.connect(target, userId)
    let after = 0
    for (const [from, to] of [
      [1, 100],
      [101, 200],
      [201, 250],
    ] as const) {
      const page = await socket.ask<Page>({ action: 'resume', after })
      expect(numbersOf(page)).toEqual(range(from, to))
      expect(page.events.map(({ offset }) => offset)).toEqual(range(first + from - 1, first + to - 1))
      expect(page).toMatchObject({ type: 'events', head: first + 249, more: to < 250, truncated: false })
      after = page.events.at(-1)!.offset
    }
    expect(await socket.ask({ action: 'resume', after })).toEqual({
      type: 'events',
      events: [],
      head: first + 249,
      more: false,
      truncated: false,
    })
  })

  it('from a cursor brings what came since, and says when it was logged', async () => {
    const userId = unique('user')
    const first = await fill(target, userId, 5)
    const socket = await Client.connect(target, userId)
    const page = await socket.ask<Page>({ action: 'resume', after: first + 2 })
    expect(numbersOf(page)).toEqual([4, 5])
    const times = (await recent(target, userId)).events.map(({ loggedAt }) => loggedAt)
    expect(page.events.map(({ loggedAt }) => loggedAt)).toEqual(times.slice(3))
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('of a log that nobody used tells the offset below the first', async () => {
    const userId = unique('user')
    const socket = await Client.connect(target, userId)
    const { head } = await socket.ask<Page>({ action: 'resume' })
    expect(await socket.ask({ action: 'resume', after: 0 })).toMatchObject({ events: [], truncated: false })
    expect(await socket.ask({ action: 'resume', after: head })).toMatchObject({ head, truncated: false })
    const { recipients } = await publish(target, { type: 'T', id: unique('event'), userId })
    expect(recipients[0]!.offset).toBe(head + 1)
  })

  it.each([
    ['one above the head', (head: number) => head + 1],
    ['the highest offset there is', () => Number.MAX_SAFE_INTEGER],
    ['a cursor from before the log', () => 1],
  ])('%s is truncated: no events, and the head', async (_, cursor) => {
    const userId = unique('user')
    const first = await fill(target, userId, 2)
    const socket = await Client.connect(target, userId)
    expect(await socket.ask({ action: 'resume', after: cursor(first + 1) })).toEqual({
      type: 'events',
      events: [],
      head: first + 1,
      more: false,
      truncated: true,
    })
  })

  it('is answered by the same model as a poll', async () => {
    const userId = unique('user')
    await fill(target, userId, 3)
    const socket = await Client.connect(target, userId)
    const page = await socket.ask<Page>({ action: 'resume', after: 0 })
    expect(page).toEqual({ type: 'events', ...(await recent(target, userId, '?after=0')) })
  })

  it('ends a page before 124 KiB, though 100 events are not reached', async () => {
    const userId = unique('user')
    for (let n = 1; n <= 3; n++) {
      await publish(target, { type: 'BIG', id: unique('event'), n, userId, text: 'x'.repeat(60 * 1024) })
    }
    const socket = await Client.connect(target, userId)
    socket.send({ action: 'resume', after: 0 })
    const text = await socket.nextText()
    expect(text.length).toBeLessThanOrEqual(124 * 1024)
    const page = JSON.parse(text) as Page
    expect(numbersOf(page)).toEqual([1, 2])
    expect(page.more).toBe(true)
    const rest = await socket.ask<Page>({ action: 'resume', after: page.events[1]!.offset })
    expect(numbersOf(rest)).toEqual([3])
    expect(rest.more).toBe(false)
  })
})

describe('ping, ack and report', () => {
  it('a ping is answered with the head', async () => {
    const userId = unique('user')
    const first = await fill(target, userId, 2)
    const socket = await Client.connect(target, userId)
    expect(await socket.ask({ action: 'ping' })).toEqual({ type: 'pong', head: first + 1 })
  })

  it.each([
    { action: 'ack', offset: 1 },
    { action: 'ack', offset: Number.MAX_SAFE_INTEGER },
    { action: 'ack', offset: 1, device: 'another' },
    { action: 'report', offset: 1, error: 'TypeError: session is undefined' },
    { action: 'report', offset: Number.MAX_SAFE_INTEGER, error: 'x'.repeat(5000), device: 'another' },
  ])('%j is not answered', async (message) => {
    const userId = unique('user')
    await fill(target, userId, 1)
    const socket = await Client.connect(target, userId)
    await socket.ask({ action: 'resume', after: 0, device: 'phone' })
    socket.send(message)
    expect(await socket.arrived()).toEqual([])
  })

  it('an ack changes nothing about what is delivered', async () => {
    const userId = unique('user')
    const first = await fill(target, userId, 3)
    const phone = await Client.connect(target, userId)
    const tablet = await Client.connect(target, userId)
    await phone.ask({ action: 'resume', device: 'phone' })
    phone.send({ action: 'ack', offset: first + 2 })
    expect(await phone.arrived()).toEqual([])
    for (const socket of [phone, tablet]) {
      expect(numbersOf(await socket.ask<Page>({ action: 'resume', after: 0 }))).toEqual([1, 2, 3])
    }
  })
})

describe('between connections', () => {
  it('nothing is lost: what comes while nobody is connected is there at the next resume', async () => {
    const userId = unique('user')
    const before = await Client.connect(target, userId)
    const { head } = await before.ask<Page>({ action: 'resume' })
    await fill(target, userId, 1)
    expect(await before.next()).toMatchObject({ offset: head + 1, event: { n: 1 } })
    before.socket.terminate()
    await before.closed
    await publish(target, { type: 'T', id: unique('event'), userId, n: 2 })
    const after = await Client.connect(target, userId)
    const page = await after.ask<Page>({ action: 'resume', after: head + 1 })
    expect(numbersOf(page)).toEqual([2])
    await publish(target, { type: 'T', id: unique('event'), userId, n: 3 })
    expect(await after.next()).toMatchObject({ type: 'event', offset: head + 3, event: { n: 3 } })
  })

  it('connect, resume and publish at once: page and pushes together have every event', async () => {
    const userId = unique('user')
    const publishing = Promise.all(
      range(1, 30).map((n) => publish(target, { type: 'T', id: unique('event'), userId, n })),
    )
    const socket = await Client.connect(target, userId)
    const offsets = new Set<unknown>()
    const page = await socket.ask<Page & { offset?: number }>({ action: 'resume', after: 0 })
    await publishing
    for (const frame of [page, ...(await socket.arrived())] as (Page & { offset?: number })[]) {
      if (frame.type === 'events') for (const { offset } of frame.events) offsets.add(offset)
      else offsets.add(frame.offset)
    }
    const { events } = await recent(target, userId, '?after=0')
    expect([...offsets].toSorted()).toEqual(events.map(({ offset }) => offset))
    expect(events).toHaveLength(30)
  })
})
