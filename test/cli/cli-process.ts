import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { root } from '../e2e/server-process.ts'

const main = join(root, 'dist/src/cli/main.js')

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** `fanout …` as a process, far from any data folder. */
export class Cli {
  readonly ended: Promise<Ended>
  readonly stdin: Writable
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #stdout: AsyncIterator<string, undefined>
  readonly #stderr: AsyncIterator<string, undefined>

  constructor(args: readonly string[], { env = {}, cwd = tmpdir() }: CliOptions = {}) {
    if (!existsSync(main)) throw new Error(`${main} is not there: run "npm run build" first`)
    const { PATH = '', HOME = '' } = process.env
    this.#child = spawn(process.execPath, [main, ...args], {
      cwd,
      env: { PATH, HOME, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.stdin = this.#child.stdin
    const { stdout, stderr } = this.#child
    this.#stdout = createInterface({ input: stdout })[Symbol.asyncIterator]()
    this.#stderr = createInterface({ input: stderr })[Symbol.asyncIterator]()
    const output = { stdout: '', stderr: '' }
    stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
    stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        resolve({ code, ...output })
      })
    })
    onTestFinished(() => {
      this.#child.kill('SIGKILL')
    })
  }

  /** The next line of stdout, parsed. */
  async printed(): Promise<unknown> {
    const { value } = await this.#stdout.next()
    if (value === undefined) throw new Error(`it ended: ${(await this.ended).stderr}`)
    return JSON.parse(value)
  }

  /** Reads stderr up to the first line with this in it. */
  async noted(part: string): Promise<string> {
    for (;;) {
      const { value } = await this.#stderr.next()
      if (value === undefined) throw new Error(`it ended without saying "${part}"`)
      if (value.includes(part)) return value
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Stops reading its output, as `head` does. */
  closeStdout(): void {
    this.#child.stdout.destroy()
  }
}

export async function run(
  args: readonly string[],
  options: CliOptions & { stdin?: string } = {},
): Promise<Ended> {
  const cli = new Cli(args, options)
  cli.stdin.on('error', () => undefined)
  cli.stdin.end(options.stdin ?? '')
  return cli.ended
}
