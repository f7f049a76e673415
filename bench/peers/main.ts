/**
 * event-fanout beside other systems that bring an event to connected users, in the same run on the same machine:
 *
 *     npm run bench -- [--users 2000] [--rate 1000] [--seconds 5] [--runs 3] [--only event-fanout,bare-ws]
 *
 * docs/benchmarks.md says what is measured and why it is fair, and where it is not.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PEERS } from './all-peers.ts'
import { machineFacts, tooManySockets } from './machine-facts.ts'
import { measurePeer } from './measure-peer.ts'
import type { Measured } from './measured.ts'
import { type BenchOptions, readOptions, USAGE } from './options.ts'
import { optionsOrExit } from '../options.ts'
import { Programs } from './programs.ts'
import { chart, markdown, type Report, type System } from './report.ts'
import { OUTSTANDING } from './settings.ts'
import { rotated, shown } from './statistics.ts'

const EXIT_FAILED = 1

const say = (text: string): void => void process.stderr.write(`${text}\n`)

function optionsFrom(args: readonly string[]): BenchOptions {
  const options = readOptions(args)
  const problem = tooManySockets(options.users + OUTSTANDING)
  if (problem !== undefined) throw new Error(`--users is ${options.users}; ${problem}`)
  // Before anything is measured: it would be lost.
  mkdirSync(options.out, { recursive: true })
  return options
}

interface Results {
  readonly runs: Measured[]
  absent?: string
}

/** @param save told after each run, so that who interrupts the next keeps what there is */
async function measureAll(
  options: BenchOptions,
  save: (results: ReadonlyMap<string, Results>) => void,
): Promise<ReadonlyMap<string, Results>> {
  const results = new Map(options.only.map((key) => [key, resultsOf(key, options)]))
  const present = options.only.filter((key) => results.get(key)?.absent === undefined)
  for (let run = 0; run < options.runs; run++) {
    for (const key of rotated(present, run)) {
      await measureOnce(key, run, options, results.get(key))
      save(results)
    }
  }
  return results
}

function resultsOf(key: string, { programs }: BenchOptions): Results {
  const missing = PEERS[key]?.missing(new Programs(programs))
  if (missing === undefined) return { runs: [] }
  say(`${key} is missing: ${missing}`)
  return { runs: [], absent: `missing: ${missing}` }
}

/** A system that fails does not take the others' results with it. */
async function measureOnce(
  key: string,
  run: number,
  options: BenchOptions,
  results: Results | undefined,
): Promise<void> {
  try {
    const measured = await measurePeer(key, options)
    results?.runs.push(measured)
    say(progress(run, options, measured))
  } catch (error) {
    process.exitCode = EXIT_FAILED
    if (results !== undefined) results.absent = `failed: ${(error as Error).message}`
    say((error as Error).message)
  }
}

function progress(run: number, { runs }: BenchOptions, { name, fixed, closed }: Measured): string {
  return (
    `run ${run + 1} of ${runs}: ${name}: ${shown(closed.eventsPerSecond)} events/s, ` +
    `p99 ${shown(fixed.p99)} ms at the fixed rate, ${fixed.lost + closed.lost} lost, ` +
    `others used ${shown(closed.othersShare * 100)} % of the machine`
  )
}

function systemOf(key: string, { runs, absent }: Results): System[] {
  const peer = PEERS[key]
  if (peer === undefined) return []
  const { name, log, acknowledged, durable } = peer
  return [{ name, log, acknowledged, durable, runs, ...(absent !== undefined && { absent }) }]
}

const options = optionsOrExit(USAGE, optionsFrom)
const machine = await machineFacts()

function write(results: ReadonlyMap<string, Results>): string {
  const systems = [...results].flatMap(([key, result]) => systemOf(key, result))
  const report: Report = { at: new Date().toISOString(), machine, options, systems }
  const text = markdown(report)
  writeFileSync(join(options.out, 'peers.json'), `${JSON.stringify(report, undefined, 2)}\n`)
  writeFileSync(join(options.out, 'peers.md'), text)
  writeFileSync(join(options.out, 'peers.svg'), chart(report))
  return text
}

const results = await measureAll(options, write)
console.log(write(results))
if ([...results.values()].every(({ runs }) => runs.length === 0)) process.exitCode = EXIT_FAILED
