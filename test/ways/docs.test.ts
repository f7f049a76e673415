/** docs/why.md tells what the code and the tests of the ways do. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { REASONS } from '../../src/core/codes.ts'
import { WAYS } from './ways.ts'

const text = readFileSync(join(import.meta.dirname, '../../docs/why.md'), 'utf8')

/** The cells of a section's table, row by row, without its head. */
function tableOf(heading: string): string[][] {
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  )
}

const code = (name: string): string => `\`${name}\``

describe('docs/why.md', () => {
  it('lists each reason with its meaning and what to do', () => {
    const written = Object.entries(REASONS).map(([reason, { meaning, remedy }]) => [
      code(reason),
      meaning,
      remedy,
    ])
    expect(tableOf('The reasons')).toEqual(written)
  })

  it('lists the ways as they are tested', () => {
    const written = tableOf('14 ways').map(([way, , asked, named]) => [way, asked, named])
    expect(written).toEqual(WAYS.map(({ way, asked, named }) => [way, code(asked), code(named)]))
    expect(written).toHaveLength(14)
  })

  it('has a test for each of them', () => {
    const tests = readdirSync(import.meta.dirname)
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
      .join('\n')
    const untested = WAYS.filter(
      ({ way }) => !tests.includes(`it('${way}: `) || !tests.includes(`nameOf('${way}')`),
    )
    expect(untested).toEqual([])
  })
})
