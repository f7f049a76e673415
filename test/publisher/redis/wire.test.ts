import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bornOf, newProducerId } from '../../../src/publisher/redis/producer.ts'
import { separateNumber } from '../../../src/bridge/pubsub/separate-number.ts'
import { isProducer, keysOf, withNumber } from '../../../src/publisher/redis/wire.ts'

const producer = 'api/mb8x1y2z.0123abcd'
const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 3 })
const anyProducer = fc.string({
  unit: fc.constantFrom('a', 'z', 'A', 'Z', '0', '9', '_', '.', ':', '@', '/', '-'),
  minLength: 1,
  maxLength: 200,
})
/** What `JSON.parse` would not give back as it was. */
const oddValue = fc.constantFrom('12345678901234567890', '1.0', '1E400', '-0', '"\\u00e9"', '{ }', '[1 ,2]')
/** What looks like a number that was added. */
const lookalike = fc.constantFrom(
  '{"a":1,"_fanout":{"producer":"p","number":1}}',
  JSON.stringify(',"_fanout":{"producer":"p","number":1}}'),
)
const value = fc.oneof(
  fc.jsonValue().map((any) => JSON.stringify(any)),
  oddValue,
  lookalike,
)
const key = fc
  .oneof(fc.string({ unit: 'binary' }), fc.constant('_fanout'))
  .map((name) => JSON.stringify(name))
const field = fc.tuple(space, key, space, value, space).map(([a, k, b, v, c]) => `${a}${k}:${b}${v}${c}`)
/** The text of an object with a field at least, white space and all. */
const objectText = fc.array(field, { minLength: 1, maxLength: 5 }).map((fields) => `{${fields.join(',')}}`)

describe('a number', () => {
  it('is separated again, whatever the event, and leaves it byte for byte', () => {
    const number = fc.integer({ min: 1, max: 999_999_999_999_999 })
    fc.assert(
      fc.property(objectText, anyProducer, number, (text, name, n) => {
        const message = withNumber(text, { producer: name, number: n })
        const { bytes, number: separated } = separateNumber(Buffer.from(message))
        expect(bytes.toString()).toBe(text)
        expect(separated).toEqual({ producer: name, number: n })
        expect(JSON.parse(message)).toHaveProperty('_fanout', { producer: name, number: n })
      }),
      { numRuns: 500 },
    )
  })

  it('may be as long as it can get', () => {
    const longest = { producer: 'p'.repeat(200), number: 999_999_999_999_999 }
    const message = Buffer.from(withNumber('{"a":1}', longest))
    expect(separateNumber(message)).toEqual({ bytes: Buffer.from('{"a":1}'), number: longest })
  })

  it('of an event that has been emitted before is the last one', () => {
    const once = withNumber('{"a":"ä"}', { producer: 'first', number: 7 })
    const twice = separateNumber(Buffer.from(withNumber(once, { producer: 'second', number: 1 })))
    expect(twice.number).toEqual({ producer: 'second', number: 1 })
    expect(separateNumber(twice.bytes).number).toEqual({ producer: 'first', number: 7 })
  })

  it.each([
    ['no field of that name', '{"type":"T"}'],
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['white space in it', `{"a":1,"_fanout":{"producer":"${producer}","number": 1}}`],
    ['white space after it', `{"a":1,"_fanout":{"producer":"${producer}","number":1}} `],
    ['a field after it', `{"a":1,"_fanout":{"producer":"${producer}","number":1},"b":2}`],
    ['an inner object that has it', `{"a":{"b":1,"_fanout":{"producer":"${producer}","number":1}}}`],
    ['a text that has it', JSON.stringify({ a: `,"_fanout":{"producer":"${producer}","number":1}}` })],
    ['0', `{"a":1,"_fanout":{"producer":"${producer}","number":0}}`],
    ['a leading zero', `{"a":1,"_fanout":{"producer":"${producer}","number":01}}`],
    ['no whole number', `{"a":1,"_fanout":{"producer":"${producer}","number":1.5}}`],
    [
      'a number beyond what is safe',
      `{"a":1,"_fanout":{"producer":"${producer}","number":1234567890123456}}`,
    ],
    ['an empty producer', '{"a":1,"_fanout":{"producer":"","number":1}}'],
    ['a producer that is none', '{"a":1,"_fanout":{"producer":"a b","number":1}}'],
    ['a producer that is too long', `{"a":1,"_fanout":{"producer":"${'p'.repeat(201)}","number":1}}`],
  ])('is none with %s, and the message stays as it is', (_, message) => {
    const bytes = Buffer.from(message)
    expect(separateNumber(bytes)).toEqual({ bytes })
  })
})

describe('the keys of a channel', () => {
  it('lie in one slot of a cluster', () => {
    expect(keysOf('business-events')).toEqual({
      stream: 'business-events',
      producers: '{business-events}:producers',
    })
  })

  it.each(['', 'a b', 'a\n', '{a}', 'a'.repeat(201)])('are none for %j', (channel) => {
    expect(() => keysOf(channel)).toThrow(TypeError)
    expect(() => keysOf(channel)).toThrow(JSON.stringify(channel))
  })
})

describe('a producer’s id', () => {
  it('is one for the wire, and tells when it was made', () => {
    const before = Date.now()
    const id = newProducerId('n'.repeat(150))
    expect(isProducer(id)).toBe(true)
    expect(bornOf(id)).toBeGreaterThanOrEqual(before)
    expect(bornOf(id)).toBeLessThanOrEqual(Date.now())
    expect(newProducerId('n')).not.toBe(newProducerId('n'))
  })

  it.each(['', 'api', 'api/x.y', 'api/mb8x1y2z', 'api/zzzzzzzzzzzzzz.0123abcd', `${producer}/more`])(
    'tells nothing if it is %j',
    (id) => {
      expect(bornOf(id)).toBeUndefined()
    },
  )

  it('may have a name with slashes', () => {
    expect(bornOf(`team/${producer}`)).toBe(Number.parseInt('mb8x1y2z', 36))
  })
})
