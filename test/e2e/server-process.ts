import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export const root = fileURLToPath(new URL('../../', import.meta.url))
const main = join(root, 'dist/src/local/main.js')

export type LogLine = Readonly<Record<string, unknown>>

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

type Environment = Readonly<Record<string, string>>

const running = new Set<ServerProcess>()
process.once('exit', () => {
  for (const server of running) server.signal('SIGKILL')
})

/** The built server as a child process, on free ports, with a data folder of its own unless told otherwise. */
export class ServerProcess {
  readonly exited: Promise<Exit>
  readonly dataDir: string
  /** All of stdout, and each line of it parsed. */
  stdout = ''
  stderr = ''
  readonly lines: LogLine[] = []
  readonly #child: ChildProcessByStdio<null, Readable | null, Readable>
  readonly #ownsFolder: boolean
  #watchers: (() => void)[] = []
  #isOver = false

  /** @param stdout a file descriptor instead of what is read here */
  constructor(environment: Environment = {}, stdout?: number) {
    if (!existsSync(main)) throw new Error(`${main} is not there: run "npm run build" first`)
    this.#ownsFolder = environment['DATA_DIR'] === undefined
    this.dataDir = environment['DATA_DIR'] ?? mkdtempSync(join(tmpdir(), 'fanout-test-'))
    const { PATH = '', HOME = '' } = process.env
    this.#child = spawn(process.execPath, ['--enable-source-maps', main], {
      cwd: root,
      env: { PATH, HOME, PORT: '0', WS_PORT: '0', DATA_DIR: this.dataDir, ...environment },
      stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
    }) as ChildProcessByStdio<null, Readable | null, Readable>
    running.add(this)
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString()
    })
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        this.stdout += `${line}\n`
        this.lines.push(JSON.parse(line) as LogLine)
        this.#wake()
      })
    }
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        running.delete(this)
        this.#isOver = true
        this.#wake()
        resolve({ code, signal })
      })
    })
  }

  /** One that serves, and is gone when the test is over. */
  static async forTest(environment: Environment = {}): Promise<ServerProcess> {
    const server = ServerProcess.unawaited(environment)
    await server.logged('serving')
    return server
  }

  /** One that may never serve, and is gone when the test is over. */
  static unawaited(environment: Environment = {}, stdout?: number): ServerProcess {
    const server = new ServerProcess(environment, stdout)
    onTestFinished(() => server.dispose())
    return server
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get httpUrl(): string {
    return String(this.#serving()['httpUrl'])
  }

  get wsUrl(): string {
    return String(this.#serving()['wsUrl'])
  }

  /** The first line with this text and these fields, as soon as it is there. */
  async logged(msg: string, fields: LogLine = {}): Promise<LogLine> {
    const wanted = Object.entries({ msg, ...fields })
    for (;;) {
      const found = this.lines.find((line) => wanted.every(([name, value]) => line[name] === value))
      if (found) return found
      if (this.#isOver) throw new Error(`it ended without logging "${msg}": ${this.stdout}${this.stderr}`)
      await new Promise<void>((resolve) => this.#watchers.push(resolve))
    }
  }

  /** The banner is the last that is written at the start. */
  async banner(): Promise<string> {
    while (!/ fanout -- emit .*\n/.test(this.stderr)) {
      await new Promise((resolve) => this.#child.stderr.once('data', resolve))
    }
    return this.stderr
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Leaves what it logs from here on where it is; or, `gone`, nobody is there any more who could read it. */
  ignoreLog(how: 'unread' | 'gone'): void {
    if (how === 'unread') this.#child.stdout?.pause()
    else this.#child.stdout?.destroy()
  }

  async stop(name: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.signal(name)
    return this.exited
  }

  async dispose(): Promise<void> {
    if (!this.#isOver) await this.stop('SIGKILL')
    if (this.#ownsFolder) rmSync(this.dataDir, { recursive: true, force: true })
  }

  #serving(): LogLine {
    return this.lines.find(({ msg }) => msg === 'serving') ?? {}
  }

  #wake(): void {
    for (const wake of this.#watchers.splice(0)) wake()
  }
}

/** A data folder that outlives a server, and not the test. */
export function folderForTest(name = 'fanout-test-'): string {
  const folder = mkdtempSync(join(tmpdir(), name))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}
