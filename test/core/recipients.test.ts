import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nameType, recipientsOf } from '../../src/core/recipients.ts'
import { NASTY_IDS } from '../contract/samples.ts'
import { refusalOf } from '../support/refusal.ts'

const idsOf = (fields: Record<string, unknown>) => recipientsOf(fields, '').map(({ userId }) => userId)
const refused = (fields: Record<string, unknown>, path = '') => refusalOf(() => recipientsOf(fields, path))
const ids = (count: number) => Array.from({ length: count }, (_, i) => `u${i}`)

describe('the recipients of an event', () => {
  it('are those of all five fields, with the field that named each first', () => {
    const fields = {
      recipientIds: ['f', 'a'],
      studentIds: ['d', 'e'],
      trainerIds: ['c', 'b'],
      studentId: 'b',
      trainerId: 'a',
      userId: 'z',
      role: 'trainer',
    }
    expect(recipientsOf(fields, '')).toEqual([
      { userId: 'a', field: 'trainerId' },
      { userId: 'b', field: 'studentId' },
      { userId: 'c', field: 'trainerIds' },
      { userId: 'd', field: 'studentIds' },
      { userId: 'e', field: 'studentIds' },
      { userId: 'f', field: 'recipientIds' },
    ])
  })

  it('include userId only where no other field names anybody', () => {
    expect(recipientsOf({ userId: 'z' }, '')).toEqual([{ userId: 'z', field: 'userId' }])
    const nobody = {
      trainerId: '',
      studentId: null,
      trainerIds: [],
      studentIds: ['', null],
      recipientIds: null,
    }
    expect(idsOf({ ...nobody, userId: 'z' })).toEqual(['z'])
    expect(idsOf({ userId: 'z', recipientIds: ['a'] })).toEqual(['a'])
  })

  it('do not look at userId where they need not', () => {
    expect(idsOf({ userId: {}, trainerId: 'a' })).toEqual(['a'])
    expect(refused({ userId: {} })).toEqual({ code: 'invalid_event', path: '/userId' })
  })

  it.each([{}, { role: 'trainer' }, { trainerId: '' }, { userId: null }, { trainerIds: [], userId: '' }])(
    'must be somebody: %j',
    (fields) => {
      expect(refused(fields)).toEqual({ code: 'no_recipients' })
    },
  )

  it('may be numbers, which are their decimal strings', () => {
    expect(idsOf({ trainerId: 7, studentId: '7', trainerIds: [0, -0, 9007199254740991] })).toEqual([
      '7',
      '0',
      '9007199254740991',
    ])
  })

  it('are compared as strings', () => {
    expect(idsOf({ recipientIds: ['1', '01', ' 1', '1.0', 1, 'é', 'e\u0301', 'A', 'a'] })).toEqual([
      '1',
      '01',
      ' 1',
      '1.0',
      'é',
      'e\u0301',
      'A',
      'a',
    ])
  })

  it('may have any id', () => {
    expect(idsOf({ recipientIds: NASTY_IDS })).toEqual(NASTY_IDS)
  })

  it.each([
    -1,
    1.5,
    9007199254740992,
    Number.NaN,
    true,
    false,
    {},
    ['a'],
    'x'.repeat(129),
    '\ud800',
    'a\udc00',
  ])('may not be %j', (value) => {
    expect(refused({ trainerId: value })).toEqual({ code: 'invalid_event', path: '/trainerId' })
    expect(refused({ studentId: 'ok', recipientIds: ['a', value] })).toEqual({
      code: 'invalid_event',
      path: '/recipientIds/1',
    })
  })

  it.each(['a', 5, {}, true, ''])('may not stand as %j where an array is due', (value) => {
    expect(refused({ trainerId: 'ann', trainerIds: value }, '/data')).toEqual({
      code: 'invalid_event',
      path: '/data/trainerIds',
    })
  })

  it('are at most 100, counted once each', () => {
    expect(idsOf({ recipientIds: ids(100), trainerIds: ids(100), trainerId: 'u5' })).toHaveLength(100)
    expect(refused({ recipientIds: ids(100), trainerId: 'one more' })).toEqual({
      code: 'too_many_recipients',
      limit: 100,
      actual: 101,
    })
    expect(refused({ recipientIds: ids(10_000) })).toEqual({
      code: 'too_many_recipients',
      limit: 100,
      actual: 10_000,
    })
  })

  it('are distinct, whatever the fields say', () => {
    const some = fc.array(fc.constantFrom('a', 'b', 'c', 1, '1', '', null), { maxLength: 5 })
    fc.assert(
      fc.property(some, some, some, (trainerIds, studentIds, recipientIds) => {
        const given = [...trainerIds, ...studentIds, ...recipientIds].filter((id) => id !== '' && id !== null)
        const expected = [...new Set(given.map(String))]
        fc.pre(expected.length > 0)
        expect(idsOf({ trainerIds, studentIds, recipientIds, userId: 'z' })).toEqual(expected)
      }),
    )
  })
})

describe('nameType', () => {
  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [[], 'an array'],
    ['secret', 'a string of 6 characters'],
    [1.5, '1.5'],
    [true, 'true'],
    [{ secret: 1 }, 'an object'],
  ])('names %j without telling it', (value, name) => {
    expect(nameType(value)).toBe(name)
  })
})
