import { parseArgs } from 'node:util'
import { positive, whole } from '../options.ts'
import { PEERS } from './all-peers.ts'
import type { Options } from './measured.ts'

export interface BenchOptions extends Options {
  readonly runs: number
  readonly only: readonly string[]
  readonly out: string
}

export const USAGE = `npm run bench -- [options]

  --users 2000      users with one open socket each
  --rate 1000       events a second in the phase with a fixed rate
  --seconds 5       how long each of the two phases takes
  --warm-up 3       seconds of load before them
  --returning 100   users who come back one after the other; then twice as many at once
  --runs 3          of which the medians are shown
  --only a,b        of ${Object.keys(PEERS).join(', ')}
  --programs PATH   where nginx, nats-server and redis-server are looked for; else PATH and where Debian has servers
  --out FOLDER      where the results go: bench-results
`

/** @throws with what is wrong with them */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      users: { type: 'string', default: '2000' },
      rate: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '5' },
      'warm-up': { type: 'string', default: '3' },
      returning: { type: 'string', default: '100' },
      runs: { type: 'string', default: '3' },
      only: { type: 'string', default: Object.keys(PEERS).join(',') },
      programs: { type: 'string' },
      out: { type: 'string', default: 'bench-results' },
    },
  })
  return {
    users: whole('--users', values.users, 2),
    rate: whole('--rate', values.rate, 1),
    seconds: positive('--seconds', values.seconds),
    warmUp: positive('--warm-up', values['warm-up']),
    returning: whole('--returning', values.returning, 1),
    runs: whole('--runs', values.runs, 1),
    only: chosen(values.only),
    out: values.out,
    ...(values.programs !== undefined && { programs: values.programs }),
  }
}

function chosen(text: string): string[] {
  const names = text.split(',')
  const unknown = names.find((name) => !Object.hasOwn(PEERS, name))
  if (unknown === undefined) return [...new Set(names)]
  throw new Error(`--only has "${unknown}"; there are ${Object.keys(PEERS).join(', ')}`)
}
