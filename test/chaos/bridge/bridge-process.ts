import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { SECRET } from '../server-process.ts'

/** The built command, or with `CHAOS_CLI` another one: to see whether a test notices what is broken in it. */
const MAIN =
  process.env['CHAOS_CLI'] ?? fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url))

export type LogLine = Readonly<Record<string, unknown>>

/** `fanout bridge` in a process of its own. */
export class BridgeProcess {
  readonly lines: LogLine[] = []
  stderr = ''
  readonly #child: ChildProcess
  readonly #exit: Promise<number | null>
  #isOver = false
  #watchers: (() => void)[] = []

  constructor(args: readonly string[], environment: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, ['--enable-source-maps', MAIN, 'bridge', '--port', '0', ...args], {
      env: { PATH: process.env['PATH'], JWT_SECRET: SECRET, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString()
    })
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        this.lines.push(JSON.parse(line) as LogLine)
        this.#wake()
      })
    }
    this.#exit = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        this.#isOver = true
        this.#wake()
        resolve(code)
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Where its health is served. */
  async health(): Promise<string> {
    return String((await this.logged('bridge serves its health'))['health'])
  }

  /** The first line with this text. @throws if it ends without one */
  async logged(message: string): Promise<LogLine> {
    for (;;) {
      const found = this.lines.find(({ msg }) => msg === message)
      if (found !== undefined) return found
      if (this.#isOver) throw new Error(`the bridge ended without logging "${message}": ${this.stderr}`)
      await new Promise<void>((resolve) => this.#watchers.push(resolve))
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal)
    return this.#exit
  }

  #wake(): void {
    for (const wake of this.#watchers.splice(0)) wake()
  }
}
