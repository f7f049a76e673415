import { readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { flushTime, rounded, withFolder } from '../measure.ts'

/** Where a flush costs nothing, and a durable log is none. */
const TMPFS = 0x01021994

/** What it ran on, for whoever compares. */
export async function machineFacts(): Promise<Record<string, string | number>> {
  return withFolder(async (folder) => ({
    CPU: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    'memory GiB': rounded(totalmem() / 2 ** 30),
    Linux: release(),
    Node: process.versions.node,
    'files that may be open': openFilesLimit(),
    'flush of 4 KiB, ms': rounded(flushTime(folder), 3),
    'temporary folder':
      statfsSync(folder).type === TMPFS ? 'in memory (tmpfs): flushes cost nothing' : 'on disk',
  }))
}

/** Of this process, and so of those that it starts. */
export function openFilesLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity)
}

/** For files of the program's own, standard streams and the like. */
const OTHER_FILES = 200

/** Why so many sockets cannot be open here, if they cannot. Both processes need as many, and have the same limit. */
export function tooManySockets(sockets: number): string | undefined {
  const limit = openFilesLimit()
  if (limit >= sockets + OTHER_FILES) return undefined
  return `${sockets} sockets need ${sockets + OTHER_FILES} open files in each process, and the limit is ${limit}; raise it with "ulimit -n ${sockets + OTHER_FILES}"`
}
