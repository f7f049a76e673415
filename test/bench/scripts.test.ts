/** What all scripts of bench/ have in common: how they are used, and that nothing is left of one that is interrupted. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'

const TIMEOUT_MS = 60_000
const BENCH = join(import.meta.dirname, '../../bench')
const SCRIPTS = [
  ...['publish', 'sockets', 'slow-reader', 'bridge', 'tracing', 'profile', 'bursts', 'revisions'],
  ...['bundles', 'sizes', 'aws-calls', 'peers/main', 'costs'],
]

const command = (script: string, ...args: string[]): string[] => [
  '--import',
  'tsx',
  join(BENCH, `${script}.ts`),
  ...args,
]

interface Ended {
  readonly code?: number
  readonly stdout: string
  readonly stderr: string
}

async function run(script: string, ...args: string[]): Promise<Ended> {
  try {
    return await promisify(execFile)(process.execPath, command(script, ...args))
  } catch (error) {
    return error as Ended
  }
}

describe.concurrent('a script that measures', () => {
  it.each(SCRIPTS)(
    '%s says how it is used',
    async (script) => {
      const { code, stdout, stderr } = await run(script, '--nope')
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/^Unknown option '--nope'[^]*\n\nnpm run /)
      expect(stderr).not.toMatch(/^ +at /m)
    },
    TIMEOUT_MS,
  )
})

it('is told by --help as well', async () => {
  const { stdout, stderr } = await run('tracing', '--help')
  expect({ stdout, stderr }).toEqual({
    stdout: 'npm run bench:tracing -- [--runs 3] [--events 300]\n',
    stderr: '',
  })
})

/** The servers whose data lie there. */
function serversIn(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`DATA_DIR=${folder}`)
      )
    } catch {
      return false
    }
  })
}

it(
  'leaves nothing behind when it is interrupted',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fanout-interrupted-'))
    const child = spawn(process.execPath, command('sockets', '--sockets', '1', '--runs', '1'), {
      env: { ...process.env, TMPDIR: folder },
      stdio: 'ignore',
    })
    const exit = once(child, 'exit')
    await vi.waitFor(
      () => {
        expect(serversIn(folder)).toHaveLength(1)
      },
      { timeout: TIMEOUT_MS },
    )
    expect(readdirSync(folder).filter((name) => name.startsWith('event-fanout-bench-'))).toHaveLength(1)
    child.kill('SIGTERM')
    expect(await exit).toEqual([143, null])
    await vi.waitFor(
      () => {
        expect(serversIn(folder)).toEqual([])
      },
      { timeout: TIMEOUT_MS },
    )
    expect(readdirSync(folder).filter((name) => name.startsWith('event-fanout-bench-'))).toEqual([])
    rmSync(folder, { recursive: true })
  },
  TIMEOUT_MS,
)
