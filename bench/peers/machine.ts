/** What the machine did meanwhile, and for whom. Linux only. */
import { readFileSync } from 'node:fs'
import { cpuOf } from '../measure.ts'

/** Columns of /proc/stat's first line: https://man7.org/linux/man-pages/man5/proc_stat.5.html */
const IDLE = 3
const IO_WAIT = 4
/** Guests' time is in users' time already. */
const COLUMNS = 8

interface Ticks {
  readonly busy: number
  readonly all: number
}

function machineTicks(): Ticks {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1)
  const columns = line
    .trim()
    .split(/\s+/)
    .slice(1, 1 + COLUMNS)
    .map(Number)
  const all = columns.reduce((sum, ticks) => sum + ticks, 0)
  return { all, busy: all - (columns[IDLE] ?? 0) - (columns[IO_WAIT] ?? 0) }
}

export interface Usage {
  readonly seconds: number
  /** In microseconds, all processes of the server. */
  readonly serverCpu: number
  /** In microseconds, this process with its threads. */
  readonly ownCpu: number
  /** Share of the machine's time that went to neither. */
  readonly others: number
}

/** Begins to count; what it returns tells what there was since then. */
export function counting(pids: readonly number[]): () => Usage {
  const before = {
    server: cpuOfAll(pids),
    own: process.cpuUsage(),
    machine: machineTicks(),
    at: performance.now(),
  }
  return () => {
    const seconds = (performance.now() - before.at) / 1000
    const { user, system } = process.cpuUsage(before.own)
    const serverCpu = cpuOfAll(pids) - before.server
    const machine = machineTicks()
    const all = machine.all - before.machine.all
    const busy = (machine.busy - before.machine.busy) * TICK_US
    const others = Math.max(0, busy - serverCpu - user - system) / (all * TICK_US)
    return { seconds, serverCpu, ownCpu: user + system, others: all === 0 ? 0 : others }
  }
}

const TICK_US = 10_000

const cpuOfAll = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + cpuOf(pid), 0)

/** Of all the server's processes, in MiB: what they have allocated, and once what they share. */
export function memoryOf(pids: readonly number[]): number {
  const statuses = pids.map((pid) => readFileSync(`/proc/${pid}/status`, 'utf8'))
  const field = (name: string): number[] =>
    statuses.map((status) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0))
  return (field('RssAnon').reduce((sum, kib) => sum + kib, 0) + Math.max(...field('RssShmem'))) / 1024
}
