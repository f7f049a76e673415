import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CAUSES } from '../../../src/cli/doctor/causes.ts'
import { LINKS } from '../../../src/cli/doctor/link.ts'
import { CHAIN } from '../../../src/cli/doctor/links/index.ts'
import { root } from '../../e2e/server-process.ts'

const doc = readFileSync(join(root, 'docs/doctor.md'), 'utf8')

const section = (title: string): string => doc.split(/^## /m).find((part) => part.startsWith(title)) ?? ''

/** Rows of a table, as their cells; without its head. */
const rows = (text: string): string[][] =>
  [...text.matchAll(/^\| (.*) \|$/gm)].map(([, row = '']) => row.split(' | ')).slice(2)

const codesIn = (text: string): string[] => [...text.matchAll(/`(\w+)`/g)].map(([, code = '']) => code)

describe('docs/doctor.md', () => {
  it('has every cause, with its words', () => {
    const documented = rows(section('The causes')).map(([code, meaning, remedy]) => [code, meaning, remedy])
    expect(documented).toEqual(
      Object.entries(CAUSES).map(([code, { meaning, remedy }]) => [`\`${code}\``, meaning, remedy]),
    )
  })

  it('has every link, in the order in which they are tried', () => {
    const documented = rows(section('The links')).flatMap(([links = '']) => codesIn(links))
    expect(documented).toEqual(LINKS)
    expect(CHAIN.map(({ name }) => name)).toEqual(LINKS)
  })

  it('says of every cause which link can have it, and of no other', () => {
    const causes = rows(section('The links')).flatMap(([, , cell = '']) => codesIn(cell))
    expect(new Set([...causes, 'out_of_time'])).toEqual(new Set(Object.keys(CAUSES)))
  })
})

describe('the chain', () => {
  it('needs nothing that comes later', () => {
    for (const { name, needs } of CHAIN) {
      for (const need of needs) expect(LINKS.indexOf(need)).toBeLessThan(LINKS.indexOf(name))
    }
  })
})
