/**
 * What changes of this project did for its speed: the embedded server of some revisions, one after the other under the same load, again
 * and again, so that what else the machine does meets all of them alike.
 *
 *     npm run bench:revisions -- [--rounds 3] [--seconds 4] 1a2b3c4 HEAD
 *
 * Each revision is compiled in a worktree of its own, with the packages that are installed here.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { withFolder } from './measure.ts'
import { positive, whole } from './number-options.ts'
import { EVENT_FANOUT } from './peers/event-fanout.ts'
import { measurePeer } from './peers/measure-peer.ts'
import type { Measured } from './peers/measured.ts'
import { medianOf, ratio, shown } from './peers/statistics.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SERVER = 'dist/src/local/main.js'

interface Revision {
  readonly commit: string
  readonly subject: string
  readonly server: string
  readonly runs: Measured[]
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    users: { type: 'string', default: '2000' },
  },
})
const rounds = whole('--rounds', values.rounds, 1)
const options = {
  users: whole('--users', values.users, 2),
  seconds: positive('--seconds', values.seconds),
  warmUp: 2,
  rate: 1000,
  returning: 1,
}
if (positionals.length === 0)
  throw new Error('give the revisions to compare: npm run bench:revisions -- HEAD~1 HEAD')

const git = (...args: string[]): string => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim()

/** @throws if there is no such revision, or it does not compile with the packages of today */
function compiled(revision: string, folder: string): Revision {
  const [commit = '', subject = ''] = git('log', '-1', '--format=%h%n%s', revision).split('\n')
  const tree = join(folder, commit)
  git('worktree', 'add', '--detach', tree, commit)
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'))
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
    cwd: tree,
    stdio: 'inherit',
  })
  // What the server serves beside events; of no weight here.
  cpSync(join(ROOT, 'dist/console'), join(tree, 'dist/console'), { recursive: true })
  process.stderr.write(`${commit} compiled: ${subject}\n`)
  return { commit, subject, server: join(tree, SERVER), runs: [] }
}

function row({ commit, subject, runs }: Revision, before: Measured | undefined): string {
  const { fixed, closed } = medianOf(runs)
  const cells = [
    `\`${commit}\``,
    subject,
    shown(closed.eventsPerSecond),
    shown(closed.serverCpuPerEvent),
    ratio(closed.serverCpuPerEvent, before?.closed.serverCpuPerEvent),
    shown(closed.p99),
    shown(fixed.serverCpuPerEvent),
    shown(fixed.p50),
    shown(fixed.p99),
    String(runs.reduce((sum, run) => sum + run.fixed.lost + run.closed.lost, 0)),
  ]
  return `| ${cells.join(' | ')} |`
}

await withFolder(async (folder) => {
  try {
    const revisions = positionals.map((revision) => compiled(revision, folder))
    for (let round = 0; round < rounds; round++) {
      for (const { commit, server, runs } of revisions) {
        const measured = await measurePeer(EVENT_FANOUT, options, { CHAOS_SERVER: server })
        runs.push(measured)
        const { closed, fixed } = measured
        process.stderr.write(
          `${commit}: ${shown(closed.eventsPerSecond)} events/s at ${shown(closed.serverCpuPerEvent)} µs, p99 ${shown(fixed.p99)} ms at 1,000/s\n`,
        )
      }
    }
    console.log(
      `| revision | what it is | 64 outstanding: events/s | CPU µs/event | × the one before | p99 ms | 1,000/s: CPU µs/event | p50 ms | p99 ms | lost |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |`,
    )
    for (const [i, revision] of revisions.entries()) {
      const before = revisions[i - 1]
      console.log(row(revision, before === undefined ? undefined : medianOf(before.runs)))
    }
  } finally {
    for (const line of git('worktree', 'list', '--porcelain').split('\n')) {
      const path = /^worktree (.*)$/.exec(line)?.[1]
      if (path?.startsWith(folder) === true) git('worktree', 'remove', '--force', path)
    }
  }
})
