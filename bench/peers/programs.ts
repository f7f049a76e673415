/** Programs of others: where they are, and how they are started and ended. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const START_TIMEOUT_MS = 20_000

/** Debian keeps servers where a user's PATH does not look. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin']

export class Programs {
  readonly #folders: readonly string[]

  /** @param path as in PATH; without it, PATH and where Debian has its servers */
  constructor(path?: string) {
    this.#folders = path?.split(delimiter) ?? [
      ...(process.env['PATH'] ?? '').split(delimiter),
      ...SERVER_FOLDERS,
    ]
  }

  find(name: string): string | undefined {
    return this.#folders.map((folder) => join(folder, name)).find(isExecutable)
  }

  /** @throws if it is missing */
  path(name: string): string {
    const path = this.find(name)
    if (path === undefined) throw new Error(this.missing(name, name))
    return path
  }

  missing(name: string, debianPackage: string): string | undefined {
    if (this.find(name) !== undefined) return undefined
    return `${name} is not installed ("apt-get install ${debianPackage}")`
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** What a program says to `--version` or `-v`, on either output. */
export function versionOf(path: string, option: string): string {
  const output = execFileSync('/bin/sh', ['-c', '"$0" "$1" 2>&1', path, option], { encoding: 'utf8' })
  return /\d+\.\d+\.\d+/.exec(output)?.[0] ?? output.trim()
}

const children = new Set<ChildProcess>()
process.once('exit', () => {
  // Not SIGKILL: nginx' worker would stay.
  for (const child of children) child.kill('SIGTERM')
})

/** A server, which ends with this process at the latest. */
export function start(command: string, args: readonly string[]): ServerProgram {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  return new ServerProgram(child)
}

export class ServerProgram {
  readonly child: ChildProcess
  #output = ''
  readonly #ended: Promise<unknown>

  constructor(child: ChildProcess) {
    this.child = child
    children.add(child)
    this.#ended = new Promise((resolve) => child.once('close', resolve).once('error', resolve))
    void this.#ended.then(() => children.delete(child))
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-2000)
      })
    }
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  /** Until it takes a connection. */
  async listening(port: number): Promise<void> {
    const until = performance.now() + START_TIMEOUT_MS
    while (!(await takesConnection(port))) {
      this.#throwIfEnded()
      if (performance.now() > until) throw new Error(`nothing listens on port ${port}: ${this.#output}`)
      await sleep(1)
    }
  }

  /** Until it says something over IPC. */
  async message(): Promise<unknown> {
    const ended = this.#ended.then(() => {
      this.#throwIfEnded()
    })
    const [message] = (await Promise.race([once(this.child, 'message'), ended])) as [unknown]
    return message
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM')
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 5000)
    await this.#ended
    clearTimeout(timer)
  }

  #throwIfEnded(): void {
    const { exitCode, signalCode, spawnfile } = this.child
    if (exitCode === null && signalCode === null && this.child.pid !== undefined) return
    throw new Error(`${spawnfile} ended (${exitCode ?? signalCode ?? 'not started'}): ${this.#output}`)
  }
}

function takesConnection(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket
      .once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      .once('error', () => {
        resolve(false)
      })
  })
}
