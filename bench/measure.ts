import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordsIn } from '../src/embedded/journal/record.ts'

/** Linux counts CPU time in hundredths of a second, on every architecture that Node runs on. */
const TICK_US = 10_000

/** CPU time of a process so far, all of its threads, in microseconds. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_US
}

export interface Resident {
  /** The process's own. */
  readonly own: number
  /** With the pages of mapped files, the database among them: the kernel's cache, which it takes back when it must. */
  readonly all: number
}

/** Resident memory of a process, in KiB. */
export function residentOf(pid: number): Resident {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return { own: field('RssAnon'), all: field('VmRSS') }
}

/** How many commits the journal of a data folder has seen; each one is flushed by itself. */
export function commitsIn(dataDir: string): number {
  const records = ['journal-0', 'journal-1'].flatMap((name) => recordsIn(readFileSync(join(dataDir, name))))
  return Math.max(0, ...records.map(({ sequence }) => sequence))
}

/** A flush of one page, the floor under whatever is durable here: the median, in milliseconds. */
export function flushTime(folder: string, times = 200): number {
  const file = openSync(join(folder, 'flushes'), 'w')
  const page = Buffer.alloc(4096, 1)
  const taken = Array.from({ length: times }, () => {
    const began = performance.now()
    writeSync(file, page)
    fdatasyncSync(file)
    return performance.now() - began
  })
  closeSync(file)
  return quantile(taken, 0.5)
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN
}

type Row = Readonly<Record<string, string | number>>

/** Each number's median over the runs; what else a row holds is the same in all of them. */
export function medianOf(runs: readonly (readonly Row[])[]): Row[] {
  const median = (name: string, i: number): number =>
    quantile(
      runs.map((rows) => Number(rows[i]?.[name])),
      0.5,
    )
  return (runs[0] ?? []).map((row, i) => {
    const cells = Object.entries(row).map(([name, value]): [string, string | number] => [
      name,
      typeof value === 'string' ? value : median(name, i),
    ])
    return Object.fromEntries(cells)
  })
}

export function rounded(value: number, digits = 0): number {
  return Number(value.toFixed(digits))
}

/** As JSON, for machines, and as a table, for people. */
export function print(runs: readonly (readonly Row[])[], facts: object = {}): void {
  const table = medianOf(runs)
  const machine = {
    cpu: cpus()[0]?.model,
    cores: availableParallelism(),
    node: process.version,
    load: loadavg(),
  }
  console.log(JSON.stringify({ ...machine, ...facts, runs }))
  const names = Object.keys(table[0] ?? {})
  const line = (cells: readonly (string | number | undefined)[]): string => `| ${cells.join(' | ')} |`
  console.log(`\nMedian of ${runs.length} runs:\n`)
  console.log(line(names))
  console.log(line(names.map(() => '---')))
  for (const row of table) console.log(line(names.map((name) => row[name])))
}

const folders = new Set<string>()
let isWatched = false

/** A folder for one measurement, removed in the end, also of one that is interrupted. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  removeAtExit()
  const folder = mkdtempSync(join(tmpdir(), 'event-fanout-bench-'))
  folders.add(folder)
  try {
    return await use(folder)
  } finally {
    remove(folder)
  }
}

function removeAtExit(): void {
  if (isWatched) return
  isWatched = true
  process.once('exit', () => {
    for (const folder of folders) remove(folder)
  })
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
}

function remove(folder: string): void {
  // A server that was told to end a moment ago may still write.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  folders.delete(folder)
}
