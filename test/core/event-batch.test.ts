import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseEvent, parsePublishBody } from '../../src/core/event.ts'
import { FanoutError } from '../../src/core/errors.ts'
import { refusalOf } from '../support/refusal.ts'

const MIB = 1_048_576
const refused = (body: string) => refusalOf(() => parsePublishBody(body))
const event = (id: string) => `{"type":"T","id":"${id}","trainerId":"ann"}`

/** Each item as its id, or as what it was refused with. */
function itemsOf(body: string): unknown[] {
  const parsed = parsePublishBody(body)
  if (parsed.kind === 'single') throw new Error('a batch was expected')
  return parsed.items.map((item) =>
    item instanceof FanoutError ? { code: item.code, ...item.facts } : item.id,
  )
}

describe('a publish body', () => {
  it('is one event', () => {
    expect(parsePublishBody(` ${event('x')}\n`)).toEqual({ kind: 'single', event: parseEvent(event('x')) })
  })

  it('or an array of them, each with its own text', () => {
    const texts = [
      ' { "type":"T", "id":"x","trainerId":"ann" , "n":1.0}',
      event('y'),
      event('z').replace('{', '{\n'),
    ]
    const items = texts.map((text) => parseEvent(text))
    expect(parsePublishBody(`\n[${texts.join(' ,\t')} ] `)).toEqual({ kind: 'batch', items })
    expect(items.map(({ text }) => text)).toEqual(texts.map((text) => text.trim()))
  })

  it.each(['', ' ', '[', '[1', '[1,]', '[,1]', '[1]]', '[1] x', '\u00a0[1]', '\ufeff[1]', 'null,'])(
    'that is no JSON is refused as a whole: %j',
    (body) => {
      expect(refused(body)).toEqual({ code: 'malformed_json' })
    },
  )

  it.each(['[]', ' [ \n ] '])('without an event is refused: %j', (body) => {
    expect(refused(body)).toEqual({ code: 'empty_batch' })
  })

  it('takes 100 events and no more', () => {
    const ids = Array.from({ length: 100 }, (_, i) => `e${i}`)
    expect(itemsOf(`[${ids.map(event).join(',')}]`)).toEqual(ids)
    expect(refused(`[${[...ids, 'one more'].map(event).join(',')}]`)).toEqual({
      code: 'batch_too_large',
      limit: 100,
      actual: 101,
    })
  })

  it('takes 1 MiB in all and no more', () => {
    const filler = (length: number) => `{"type":"T","id":"f","trainerId":"ann","s":"${'é'.repeat(length)}"}`
    const events = Array.from({ length: 9 }, () => filler(55_000))
    const body = `[${events.join(',')}]`
    const padding = ' '.repeat(MIB - Buffer.byteLength(body))
    expect(itemsOf(`[${padding}${body.slice(1)}`)).toEqual(Array.from({ length: 9 }, () => 'f'))
    expect(refused(`[ ${padding}${body.slice(1)}`)).toEqual({
      code: 'batch_too_large',
      limit: MIB,
      actual: MIB + 1,
    })
  })

  it('refuses each by itself, in its place', () => {
    const large = `{"type":"T","id":"l","trainerId":"ann","s":"${'x'.repeat(122_880)}"}`
    const deep = `{"type":"T","id":"d","trainerId":"ann","d":${'['.repeat(100)}${']'.repeat(100)}}`
    const items = [
      event('a'),
      'null',
      '1',
      '"text"',
      '[]',
      '{"type":"T"}',
      event('b'),
      large,
      deep,
      '{"type":"T","id":"n","trainerId":"ann","n":1e400}',
      '{"type":"T","id":"n"}',
      '{"type":"T","id":"n","trainerIds":["ann",""],"recipientIds":[{}]}',
      event('a'),
    ]
    expect(itemsOf(`[${items.join(',')}]`)).toEqual([
      'a',
      { code: 'invalid_event', path: '' },
      { code: 'invalid_event', path: '' },
      { code: 'invalid_event', path: '' },
      { code: 'invalid_event', path: '' },
      { code: 'invalid_event', path: '/timestamp' },
      'b',
      { code: 'event_too_large', limit: 122_880, actual: Buffer.byteLength(large) },
      { code: 'event_too_deep', limit: 100, actual: 101 },
      { code: 'unsafe_number', path: '/n' },
      { code: 'no_recipients' },
      { code: 'invalid_event', path: '/recipientIds/0' },
      'a',
    ])
  })

  it('of 60,000 brackets is refused, and does no harm', () => {
    const brackets = '['.repeat(60_000) + ']'.repeat(60_000)
    expect(itemsOf(brackets)).toEqual([{ code: 'invalid_event', path: '' }])
    const inside = `{"type":"T","id":"d","trainerId":"ann","d":${brackets.slice(0, 50_000)}${'['.repeat(0)}${']'.repeat(50_000)}}`
    expect(itemsOf(`[${inside},${event('y')}]`)).toEqual([
      { code: 'event_too_deep', limit: 100, actual: 50_001 },
      'y',
    ])
  })

  it('is cut where JSON.parse cuts it, for any JSON and any white space', () => {
    const gap = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 3 })
    const spaced = fc.tuple(
      fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { noNullPrototype: true }),
      fc.nat(3),
      gap,
      gap,
    )
    fc.assert(
      fc.property(fc.array(spaced, { minLength: 1, maxLength: 8 }), gap, (items, around) => {
        const texts = items.map(([fields, indent], i) => {
          const { specversion: _s, ...rest } = fields
          return JSON.stringify(
            {
              ...rest,
              type: 'T',
              id: `e${i}`,
              trainerId: 'ann',
              studentId: null,
              trainerIds: null,
              studentIds: null,
              recipientIds: null,
              timestamp: 1,
            },
            undefined,
            indent,
          )
        })
        const body = `${around}[${texts.map((text, i) => `${items[i]![2]}${text}${items[i]![3]}`).join(',')}]${around}`
        const parsed = parsePublishBody(body)
        if (parsed.kind === 'single') throw new Error('a batch was expected')
        expect(parsed.items.map((item) => (item instanceof FanoutError ? item : item.text))).toEqual(texts)
        expect(parsed.items.map((item) => JSON.parse((item as { text: string }).text) as unknown)).toEqual(
          JSON.parse(body),
        )
      }),
    )
  })
})
