/** Very short runs. What the numbers are decides nothing. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const TIMEOUT_MS = 120_000
const MAIN = join(import.meta.dirname, '../../bench/bursts.ts')

/** @param openFiles limit of files that may be open */
async function bursts(openFiles: number, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const command = [
    '-c',
    `ulimit -n ${openFiles} && exec "$@"`,
    'sh',
    process.execPath,
    '--import',
    'tsx',
    MAIN,
    ...args,
  ]
  return promisify(execFile)('/bin/sh', command, { timeout: TIMEOUT_MS })
}

it(
  'measures each kind, and says what the limit of open files leaves out',
  async () => {
    const { stdout, stderr } = await bursts(350, '--runs', '1', '--events', '3', '--most', '1000')
    const rows = stdout.split('\n').filter((line) => line.startsWith('| '))
    const names = rows.slice(2).map((line) => line.split(' | ')[0])
    expect(names).toEqual([
      ...['| recipients: 1', '| recipients: 10', '| recipients: 100'],
      ...['| devices of one user: 1', '| devices of one user: 10', '| devices of one user: 50'],
      '| 2 recipients, sockets open: 100',
    ])
    expect(stdout).not.toContain('NaN')
    expect(stderr).toContain(
      'not measured: 2 recipients, sockets open: 1000: 1000 sockets need 1200 open files in each process, and the limit is 350; raise it with "ulimit -n 1200"',
    )
  },
  TIMEOUT_MS,
)

it.each([
  [['--events', '0'], '--events is "0"; it must be a whole number of at least 1'],
  [['--only', 'storms'], '--only has "storms"; there are recipients, devices, sockets'],
])('refuses %j', async (args, message) => {
  const problem = await bursts(350, ...args).catch((error: unknown) => error)
  expect(problem).toMatchObject({ code: 2 })
  expect((problem as { stderr: string }).stderr.split('\n')[0]).toBe(message)
})
