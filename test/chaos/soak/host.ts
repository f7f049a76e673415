import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { fixedPort, ServerProcess } from '../server-process.ts'
import type { Incidents } from './incidents.ts'

export interface HostOptions {
  readonly dataDir: string
  readonly environment: Readonly<Record<string, string>>
  readonly incidents: Incidents
  /** Told of each process that serves. */
  readonly onStart: (pid: number) => void
}

const PROBE = fileURLToPath(new URL('probe.js', import.meta.url))
const START_WITHIN_MS = 60_000
/** What a server may log as an error, for it is being hurt: its disk is. */
const EXPECTED_ERRORS = ['the data folder could not be written', 'what has expired could not be removed']

/** One server at a time, in one data folder and on the same ports, and what a supervisor does: it is started again. */
export class Host {
  readonly counts = { starts: 0, kills: 0 }
  /** What the server's clock is ahead, in milliseconds. */
  clockOffset = 0
  readonly #options: HostOptions
  #ports = { port: 0, wsPort: 0 }
  #server: ServerProcess | undefined
  #closing = false
  #said = ''

  constructor(options: HostOptions) {
    this.#options = options
  }

  get pid(): number {
    return this.#running.pid
  }

  get httpUrl(): string {
    return `http://127.0.0.1:${this.#ports.port}`
  }

  get wsPort(): number {
    return this.#ports.wsPort
  }

  get wsUrl(): string {
    return `ws://127.0.0.1:${this.#ports.wsPort}`
  }

  /** By the server's clock. */
  get time(): number {
    return Date.now() + this.clockOffset
  }

  async start(): Promise<void> {
    if (this.#ports.port === 0) this.#ports = { port: await fixedPort(), wsPort: await fixedPort() }
    const { dataDir, environment, onStart } = this.#options
    this.#closing = false
    const server = await ServerProcess.start({
      ...{ dataDir, ...this.#ports, ipc: true, apart: true },
      nodeArguments: ['--expose-gc', '--import', PROBE],
      environment: { ...environment, SOAK_CLOCK_OFFSET: String(this.clockOffset) },
    })
    this.#server = server
    this.counts.starts++
    this.#watch(server)
    onStart(server.pid)
  }

  /** Until it starts: on a full disk it may not. @throws if it takes too long */
  async startAtLast(): Promise<void> {
    for (const began = performance.now(); ;) {
      try {
        await this.start()
        return
      } catch (error) {
        if (performance.now() - began > START_WITHIN_MS) throw error
        await pause(500)
      }
    }
  }

  async kill(): Promise<void> {
    this.#closing = true
    this.counts.kills++
    await this.#server?.kill()
    this.#server = undefined
  }

  /** Gently, as a deployment does. @returns the exit code */
  async stop(): Promise<number | null> {
    this.#closing = true
    const server = this.#running
    await server.stop()
    this.#server = undefined
    return server.process.exitCode
  }

  signal(name: NodeJS.Signals): void {
    this.#server?.process.kill(name)
  }

  stepClock(milliseconds: number): void {
    this.clockOffset += milliseconds
    this.#running.process.send({ clock: this.clockOffset })
  }

  /** After a collection, in bytes; `undefined` if the server ends meanwhile. */
  async memory(): Promise<number | undefined> {
    const { process } = this.#running
    process.send({})
    const ended = new AbortController()
    const end = (): void => {
      ended.abort()
    }
    process.once('close', end)
    try {
      const [usage] = (await once(process, 'message', { signal: ended.signal })) as [NodeJS.MemoryUsage]
      return usage.heapUsed + usage.external
    } catch {
      return undefined
    } finally {
      process.removeListener('close', end)
    }
  }

  get #running(): ServerProcess {
    if (this.#server === undefined) throw new Error('no server is running')
    return this.#server
  }

  #watch(server: ServerProcess): void {
    this.#said = ''
    server.process.stderr?.on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-1000)
    })
    const { stdout } = server.process
    if (stdout !== null) {
      createInterface({ input: stdout }).on('line', (line) => {
        this.#heed(line)
      })
    }
    server.process.once('close', (code, signal) => {
      if (this.#closing) return
      this.#server = undefined
      this.#options.incidents.report(`the server ended by itself (${signal ?? code ?? ''}): ${this.#said}`)
      void this.startAtLast().catch((error: unknown) => {
        this.#options.incidents.report(`the server does not start again: ${String(error)}`)
      })
    })
  }

  #heed(line: string): void {
    if (!line.includes('"level":"error"') && !line.includes('"level":"fatal"')) return
    if (EXPECTED_ERRORS.some((text) => line.includes(text))) return
    this.#options.incidents.report(`the server logged ${line.slice(0, 500)}`)
  }
}
