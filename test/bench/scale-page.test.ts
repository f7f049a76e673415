/** docs/scale.md against what `npm run scale` prints, and the options of that. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { ASSUMED } from '../../bench/scale/assumptions.ts'
import { measuredIn, oneMachineAt, usersForRate } from '../../bench/scale/embedded.ts'
import { OptionError, readOptions, SIZES } from '../../bench/scale/options.ts'
import { printed, readPage, withTables } from '../../bench/scale/page.ts'
import { tablesOf } from '../../bench/scale/tables.ts'
import { root } from '../deploy/files.ts'

const tables = tablesOf(readOptions([]), measuredIn())

describe('docs/scale.md', () => {
  it('has the tables that the script prints: else `npm run scale -- --write`', () => {
    expect(readPage()).toBe(withTables(readPage(), tables))
  })

  it('has no table that the script does not print', () => {
    const named = [...readPage().matchAll(/<!-- scale: (.*) -->/g)].map(([, name]) => name)
    expect(named.toSorted()).toEqual(Object.keys(tables).toSorted())
  })

  it('says where a table is missing', () => {
    expect(() => withTables('# nothing', tables)).toThrow(
      'docs/scale.md has no "<!-- scale: assumptions -->"',
    )
  })
})

describe('the figures of one machine', () => {
  const page = [
    '| publish | 64 | 2000 | 32.82 |',
    '| 2000 sockets | 68.4 | 149 | 38.2 | 5.5 | 4.7 |',
    '| after 10 pushes to each | 77.9 | 273.8 | 38.9 | 8 | 4 | | |',
  ].join('\n')

  it('are read from the tables of docs/measurements.md', () => {
    expect(measuredIn(page)).toEqual({
      eventsPerSecond: 2000,
      socketKiB: 5.5,
      pushedSocketKiB: 8,
      socketHeapKiB: 4,
    })
    for (const figure of Object.values(measuredIn())) expect(figure).toBeGreaterThan(0)
  })

  it('must be there', () => {
    expect(() => measuredIn('')).toThrow(/docs\/measurements\.md has no row/)
    expect(() => measuredIn(page.replace('2000 |', 'fast |'))).toThrow('"fast" is no number')
  })

  it('make the size at which it ends', () => {
    const measured = measuredIn(page)
    const { share, memoryGiB, sockets } = oneMachineAt(usersForRate(ASSUMED, measured), ASSUMED, measured)
    expect(share).toBeCloseTo(1, 9)
    expect(memoryGiB).toBeCloseTo((sockets * 8) / 1024 ** 2, 9)
  })
})

describe('the options', () => {
  it('have defaults', () => {
    expect(readOptions([])).toEqual({
      ...{ sizes: SIZES, assumed: ASSUMED, machineDollars: undefined, markdown: false, write: false },
    })
  })

  it('change what is assumed, and the sizes', () => {
    const { sizes, assumed } = readOptions([
      '--users',
      '500, 2000',
      '--ping-seconds',
      '300',
      '--recipients',
      '10',
    ])
    expect(sizes).toEqual([500, 2000])
    expect(assumed).toEqual({ ...ASSUMED, pingSeconds: 300, recipients: 10 })
  })

  it('show how many machines the bill pays for, at a price that is told', () => {
    expect(tables['bill']).not.toContain('Machines')
    expect(tablesOf(readOptions(['--machine-dollars', '40']), measuredIn())['bill']).toContain(
      'Machines at $40.00',
    )
  })

  it.each([
    [['--users', '0'], '--users is "0"; it must be a number from 1 to 1000000000'],
    [['--users', '1.5'], '--users has "1.5"; it must be whole numbers'],
    [['--ping-seconds', '601'], '--ping-seconds is "601"; it must be a number from 10 to 590'],
    [['--recipients', '2.5'], '--recipients is "2.5"; it must be a whole number from 1 to 100'],
    [['--connected', 'half'], '--connected is "half"; it must be a number from 0.0001 to 1'],
    [['--batch', '11'], '--batch is "11"; it must be a number from 1 to 10'],
    [['--user', '1'], "Unknown option '--user'; the options are --users"],
    [['--write', '--peak', '2'], '--write puts the tables of the defaults'],
  ])('%j are refused', (args, message) => {
    expect(() => readOptions(args)).toThrow(OptionError)
    expect(() => readOptions(args)).toThrow(message)
  })
})

describe('the script', () => {
  const run = (...args: string[]) =>
    execFileSync(process.execPath, ['--import', 'tsx', 'bench/scale/main.ts', ...args], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  it('prints the tables, with --markdown as they stand in the page', () => {
    expect(run('--markdown')).toBe(`${printed(tables)}\n`)
  })

  it('refuses what it cannot use, with a sentence', () => {
    expect(() => run('--users', 'many')).toThrow(/--users is "many"; it must be a number/)
  })
})
