/**
 * What so many users need of AWS: load at the peak, quotas to raise, hot keys and dollars, for docs/scale.md. A model, with its
 * assumptions in assumptions.ts; nothing here asks AWS, or measures anything.
 *
 *     npm run scale -- [--users 1000,50000] [--events-per-day 3] [--recipients 2] [--recipients-connected 0.5] [--batch 10]
 *       [--connected 0.1] [--devices 1.3] [--session-minutes 15] [--peak 6] [--ping-seconds 60] [--polls-per-day 1]
 *       [--machine-dollars 40] [--markdown]
 *     npm run scale -- --write       puts the tables into docs/scale.md
 */
import { measuredIn } from './embedded.ts'
import { OptionError, readOptions } from './options.ts'
import { printed, writePage } from './page.ts'
import { type Tables, tablesOf } from './tables.ts'

function main(): void {
  const options = readOptions(process.argv.slice(2))
  const tables = tablesOf(options, measuredIn())
  if (options.write) writePage(tables)
  console.log(options.markdown ? printed(tables) : headed(tables))
}

function headed(tables: Tables): string {
  return Object.entries(tables)
    .map(([name, table]) => `## ${name}\n\n${table}`)
    .join('\n\n')
}

try {
  main()
} catch (error) {
  if (!(error instanceof OptionError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
