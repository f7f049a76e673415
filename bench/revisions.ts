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
import { optionsOrExit, positive, whole } from './options.ts'
import { EVENT_FANOUT } from './peers/event-fanout.ts'
import { measurePeer } from './peers/measure-peer.ts'
import type { Measured } from './peers/measured.ts'
import { medianOf, ratio, rotated, shown } from './peers/statistics.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SERVER = 'dist/src/local/main.js'

const say = (text: string): void => void process.stderr.write(`${text}\n`)

interface Revision {
  readonly commit: string
  readonly subject: string
  readonly server: string
  readonly runs: Measured[]
}

const USAGE = `npm run bench:revisions -- [options] REVISION...

  --rounds 3     how often each is measured, in turn
  --seconds 4    how long each of the two phases takes
  --users 2000   users with one open socket each
`

const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()

/** @throws if it is none */
function commitOf(revision: string): string {
  try {
    return git('rev-parse', '--verify', '--short', '--end-of-options', `${revision}^{commit}`)
  } catch {
    throw new Error(`"${revision}" is no revision here; "git log --oneline" lists them`)
  }
}

function readOptions(args: string[]) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '4' },
      users: { type: 'string', default: '2000' },
    },
  })
  if (positionals.length === 0) throw new Error('give the revisions to compare, as HEAD~1 HEAD')
  return {
    rounds: whole('--rounds', values.rounds, 1),
    commits: [...new Set(positionals.map(commitOf))],
    users: whole('--users', values.users, 2),
    seconds: positive('--seconds', values.seconds),
    warmUp: 2,
    rate: 1000,
    returning: 1,
  }
}

/** @throws if it does not compile with the packages of today */
function compiled(commit: string, tree: string): Revision {
  git('worktree', 'add', '--detach', tree, commit)
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'))
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
    cwd: tree,
    stdio: 'inherit',
  })
  // What the server serves beside events; of no weight here.
  cpSync(join(ROOT, 'dist/console'), join(tree, 'dist/console'), { recursive: true })
  const subject = git('log', '-1', '--format=%s', commit)
  say(`${commit} compiled: ${subject}`)
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

async function measureAll(revisions: readonly Revision[]): Promise<void> {
  for (let round = 0; round < options.rounds; round++) {
    for (const { commit, server, runs } of rotated(revisions, round)) {
      const measured = await measurePeer(EVENT_FANOUT, options, { CHAOS_SERVER: server })
      runs.push(measured)
      const { closed, fixed } = measured
      say(
        `${commit}: ${shown(closed.eventsPerSecond)} events/s at ${shown(closed.serverCpuPerEvent)} µs, p99 ${shown(fixed.p99)} ms at 1,000/s`,
      )
    }
  }
}

function print(revisions: readonly Revision[]): void {
  console.log(
    `| revision | what it is | 64 outstanding: events/s | CPU µs/event | × the one before | p99 ms | 1,000/s: CPU µs/event | p50 ms | p99 ms | lost |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |`,
  )
  for (const [i, revision] of revisions.entries()) {
    const before = revisions[i - 1]
    console.log(row(revision, before === undefined ? undefined : medianOf(before.runs)))
  }
}

const options = optionsOrExit(USAGE, readOptions)
await withFolder(async (folder) => {
  // Of those whose folders are gone.
  process.once('exit', () => git('worktree', 'prune'))
  const revisions = options.commits.map((commit) => compiled(commit, join(folder, commit)))
  await measureAll(revisions)
  print(revisions)
})
