/** docs/scale.md, whose tables this project's script writes: between `<!-- scale: name -->` and `<!-- end -->`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Tables } from './tables.ts'

const PAGE = join(import.meta.dirname, '../../docs/scale.md')
const END = '<!-- end -->'

const startOf = (name: string): string => `<!-- scale: ${name} -->`

/** The page with these tables in their places. @throws if one has none */
export function withTables(page: string, tables: Tables): string {
  return Object.entries(tables).reduce((text, [name, table]) => {
    const from = text.indexOf(startOf(name))
    const to = text.indexOf(END, from)
    if (from < 0 || to < 0)
      throw new Error(`docs/scale.md has no "${startOf(name)}" … "${END}" for that table`)
    return `${text.slice(0, from)}${startOf(name)}\n\n${table}\n\n${text.slice(to)}`
  }, page)
}

export function readPage(): string {
  return readFileSync(PAGE, 'utf8')
}

export function writePage(tables: Tables): void {
  writeFileSync(PAGE, withTables(readPage(), tables))
}

/** For whoever reads them in a terminal, or pipes them into a page. */
export function printed(tables: Tables): string {
  return Object.entries(tables)
    .map(([name, table]) => `${startOf(name)}\n\n${table}\n\n${END}`)
    .join('\n\n')
}
