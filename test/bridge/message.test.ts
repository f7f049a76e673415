import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventOf, isReason, reasonOf } from '../../src/bridge/message.ts'
import { FanoutError } from '../../src/core/errors.ts'
import { LIMITS } from '../../src/core/limits.ts'

const of = (content: string | Buffer) => eventOf({ bytes: Buffer.from(content) })
const EVENT = '{"type":"T","id":"e-1","trainerId":"ann"}'

describe('a message', () => {
  it('that is an event keeps its text, byte for byte', () => {
    const text =
      '{"type":"T",  "id":"e-1","trainerId":"ann","n":12345678901234567890,"x":1.0,"y":[ ],"z":"é💥\\u00e9"}'
    expect(of(text)).toMatchObject({ id: 'e-1', type: 'T', text, recipients: [{ userId: 'ann' }] })
  })

  it('may have white space around it', () => {
    expect(of(` \t\r\n${EVENT}\n`)).toMatchObject({ text: EVENT })
  })

  it('without an id gets one by its content, as over HTTP', () => {
    const text = '{"type":"T","timestamp":1,"userId":"ann"}'
    const [first, second] = [of(text), of(text)]
    expect(first).toEqual(second)
    expect(first).toMatchObject({ id: expect.stringMatching(/^[\da-f]{64}$/) as string })
  })

  it('may be a CloudEvents event', () => {
    const event = { specversion: '1.0', type: 'T', source: 's', id: '1', data: { studentIds: ['a', 'b'] } }
    expect(of(JSON.stringify(event))).toMatchObject({ recipients: [{ userId: 'a' }, { userId: 'b' }] })
  })

  it('that Redis was given in a wrong way is not looked into', () => {
    const problem = { code: 'no_event_field', message: 'm' }
    expect(eventOf({ bytes: Buffer.from(EVENT), problem })).toBe(problem)
  })
})

describe('a message that can never be published', () => {
  it.each([
    ['nothing', '', 'malformed_json'],
    ['blanks', ' \n', 'malformed_json'],
    ['broken JSON', EVENT.slice(0, -1), 'malformed_json'],
    ['two events', `${EVENT}\n${EVENT}`, 'malformed_json'],
    ['a byte order mark', `\ufeff${EVENT}`, 'malformed_json'],
    ['JavaScript', "{type:'T'}", 'malformed_json'],
    ['PHP', 'O:8:"stdClass":1:{s:4:"type";s:1:"T";}', 'malformed_json'],
    ['an array of events', `[${EVENT}]`, 'invalid_event'],
    ['an empty array', '[]', 'invalid_event'],
    ['JSON in JSON', JSON.stringify(EVENT), 'invalid_event'],
    ['a number', '7', 'invalid_event'],
    ['null', 'null', 'invalid_event'],
    ['no type', '{"id":"e-1","trainerId":"ann"}', 'invalid_event'],
    ['no id and no timestamp', '{"type":"T","trainerId":"ann"}', 'invalid_event'],
    ['half a character in its id', '{"type":"T","id":"\\ud83d","trainerId":"ann"}', 'invalid_event'],
    ['nobody', '{"type":"T","id":"e-1"}', 'no_recipients'],
    ['nobody, said at length', '{"type":"T","id":"e-1","trainerIds":[],"studentId":null}', 'no_recipients'],
    ['too large a number', '{"type":"T","id":"e-1","trainerId":"ann","n":1e400}', 'unsafe_number'],
    [
      'numbers that an id cannot be made of',
      '{"type":"T","timestamp":1,"userId":"a","n":12345678901234567890}',
      'unsafe_number',
    ],
    [
      'depth',
      `{"type":"T","id":"e","userId":"a","x":${'['.repeat(200)}${']'.repeat(200)}}`,
      'event_too_deep',
    ],
    ['depth without end', '['.repeat(100_000), 'malformed_json'],
  ])('for %s', (_, content, code) => {
    expect(of(content)).toMatchObject({ code, message: expect.stringMatching(/\S/) as string })
  })

  it('names the field that is wrong', () => {
    expect(of('{"type":"T","id":7,"trainerId":"ann"}')).toMatchObject({ code: 'invalid_event', path: '/id' })
    expect(of('{"type":"T","id":"x","recipientIds":["a",true]}')).toMatchObject({ path: '/recipientIds/1' })
  })

  it.each([
    ['no text at all', Buffer.from([0x7b, 0xff, 0x00, 0x7d])],
    ['Latin-1', Buffer.from(EVENT.replace('ann', 'é'), 'latin1')],
    ['UTF-16', Buffer.from('\ufeff{}', 'utf16le')],
    ['a character that is cut', Buffer.from('{"a":"é').subarray(0, -1)],
    ['half a character', Buffer.from([0x22, 0xed, 0xa0, 0xbd, 0x22])],
  ])('for %s is told from broken JSON', (_, bytes) => {
    expect(eventOf({ bytes })).toEqual({
      code: 'not_utf8',
      message: `the message is ${bytes.length} bytes that are not UTF-8; publish the event as JSON text`,
    })
  })

  const sized = (bytes: number) =>
    EVENT.replace('}', `,"x":"${'x'.repeat(bytes - Buffer.byteLength(EVENT) - ',"x":""'.length)}"}`)

  it('for its size, which is that of UTF-8', () => {
    expect(isReason(of(sized(LIMITS.eventBytes)))).toBe(false)
    expect(of(sized(LIMITS.eventBytes + 1))).toMatchObject({ code: 'event_too_large' })
    const wide = EVENT.replace('}', `,"x":"${'é'.repeat(LIMITS.eventBytes / 2)}"}`)
    expect(of(wide)).toMatchObject({ code: 'event_too_large' })
  })

  it('for a size that is not even read as text', () => {
    // Broken JSON as well: if it were read, it would say so.
    expect(of(Buffer.alloc(LIMITS.batchBytes + 1, '{'))).toEqual({
      code: 'event_too_large',
      message: expect.stringContaining(`the message is ${LIMITS.batchBytes + 1} bytes`) as string,
    })
    expect(of(Buffer.alloc(LIMITS.batchBytes + 1, 0xff))).toMatchObject({ code: 'event_too_large' })
  })
})

it('whatever comes is an event or has a reason: nothing is thrown, or one message would hold up all', () => {
  const json = fc.json().map((text) => Buffer.from(text))
  const event = fc
    .record({ type: fc.jsonValue(), id: fc.jsonValue(), userId: fc.jsonValue(), timestamp: fc.jsonValue() })
    .map((fields) => Buffer.from(JSON.stringify(fields)))
  const bytes = fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array))
  fc.assert(
    fc.property(fc.oneof(json, event, bytes), (message) => {
      const result = eventOf({ bytes: message })
      expect(isReason(result) ? result.message : result.id).not.toBe('')
    }),
    { numRuns: 2000 },
  )
})

describe('a reason', () => {
  it('has the problem’s code, text and place, and the error itself', () => {
    const error = new FanoutError('invalid_event', 'it is wrong', { path: '/id', limit: 3 })
    const texts = { code: 'invalid_event', message: 'it is wrong', path: '/id' }
    expect(reasonOf(error)).toEqual({ ...texts, error })
    expect(reasonOf(new FanoutError('no_recipients', 'nobody'))).not.toHaveProperty('path')
  })

  it('is told from a verdict, and from an event', () => {
    expect(isReason('published')).toBe(false)
    expect(isReason('duplicate')).toBe(false)
    expect(isReason({ code: 'x', message: 'm' })).toBe(true)
    // A field of the event is no field of its own.
    expect(isReason(of('{"type":"T","id":"e","userId":"a","code":"x"}') as never)).toBe(false)
  })
})
