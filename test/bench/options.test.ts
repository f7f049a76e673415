import { describe, expect, it } from 'vitest'
import { readOptions } from '../../bench/peers/options.ts'

describe('options', () => {
  it('have defaults', () => {
    expect(readOptions([])).toMatchObject({ users: 2000, rate: 1000, seconds: 5, warmUp: 3, runs: 3 })
    expect(readOptions([]).only).toContain('nchan')
  })

  it.each([
    [['--users', '1'], '--users is "1"; it must be a whole number of at least 2'],
    [['--rate', 'fast'], '--rate is "fast"; it must be a whole number of at least 1'],
    [['--runs', ''], '--runs is ""; it must be a whole number of at least 1'],
    [['--seconds', '0'], '--seconds is "0"; it must be a number above 0'],
    [['--only', 'nats,kafka'], '--only has "kafka"; there are event-fanout, bare-ws'],
    [['--user', '5'], "Unknown option '--user'"],
  ])('%j are refused', (args, message) => {
    expect(() => readOptions(args)).toThrow(message)
  })
})
