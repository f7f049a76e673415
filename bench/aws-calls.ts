/**
 * What the functions' work costs in calls of AWS, in capacity units and in CPU time: each operation by its own bundle, as it is
 * deployed. Then one call by several clients, and where the time of the calls goes.
 *
 *     npm run bench:aws -- [--rounds 100] [--calls 6000] [--only operations|calls|profile]
 */
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { CLIENT_NAMES, type ClientName, cpuOfCall, type Given } from './aws/clients.ts'
import { environmentAt, type Measured, measureOperations, Services } from './aws/functions.ts'
import { profileOf } from './aws/profile.ts'
import type { Addresses } from './aws/services.ts'
import { rounded, withFolder } from './measure.ts'
import { optionsOrExit, whole } from './options.ts'

const PARTS = ['operations', 'calls', 'profile']
const AT_ONCE = 10
const USAGE = 'npm run bench:aws -- [--rounds 100] [--calls 6000] [--only operations|calls|profile]'

function readOptions(args: string[]): { rounds: number; calls: number; parts: readonly string[] } {
  const { rounds, calls, only } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '100' },
      calls: { type: 'string', default: '6000' },
      only: { type: 'string' },
    },
  }).values
  if (only !== undefined && !PARTS.includes(only)) {
    throw new Error(`--only is "${only}"; it must be one of ${PARTS.join(', ')}`)
  }
  const parts = only === undefined ? PARTS : [only]
  return { rounds: whole('--rounds', rounds, 1), calls: whole('--calls', calls, 1), parts }
}

function row(cells: readonly (string | number)[]): void {
  console.log(`| ${cells.join(' | ')} |`)
}

/** All columns but those that are named here have numbers. */
function header(cells: readonly string[], texts: readonly number[] = [0]): void {
  console.log()
  row(cells)
  row(cells.map((_, i) => (texts.includes(i) ? '---' : '---:')))
}

async function printOperations(services: Services, rounds: number): Promise<void> {
  const counted = ['calls', 'of them', 'write units', 'read units']
  header(['', ...counted, 'CPU µs', 'CPU µs for each call'], [0, 2])
  for await (const operation of measureOperations(services, rounds)) row(operationCells(operation))
}

function operationCells({ name, calls, units, cpuUs }: Measured): (string | number)[] {
  const sum = Object.values(calls).reduce((total, count) => total + count, 0)
  const kinds = Object.entries(calls).map(([kind, count]) => `${kind} ${rounded(count, 2)}`)
  const { writeUnit = 0, readUnit = 0 } = units
  const counts = [rounded(sum, 2), kinds.join(', '), rounded(writeUnit, 2), rounded(readUnit, 2)]
  return [name, ...counts, rounded(cpuUs), rounded(cpuUs / sum)]
}

async function printOneCall(given: Given): Promise<void> {
  header(['one query by', 'CPU µs, ten at once', 'times bare', 'CPU µs, one at a time', 'times bare'])
  let floors: readonly number[] | undefined
  for (const name of CLIENT_NAMES) {
    const times = [await cpuOfCall(name, AT_ONCE, given), await cpuOfCall(name, 1, given)]
    floors ??= times
    row([name, ...times.flatMap((time, i) => [rounded(time), rounded(time / (floors?.[i] ?? NaN), 1)])])
  }
}

/** Shares of each client's own busy time, loading and warming up left in. */
async function printProfile(given: Given): Promise<void> {
  const names = ['lib-dynamodb, with our deadline', 'bare `node:http`'] as const
  const [sdk, bare] = [await profiled(names[0], given), await profiled(names[1], given)]
  header(['where one query’s CPU time goes', ...names])
  const percent = (share = 0): string => `${rounded(100 * share, 1)} %`
  for (const [category, share] of sdk) row([category, percent(share), percent(bare.get(category))])
}

const profiled = async (name: ClientName, given: Given) =>
  withFolder(async (folder) => profileOf(name, given, folder))

const { rounds, calls, parts } = optionsOrExit(USAGE, readOptions)
const load = loadavg().map((value) => rounded(value, 1))
console.log(`${cpus()[0]?.model}, Node ${process.versions.node}, load ${load.join(' ')}`)
const services = new Services()
try {
  const addresses = await services.ask<Addresses>('addresses')
  const given = { endpoint: addresses.fixed, env: environmentAt(addresses), calls }
  if (parts.includes('operations')) await printOperations(services, rounds)
  if (parts.includes('calls')) await printOneCall(given)
  if (parts.includes('profile')) await printProfile(given)
} finally {
  services.stop()
}
