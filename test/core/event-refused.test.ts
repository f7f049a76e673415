import { describe, expect, it } from 'vitest'
import { FanoutError } from '../../src/core/errors.ts'
import { parseEvent, parsePublishBody } from '../../src/core/event.ts'
import { digestOf } from '../../src/core/ids.ts'
import { LIMITS } from '../../src/core/limits.ts'

/** What an event was refused with. */
function refused(text: string): FanoutError {
  try {
    parseEvent(text)
  } catch (error) {
    if (error instanceof FanoutError) return error
    throw error
  }
  throw new Error('it was not refused')
}

const BIG = 'x'.repeat(LIMITS.eventBytes)
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

describe('an event that is refused', () => {
  it.each([
    ['too large', `{"type":"T","id":"e-1","trainerId":"ann","s":"${BIG}"}`, 'event_too_large'],
    ['without recipients', '{"type":"T","id":"e-1"}', 'no_recipients'],
    ['without a type', '{"id":"e-1","trainerId":"ann"}', 'invalid_event'],
    ['nested too deeply', `{"type":"T","id":"e-1","a":${nested(101)}}`, 'event_too_deep'],
    ['nested far too deeply', `{"type":"T","id":"e-1","a":${nested(50_000)}}`, 'event_too_deep'],
    ['with a bad recipient', '{"type":"T","id":"e-1","trainerId":-1}', 'invalid_event'],
    ['with a number of no size', '{"type":"T","id":"e-1","trainerId":"a","n":1e400}', 'unsafe_number'],
    ['with a bad time', '{"type":"T","id":"e-1","timestamp":"soon","trainerId":"a"}', 'invalid_event'],
  ])('%s, is called by its id', (_, text, code) => {
    expect(refused(text)).toMatchObject({ code, eventId: 'e-1' })
  })

  it.each([
    ['too large', `"trainerId":"ann","s":"${BIG}"`, 'event_too_large'],
    ['without recipients', '"n":1', 'no_recipients'],
    ['nested too deeply', `"trainerId":"ann","a":${nested(101)}`, 'event_too_deep'],
    [
      'with a number that no id can be derived from',
      '"trainerId":"ann","n":9007199254740993',
      'unsafe_number',
    ],
  ])('%s, is called by the id that it would have got', (_, fields, code) => {
    const text = `{"type":"T","timestamp":5,${fields}}`
    const eventId = digestOf(JSON.parse(text))
    expect(refused(text)).toMatchObject({ code, eventId })
  })

  it('is called by the very id that it has once it is mended by more room for its text', () => {
    // The derived id adds so much that the event no longer fits.
    const fields = (size: number) => `{"type":"T","timestamp":5,"trainerId":"ann","s":"${'x'.repeat(size)}"}`
    const room = LIMITS.eventBytes - fields(0).length
    const { eventId } = refused(fields(room))
    expect(eventId).toBe(digestOf(JSON.parse(fields(room))))
    const { id } = parseEvent(fields(room - 100))
    expect(id).toBe(digestOf(JSON.parse(fields(room - 100))))
  })

  it.each([
    ['malformed', '{"type":"T","id":"e-1"', 'malformed_json'],
    ['no object', '["e-1"]', 'invalid_event'],
    ['no object', 'null', 'invalid_event'],
    ['called by a number', '{"type":"T","id":7,"trainerId":"a"}', 'invalid_event'],
    ['called by nothing', '{"type":"T","id":"","trainerId":"a"}', 'invalid_event'],
    ['called by half a character', '{"type":"T","id":"\\ud800","trainerId":"a"}', 'invalid_event'],
    ['called by too much', `{"type":"T","id":"${'x'.repeat(129)}","trainerId":"a"}`, 'invalid_event'],
    ['of no time', '{"type":"T","trainerId":"a"}', 'invalid_event'],
    ['without an id, and with a number of no size', '{"type":"T","timestamp":5,"n":1e400}', 'unsafe_number'],
    ['far too deep, and without an id', `{"type":"T","timestamp":5,"a":${nested(50_000)}}`, 'event_too_deep'],
    ['too large, and malformed', `{"id":"e-1","s":"${BIG}`, 'event_too_large'],
  ])('has no name if it is %s', (_, text, code) => {
    const error = refused(text)
    expect([error.code, error.eventId]).toEqual([code, undefined])
  })

  describe('of CloudEvents', () => {
    const cloudEvent = (fields: object) =>
      JSON.stringify({ specversion: '1.0', type: 'T', source: '/s', id: '7', ...fields })

    it.each([
      ['without recipients', {}, 'no_recipients'],
      ['without a type', { type: '', data: { trainerId: 'ann' } }, 'invalid_event'],
      ['too large', { data: { trainerId: 'ann', s: BIG } }, 'event_too_large'],
    ])('%s, is called by its source and id together', (_, fields, code) => {
      expect(refused(cloudEvent(fields))).toMatchObject({ code, eventId: digestOf(['/s', '7']) })
      expect(parseEvent(cloudEvent({ data: { trainerId: 'ann' } })).id).toBe(digestOf(['/s', '7']))
    })

    it.each([{ source: undefined }, { id: undefined }, { id: 7 }, { source: null }])(
      'has no name without both: %j',
      (fields) => {
        const error = refused(cloudEvent({ data: { trainerId: 'ann' }, ...fields }))
        expect([error.code, error.eventId]).toEqual(['invalid_event', undefined])
      },
    )
  })

  it('among others of an array is called by its own id', () => {
    const items = [
      '{"type":"T","id":"good","trainerId":"ann"}',
      '{"type":"T","id":"e-1"}',
      '5',
      '{"type":"T","timestamp":5}',
      `{"type":"T","id":"e-2","trainerId":"ann","s":"${BIG}"}`,
    ]
    const body = parsePublishBody(`[${items.join(',')}]`)
    if (body.kind !== 'batch') throw new Error('it is an array')
    expect(body.items.map((item) => (item instanceof FanoutError ? item.eventId : item.id))).toEqual([
      'good',
      'e-1',
      undefined,
      digestOf({ type: 'T', timestamp: 5 }),
      'e-2',
    ])
  })

  it.each(['[]', `[${'5,'.repeat(100)}5]`, '[{"id":"e-1"}'])(
    'as an array as a whole has no name: %.30s',
    (text) => {
      try {
        parsePublishBody(text)
        throw new Error('it was not refused')
      } catch (error) {
        expect(error).toBeInstanceOf(FanoutError)
        expect((error as FanoutError).eventId).toBeUndefined()
      }
    },
  )
})
