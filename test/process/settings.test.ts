import { describe, expect, it } from 'vitest'
import { LOG_LEVELS, oneOf, SettingError, variableOf, wholeNumber } from '../../src/process/settings.ts'

describe('a variable', () => {
  it('is unset if it is set to nothing', () => {
    const environment = { SET: 'x', EMPTY: '', BLANK: ' ' }
    expect(['SET', 'EMPTY', 'BLANK', 'UNSET'].map((name) => variableOf(environment, name))).toEqual([
      'x',
      undefined,
      ' ',
      undefined,
    ])
  })
})

describe('a whole number', () => {
  it.each([
    ['0', 0],
    ['65535', 65_535],
    ['007', 7],
  ])('is %j', (text, value) => {
    expect(wholeNumber('PORT', text, 0, 65_535)).toBe(value)
  })

  it.each([
    '',
    ' 1',
    '1 ',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x10',
    '65536',
    '9999999999',
    'NaN',
    'Infinity',
    '١',
    'x',
  ])('is not %j', (text) => {
    const read = () => wholeNumber('PORT', text, 0, 65_535)
    expect(read).toThrow(SettingError)
    expect(read).toThrow(`PORT is "${text}"; it must be a whole number from 0 to 65535`)
  })

  it('is within its bounds, both included', () => {
    expect([wholeNumber('N', '2', 2, 3), wholeNumber('N', '3', 2, 3)]).toEqual([2, 3])
    for (const text of ['1', '4']) expect(() => wholeNumber('N', text, 2, 3)).toThrow('from 2 to 3')
  })
})

describe('one of some words', () => {
  it.each(LOG_LEVELS)('is %j', (level) => {
    expect(oneOf('LOG_LEVEL', level, LOG_LEVELS)).toBe(level)
  })

  it.each(['INFO', 'inf', 'info ', '', 'constructor', '0'])('is not %j', (text) => {
    const read = () => oneOf('LOG_LEVEL', text, LOG_LEVELS)
    expect(read).toThrow(SettingError)
    expect(read).toThrow(`LOG_LEVEL is "${text}"; it must be one of debug, info, warn, error, silent`)
  })
})
