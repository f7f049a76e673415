/** A very short run: that everything is measured and nothing is lost. What the numbers are decides nothing. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { Programs } from '../../bench/peers/programs.ts'
import { PEERS } from '../../bench/peers/all-peers.ts'
import type { Report } from '../../bench/peers/report.ts'

const TIMEOUT_MS = 240_000
const MAIN = join(import.meta.dirname, '../../bench/peers/main.ts')
const SHORT = [
  '--users',
  '4',
  '--rate',
  '50',
  '--seconds',
  '0.3',
  '--warm-up',
  '0.2',
  '--returning',
  '2',
  '--runs',
  '1',
]
const ALWAYS_THERE = ['event-fanout', 'bare-ws', 'socket-io']

async function bench(
  ...args: string[]
): Promise<{ report: Report; markdown: string; svg: string; progress: string }> {
  const out = mkdtempSync(join(tmpdir(), 'fanout-bench-test-'))
  onTestFinished(async () => rm(out, { recursive: true, force: true }))
  const command = ['--import', 'tsx', MAIN, ...SHORT, '--out', out, ...args]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { timeout: TIMEOUT_MS })
  const read = (name: string): string => readFileSync(join(out, name), 'utf8')
  expect(stdout).toContain(read('peers.md').trim())
  return {
    report: JSON.parse(read('peers.json')) as Report,
    markdown: read('peers.md'),
    svg: read('peers.svg'),
    progress: stderr,
  }
}

/** Everything that is a number in what was measured, by its path. */
function numbersOf(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? [] : [[path, value]]
  return Object.entries(value).flatMap(([name, inner]) => numbersOf(inner, `${path}.${name}`))
}

it(
  'measures every system that is installed, and nobody loses an event',
  async () => {
    const { report, markdown, svg } = await bench()
    const programs = new Programs()
    expect(report.systems).toHaveLength(Object.keys(PEERS).length)
    for (const [i, [key, peer]] of Object.entries(PEERS).entries()) {
      const missing = peer.missing(programs)
      const { name, absent, runs } = report.systems[i]!
      expect(name).toBe(peer.name)
      if (ALWAYS_THERE.includes(key)) expect(missing).toBeUndefined()
      if (missing !== undefined) {
        expect({ absent, runs }).toEqual({ absent: `missing: ${missing}`, runs: [] })
        continue
      }
      expect(absent).toBeUndefined()
      const [run] = runs
      expect(run, name).toMatchObject({ fixed: { lost: 0, strays: 0 }, closed: { lost: 0, strays: 0 } })
      if (key !== 'bare-ws') expect(run?.catchUp, name).toMatchObject({ p50: expect.any(Number) as number })
      // Nothing is late in a loop that waits for each event.
      const empty = numbersOf(run).filter(
        ([path, value]) => typeof value !== 'number' && path !== '.closed.lateP99',
      )
      expect(empty, name).toEqual([])
      expect(markdown.split(`| ${name} |`)).toHaveLength(5)
      expect(svg).toContain(`>${name}</text>`)
    }
  },
  TIMEOUT_MS,
)

it(
  'says what is missing',
  async () => {
    const { markdown, svg, progress, report } = await bench(
      '--only',
      'bare-ws,socket-io-redis,nats,nchan',
      '--programs',
      '',
    )
    for (const program of ['redis-server', 'nats-server', 'nginx']) {
      expect(markdown).toContain(`| missing: ${program} is not installed ("apt-get install ${program}") |`)
      expect(progress).toContain(`is missing: ${program} is not installed`)
    }
    expect(svg.match(/>missing<\/text>/g)).toHaveLength(9)
    expect(report.systems.map(({ runs }) => runs.length)).toEqual([1, 0, 0, 0])
  },
  TIMEOUT_MS,
)

it('refuses more users than there may be open files', async () => {
  const command = ['-c', `ulimit -n 350 && exec "$@"`, 'sh', process.execPath, '--import', 'tsx', MAIN]
  await expect(promisify(execFile)('/bin/sh', command)).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      '--users is 2000; 2064 sockets need 2264 open files in each process',
    ) as string,
  })
})
