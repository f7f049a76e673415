import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseEvent } from '../../src/core/event.ts'
import { refusalOf } from '../support/refusal.ts'

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex')
const refused = (text: string) => refusalOf(() => parseEvent(text))

/** The event of the failure that this project was born from. */
const SESSION_COMPLETED =
  '{"type":"SESSION_COMPLETED","timestamp":1732406400000,"userId":"test-user","role":"trainer",' +
  '"sessionId":"test-session","trainerId":"test-trainer","studentId":"test-student"}'

/** The same by hand, as RFC 8785 writes it: keys sorted. */
const CANONICAL =
  '{"role":"trainer","sessionId":"test-session","studentId":"test-student","timestamp":1732406400000,' +
  '"trainerId":"test-trainer","type":"SESSION_COMPLETED","userId":"test-user"}'

describe('a flat event', () => {
  it('is accepted as backends emit it, with its hash for an id', () => {
    const id = sha256(CANONICAL)
    expect(parseEvent(SESSION_COMPLETED)).toEqual({
      id,
      type: 'SESSION_COMPLETED',
      text: `${SESSION_COMPLETED.slice(0, -1)},"id":"${id}"}`,
      digest: id,
      recipients: [
        { userId: 'test-trainer', field: 'trainerId' },
        { userId: 'test-student', field: 'studentId' },
      ],
    })
  })

  it.each(['trainer', 'student', 'admin', ''])('concerns the same two, whatever its role: "%s"', (role) => {
    const event = parseEvent(SESSION_COMPLETED.replace('"role":"trainer"', `"role":"${role}"`))
    expect(event.recipients.map(({ userId }) => userId)).toEqual(['test-trainer', 'test-student'])
  })

  it('keeps the id that it has, and its text', () => {
    const text = '{"id":"e-1","type":"T","trainerId":"ann"}'
    expect(parseEvent(text)).toEqual({
      id: 'e-1',
      type: 'T',
      text,
      digest: sha256('{"trainerId":"ann","type":"T"}'),
      recipients: [{ userId: 'ann', field: 'trainerId' }],
    })
  })

  it('has the digest of its content, not of its spelling or its id', () => {
    const digests = [
      '{"type":"T","trainerId":"ann","timestamp":1000,"n":{"b":1,"a":[1,2]}}',
      ' { "n" : {"a":[1.0, 2e0],"b":1} , "timestamp" : 1e3, "trainerId":"\\u0061nn", "type":"T" } ',
      '{"id":"x","type":"T","trainerId":"ann","timestamp":1000,"n":{"b":1,"a":[1,2]}}',
    ].map((text) => parseEvent(text).digest)
    const canonical = '{"n":{"a":[1,2],"b":1},"timestamp":1000,"trainerId":"ann","type":"T"}'
    expect(digests).toEqual([sha256(canonical), sha256(canonical), sha256(canonical)])
  })

  it.each([
    ['a value', '{"type":"T","trainerId":"ann","timestamp":1000,"a":1}'],
    ['a type', '{"type":"T","trainerId":"ann","timestamp":1000,"a":"0"}'],
    ['the order of an array', '{"type":"T","trainerId":"ann","timestamp":1000,"a":[2,1]}'],
    ['a nested id', '{"type":"T","trainerId":"ann","timestamp":1000,"a":{"id":1}}'],
    ['a __proto__', '{"type":"T","trainerId":"ann","timestamp":1000,"__proto__":{"a":1}}'],
  ])('has another digest with another %s', (_, text) => {
    expect(parseEvent(text).digest).not.toBe(
      parseEvent('{"type":"T","trainerId":"ann","timestamp":1000}').digest,
    )
  })

  it('sorts keys by UTF-16 code units, as RFC 8785 does', () => {
    const { digest } = parseEvent(
      '{"id":"x","type":"T","trainerId":"a","😀":1,"\ufb33":2,"é":3,"10":4,"9":5}',
    )
    expect(digest).toBe(sha256('{"10":4,"9":5,"trainerId":"a","type":"T","é":3,"😀":1,"\ufb33":2}'))
  })

  it.each([
    ['is', '0', 'no digits'],
    ['is null', 'null', 'null'],
    ['is text', '"x"', 'text'],
    ['is an array, in an array', '[[]]', 'array'],
  ])('must be an object: %s', (_, text) => {
    expect(refused(text)).toEqual({ code: 'invalid_event', path: '' })
  })

  it.each([
    '',
    '   ',
    '{',
    '{"a":1}}',
    "{'a':1}",
    '{"a":1,}',
    'NaN',
    '{"a":01}',
    '\u00a0{}',
    '{}\ufeff',
    '{"a":"\n"}',
  ])('must be JSON, and %j is not', (text) => {
    expect(refused(text)).toEqual({ code: 'malformed_json' })
  })

  it.each(['', `"${'x'.repeat(257)}"`, '""', 'null', '5', '["T"]', '{}', 'true'])(
    'needs a type of 1 to 256 characters, and %s is none',
    (type) => {
      const field = type === '' ? '' : `"type":${type},`
      expect(refused(`{${field}"id":"x","trainerId":"ann"}`)).toEqual({
        code: 'invalid_event',
        path: '/type',
      })
    },
  )

  it('may have a type of 256 characters', () => {
    const type = 'x'.repeat(256)
    expect(parseEvent(`{"type":"${type}","id":"x","trainerId":"ann"}`).type).toBe(type)
  })

  it.each(['""', 'null', '5', '{}', '["x"]', `"${'x'.repeat(129)}"`, '"\\ud800"', '"a\\udc00b"'])(
    'may not have %s for an id',
    (id) => {
      expect(refused(`{"type":"T","id":${id},"trainerId":"ann","timestamp":1}`)).toEqual({
        code: 'invalid_event',
        path: '/id',
      })
    },
  )

  it.each(['x', 'x'.repeat(128), '😀'.repeat(64), '\0', '__proto__', ' '])('may have %j for an id', (id) => {
    expect(parseEvent(JSON.stringify({ type: 'T', id, trainerId: 'ann' })).id).toBe(id)
  })
})

describe('a timestamp', () => {
  const withTimestamp = (timestamp: string) =>
    `{"type":"T","id":"x","trainerId":"ann","timestamp":${timestamp}}`

  it.each([
    '0',
    '1732406400000',
    '1732406400000.0',
    '9007199254740991',
    '"2024-11-24T00:00:00Z"',
    '"2024-11-24T00:00:00.123456789Z"',
    '"2024-11-24T00:00:00,5Z"',
    '"2024-11-24T01:00:00+01:00"',
    '"2024-11-24T01:00:00-0130"',
    '"2024-11-24T00:00"',
    '"2024-11-24"',
  ])('may be %s, and is delivered as it came', (timestamp) => {
    expect(parseEvent(withTimestamp(timestamp)).text).toBe(withTimestamp(timestamp))
  })

  it.each([
    '-1',
    '1.5',
    '9007199254740992',
    'null',
    'true',
    '[]',
    '{}',
    '""',
    '"1732406400000"',
    '"yesterday"',
    '"24 Nov 2024"',
    '"2024-13-01"',
    '"2024-11-24T25:00:00Z"',
    '"2024-11-24T00:00:60Z"',
    '"2024-11-24T00:00:00+99:99"',
    '"2024-11-24 00:00:00"',
    '"2024"',
  ])('may not be %s, id or not', (timestamp) => {
    const refusal = { code: 'invalid_event', path: '/timestamp' }
    expect(refused(withTimestamp(timestamp))).toEqual(refusal)
    expect(refused(withTimestamp(timestamp).replace('"id":"x",', ''))).toEqual(refusal)
  })

  it('is required without an id, and only then', () => {
    expect(refused('{"type":"T","trainerId":"ann"}')).toEqual({ code: 'invalid_event', path: '/timestamp' })
    expect(parseEvent('{"type":"T","trainerId":"ann","id":"x"}').id).toBe('x')
    expect(refused('{"type":"T","trainerId":"ann","__proto__":{"timestamp":1,"id":"x"}}')).toEqual({
      code: 'invalid_event',
      path: '/timestamp',
    })
  })
})

describe('a number', () => {
  it.each(['9007199254740992', '-9007199254740992', '1e300', '12345678901234567890'])(
    'beyond 2^53 - 1 (%s) is refused where the id is derived, and passed on where it is not',
    (number) => {
      const text = `{"type":"T","trainerId":"ann","timestamp":1,"a/b":[{"~":${number}}]}`
      expect(refused(text)).toEqual({ code: 'unsafe_number', path: '/a~1b/0/~0' })
      const named = text.replace('{', '{"id":"x",')
      expect(parseEvent(named).text).toBe(named)
    },
  )

  it.each(['9007199254740991', '-9007199254740991', '0.1', '1e-400', '-0', '1e15'])(
    'like %s is safe',
    (number) => {
      const text = `{"type":"T","trainerId":"ann","timestamp":1,"n":${number}}`
      const { id } = parseEvent(text)
      expect(id).toBe(
        sha256(`{"n":${JSON.stringify(Number(number))},"timestamp":1,"trainerId":"ann","type":"T"}`),
      )
    },
  )

  it.each(['1e400', '-1e309', '1' + '0'.repeat(400)])('that no double can hold is refused', (number) => {
    for (const id of ['"id":"x",', '']) {
      const text = `{${id}"type":"T","trainerId":"ann","timestamp":1,"a":{"n":[0,${number}]}}`
      expect(refused(text)).toEqual({ code: 'unsafe_number', path: '/a/n/1' })
    }
  })
})

describe('a CloudEvents event', () => {
  const cloudEvent = (changes: object = {}) =>
    JSON.stringify({
      specversion: '1.0',
      id: 'A234-1234',
      source: '/sessions',
      type: 'com.example.session.completed',
      data: { trainerId: 'ann', studentId: 7 },
      ...changes,
    })

  it('is named by source and id, and concerns whom its data names', () => {
    const text = cloudEvent()
    expect(parseEvent(text)).toEqual({
      id: sha256('["/sessions","A234-1234"]'),
      type: 'com.example.session.completed',
      text,
      digest: sha256(
        '{"data":{"studentId":7,"trainerId":"ann"},"source":"/sessions","specversion":"1.0",' +
          '"type":"com.example.session.completed"}',
      ),
      recipients: [
        { userId: 'ann', field: 'trainerId' },
        { userId: '7', field: 'studentId' },
      ],
    })
  })

  it('of another source is another event', () => {
    const ids = ['/a', '/b'].map((source) => parseEvent(cloudEvent({ source })).id)
    expect(ids[0]).not.toBe(ids[1])
    // Neither the two run together nor an id that looks like both.
    expect(parseEvent(cloudEvent({ source: 'a', id: 'bc' })).id).not.toBe(
      parseEvent(cloudEvent({ source: 'ab', id: 'c' })).id,
    )
  })

  it.each(['id', 'source'] as const)('needs its %s', (name) => {
    for (const value of [undefined, '', null, 5, {}]) {
      expect(refused(cloudEvent({ [name]: value }))).toEqual({ code: 'invalid_event', path: `/${name}` })
    }
  })

  it('may have an id and a source of any length', () => {
    expect(parseEvent(cloudEvent({ id: 'x'.repeat(1000), source: 'y'.repeat(1000) })).id).toBe(
      sha256(`["${'y'.repeat(1000)}","${'x'.repeat(1000)}"]`),
    )
  })

  it.each([undefined, null, 'text', [{ trainerId: 'ann' }], {}, 5])(
    'with data %j concerns nobody',
    (data) => {
      expect(refused(cloudEvent({ data, trainerId: 'ann', userId: 'ann' }))).toEqual({
        code: 'no_recipients',
      })
    },
  )

  it('names the field inside data that is wrong', () => {
    const refusal = { code: 'invalid_event', path: '/data/recipientIds/1' }
    expect(refused(cloudEvent({ data: { recipientIds: ['ann', {}] } }))).toEqual(refusal)
  })

  it('of another version is taken for a flat one', () => {
    expect(parseEvent(cloudEvent({ specversion: '0.3', trainerId: 'bob' }))).toMatchObject({
      id: 'A234-1234',
      recipients: [{ userId: 'bob', field: 'trainerId' }],
    })
  })
})
