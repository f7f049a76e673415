import { describe, expect, it } from 'vitest'
import { errorFrame, eventFrame, eventsFrame, pageBody, pongFrame } from '../../src/core/frames.ts'
import { entryBytes, PageBudget } from '../../src/core/page.ts'

describe('a page', () => {
  it('never takes more bytes than its entries were counted with', () => {
    const offset = Number.MAX_SAFE_INTEGER
    for (const text of ['{}', '{"s":"😀é"}']) {
      const entry = { offset, loggedAt: offset, text }
      const one = pageBody({ entries: [entry], head: 1, more: true, truncated: false })
      const two = pageBody({ entries: [entry, entry], head: 1, more: true, truncated: false })
      expect(Buffer.byteLength(two) - Buffer.byteLength(one)).toBeLessThanOrEqual(entryBytes(entry))
    }
  })

  it('over a socket stays below 128 KB when it is full, and holds the largest event', () => {
    const entry = {
      offset: Number.MAX_SAFE_INTEGER,
      loggedAt: Number.MAX_SAFE_INTEGER,
      text: 'x'.repeat(120 * 1024),
    }
    expect(entryBytes(entry)).toBeLessThanOrEqual(124 * 1024)
    const envelope = eventsFrame({
      entries: [],
      head: Number.MAX_SAFE_INTEGER,
      more: false,
      truncated: false,
    })
    expect(124 * 1024 + Buffer.byteLength(envelope)).toBeLessThan(128 * 1024)
  })

  it.each([
    ['events', { events: 2, bytes: 1_000_000 }, 2],
    ['bytes', { events: 100, bytes: 3 * 74 }, 3],
    ['nothing but the first', { events: 0, bytes: 0 }, 1],
  ])('ends by %s', (_, limits, taken) => {
    const budget = new PageBudget(limits)
    const entries = Array.from({ length: 5 }, () => ({ offset: 1, loggedAt: 1, text: '{}' }))
    expect(entries.filter((entry) => budget.admits(entry))).toHaveLength(taken)
  })
})

describe('a frame', () => {
  it('is what the protocol says', () => {
    expect(eventFrame(42, '{ "a":1.0 }')).toBe('{"type":"event","offset":42,"event":{ "a":1.0 }}')
    expect(pongFrame(57)).toBe('{"type":"pong","head":57}')
    expect(errorFrame('expired')).toBe('{"type":"error","code":"expired","message":"the token has expired"}')
    expect(errorFrame('invalid_message', '"')).toBe(
      '{"type":"error","code":"invalid_message","message":"\\""}',
    )
    expect(eventsFrame({ entries: [], head: 1, more: false, truncated: true })).toBe(
      '{"type":"events","events":[],"head":1,"more":false,"truncated":true}',
    )
  })
})
