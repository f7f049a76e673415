import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseEvent } from '../../src/core/event.ts'
import { refusalOf } from '../support/refusal.ts'

const LIMIT = 122_880
const refused = (text: string) => refusalOf(() => parseEvent(text))
const bytes = (text: string) => Buffer.byteLength(text, 'utf8')

describe('the text of an event', () => {
  it.each([
    ['white space', '{ "type" : "T" ,\n\t"id":"x",\r\n "trainerId":"ann" }'],
    ['numbers', '{"type":"T","id":"x","trainerId":"ann","n":[12345678901234567890,1.0,1E5,-0,0.10,1e-400]}'],
    [
      'escapes',
      '{"type":"\\u0054","id":"\\u0078","trainerId":"ann","s":"\\/\\u00e9\\ud83d\\ude00\\n\\ud800"}',
    ],
    ['characters', '{"type":"T","id":"x","trainerId":"ann","é😀\u2028":"\u007f\uffff"}'],
    ['keys like numbers, in their order', '{"10":1,"9":2,"type":"T","id":"x","trainerId":"ann","1":3}'],
    [
      'odd keys',
      '{"type":"T","id":"x","trainerId":"ann","__proto__":{"userId":"eve"},"constructor":1,"toJSON":2,"":3}',
    ],
    ['braces in text', '{"type":"T","id":"x","trainerId":"ann","s":"}{][:,\\"\\\\"}'],
    ['nested equal keys', '{"type":"T","id":"x","trainerId":"ann","a":{"id":1},"b":[{"id":2},{"id":3}]}'],
  ])('is passed on byte for byte: %s', (_, text) => {
    expect(parseEvent(text).text).toBe(text)
    expect(parseEvent(` \r\n\t${text}\n `).text).toBe(text)
  })

  it('gets a missing id last, the rest as it was', () => {
    const text = '{ "n":1.0, "type":"T","trainerId":"ann","timestamp":1,"s":"}" \n}'
    const { id, text: passedOn } = parseEvent(text)
    expect(passedOn).toBe(`{ "n":1.0, "type":"T","trainerId":"ann","timestamp":1,"s":"}" \n,"id":"${id}"}`)
    expect(JSON.parse(passedOn)).toEqual({ ...(JSON.parse(text) as object), id })
  })

  it('never has the id of a prototype', () => {
    const event = parseEvent('{"type":"T","trainerId":"ann","timestamp":1,"__proto__":{"id":"evil"}}')
    expect(event.id).toMatch(/^[0-9a-f]{64}$/)
    expect(({} as { id?: string }).id).toBeUndefined()
  })

  it.each([
    [
      'on top',
      '{"type":"A","type":"T","id":"x","trainerId":"ann"}',
      '{"type":"T","id":"x","trainerId":"ann"}',
    ],
    [
      'nested',
      '{"type":"T","id":"x","trainerId":"ann","a":[{"b":{"c":1,"c":2}}]}',
      '{"type":"T","id":"x","trainerId":"ann","a":[{"b":{"c":2}}]}',
    ],
    [
      'in another spelling',
      '{"type":"T","id":"x","trainerId":"ann","\\u0061":1,"a":2}',
      '{"type":"T","id":"x","trainerId":"ann","a":2}',
    ],
    [
      'twice, and another thrice',
      '{"id":"w","type":"T","id":"x","trainerId":"a","k":1,"trainerId":"b","k":2,"k":3,"trainerId":"ann"}',
      '{"id":"x","type":"T","trainerId":"ann","k":3}',
    ],
    [
      '__proto__',
      '{"type":"T","id":"x","trainerId":"ann","__proto__":1,"__proto__":{"a":2}}',
      '{"type":"T","id":"x","trainerId":"ann","__proto__":{"a":2}}',
    ],
    [
      'the id, a bad one first',
      '{"id":5,"type":"T","id":"x","trainerId":"ann"}',
      '{"id":"x","type":"T","trainerId":"ann"}',
    ],
  ])('is written anew where a key is repeated, the last one counting: %s', (_, text, anew) => {
    expect(parseEvent(text).text).toBe(anew)
  })

  it('with a repeated recipient concerns the last one alone', () => {
    const { recipients } = parseEvent('{"type":"T","id":"x","trainerId":"eve","trainerId":"ann"}')
    expect(recipients).toEqual([{ userId: 'ann', field: 'trainerId' }])
  })

  it('with a repeated id, the last one bad, is refused', () => {
    expect(refused('{"id":"x","type":"T","id":5,"trainerId":"ann"}')).toEqual({
      code: 'invalid_event',
      path: '/id',
    })
  })

  it('means what was published, for any JSON', () => {
    const fields = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { noNullPrototype: true })
    fc.assert(
      fc.property(fields, fc.boolean(), fc.integer({ min: 0, max: 4 }), (given, named, indent) => {
        const event = { ...given, ...(named ? { id: 'x' } : {}), ...LEAST }
        if (!named) delete (event as { id?: unknown }).id
        const text = JSON.stringify(event, undefined, indent)
        fc.pre(named || !hasLargeNumber(text))
        const accepted = parseEvent(text)
        expect(JSON.parse(accepted.text)).toEqual({ ...(JSON.parse(text) as object), id: accepted.id })
        if (named) expect(accepted.text).toBe(text)
        // What clients get has the same id and digest when it is published again.
        expect(parseEvent(accepted.text)).toEqual(accepted)
      }),
    )
  })
})

function hasLargeNumber(text: string): boolean {
  let found = false
  JSON.parse(text, (_key, value: unknown) => {
    found ||= Number.isInteger(value) && !Number.isSafeInteger(value)
    return value
  })
  return found
}

const LEAST = {
  type: 'T',
  timestamp: 1,
  trainerId: 'ann',
  studentId: '',
  trainerIds: [],
  studentIds: [],
  recipientIds: [],
  specversion: '',
}

describe('the depth of an event', () => {
  const nested = (depth: number, open = '[', close = ']') =>
    `{"type":"T","id":"x","trainerId":"ann","d":${open.repeat(depth)}${close === ']' ? '' : '1'}${close.repeat(depth)}}`

  it('may be 100', () => {
    expect(parseEvent(nested(99)).text).toBe(nested(99))
    expect(parseEvent(nested(99, '{"a":', '}')).text).toBe(nested(99, '{"a":', '}'))
  })

  it.each([
    ['arrays', 100, nested(100)],
    ['objects', 100, nested(100, '{"a":', '}')],
    ['60,000 brackets', 59_999, nested(59_999)],
    ['20,000 objects', 20_000, nested(20_000, '{"a":', '}')],
  ])('may not be more: %s', (_, depth, text) => {
    expect(refused(text)).toEqual({ code: 'event_too_deep', limit: 100, actual: depth + 1 })
  })

  it('of 60,000 brackets that are never closed is no JSON', () => {
    expect(refused('['.repeat(60_000))).toEqual({ code: 'malformed_json' })
  })

  it('does not count brackets in text', () => {
    const text = `{"type":"T","id":"x","trainerId":"ann","s":"${'['.repeat(200)}\\"${'{'.repeat(200)}"}`
    expect(parseEvent(text).text).toBe(text)
  })
})

describe('the size of an event', () => {
  const head = '{"id":"x","type":"T","trainerId":"ann","s":"'
  const sized = (size: number, filler = 'a') => {
    const room = size - bytes(head) - 2
    const text = filler.repeat(Math.floor(room / bytes(filler)))
    return `${head}${text}${'a'.repeat(room - bytes(text))}"}`
  }

  it.each(['a', 'é', '€', '😀', '\u0000'.replace('\u0000', '\u007f')])(
    'may be 120 KiB of UTF-8, filled with %j',
    (filler) => {
      expect(bytes(sized(LIMIT, filler))).toBe(LIMIT)
      expect(bytes(parseEvent(sized(LIMIT, filler)).text)).toBe(LIMIT)
      expect(refused(sized(LIMIT + 1, filler))).toEqual({
        code: 'event_too_large',
        limit: LIMIT,
        actual: LIMIT + 1,
      })
    },
  )

  it('does not count white space around it', () => {
    expect(bytes(parseEvent(`${' '.repeat(1000)}${sized(LIMIT)}\n`).text)).toBe(LIMIT)
  })

  it('counts the id that is added', () => {
    const added = bytes(`,"id":"${'0'.repeat(64)}"`)
    const unnamed = (size: number) => sized(size).replace('"id":"x",', '"timestamp":1,')
    const grown = bytes('"timestamp":1,') - bytes('"id":"x",')
    expect(bytes(parseEvent(unnamed(LIMIT - added - grown)).text)).toBe(LIMIT)
    expect(refused(unnamed(LIMIT - added - grown + 1))).toEqual({
      code: 'event_too_large',
      limit: LIMIT,
      actual: LIMIT + 1,
    })
  })

  it('is that of the text that is passed on, though writing it anew made it grow', () => {
    const numbers = Array.from({ length: 24_000 }, () => '1e20')
    const text = `{"type":"T","id":"x","trainerId":"ann","d":1,"d":2,"n":[${numbers.join(',')}]}`
    const anew = text.replace('"d":1,', '').replaceAll('1e20', '1' + '0'.repeat(20))
    expect(bytes(text)).toBeLessThan(LIMIT)
    expect(refused(text)).toEqual({ code: 'event_too_large', limit: LIMIT, actual: bytes(anew) })
  })

  it('is looked at before its content', () => {
    expect(refused('['.repeat(LIMIT + 1))).toEqual({
      code: 'event_too_large',
      limit: LIMIT,
      actual: LIMIT + 1,
    })
  })
})
