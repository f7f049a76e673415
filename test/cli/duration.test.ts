import { describe, expect, it } from 'vitest'
import { parseDuration } from '../../src/cli/duration.ts'
import { CliError } from '../../src/cli/errors.ts'

describe('a duration', () => {
  it.each([
    ['90s', 90],
    ['90', 90],
    ['15m', 900],
    ['1h', 3600],
    ['7d', 604_800],
    ['0', 0],
    ['-1h', -3600],
    ['007s', 7],
    ['999999999s', 999_999_999],
  ])('%s has %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds)
  })

  it.each(['', ' ', 'h', '1w', '1.5h', '1 h', '1h30m', '+1h', '1e3', '1H', 'Infinity', '1h\n', '9999999999'])(
    '%j is none',
    (text) => {
      expect(() => parseDuration(text)).toThrow(
        new CliError(`"${text}" is not a duration; write 90s, 15m, 1h or 7d`),
      )
    },
  )
})
