import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A real Redis on a port and in a folder of its own, with its append-only file, so that it can be ended and started again. */
export class RedisServer {
  readonly port: number
  readonly folder: string
  readonly #arguments: readonly string[]
  /** A Ctrl-C, which a terminal sends to all that belong together, is not for it. */
  #isApart = false
  #child: ChildProcess | undefined

  private constructor(port: number, folder: string, extra: readonly string[]) {
    this.port = port
    this.folder = folder
    this.#arguments = extra
  }

  /** Bounded by the caller: `dispose` ends it. */
  static async start(...extra: readonly string[]): Promise<RedisServer> {
    const server = await RedisServer.#inItsFolder(extra)
    await server.start()
    return server
  }

  /** The same, for who has something to do with it after a Ctrl-C. */
  static async startApart(...extra: readonly string[]): Promise<RedisServer> {
    const server = await RedisServer.#inItsFolder(extra)
    server.#isApart = true
    process.once('exit', () => {
      rmSync(server.folder, { recursive: true, force: true })
    })
    await server.start()
    return server
  }

  static async #inItsFolder(extra: readonly string[]): Promise<RedisServer> {
    return new RedisServer(await freePort(), mkdtempSync(join(tmpdir(), 'fanout-redis-')), extra)
  }

  /** One that is gone when the test is over. */
  static async forTest(...extra: readonly string[]): Promise<RedisServer> {
    const server = await RedisServer.start(...extra)
    onTestFinished(async () => server.dispose())
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** A connection that is closed when the test is over. */
  client(): Redis {
    const redis = new Redis(this.url, { protocol: 2 })
    // Of a server that a test ends on purpose.
    redis.on('error', () => undefined)
    onTestFinished(() => {
      redis.disconnect()
    })
    return redis
  }

  async start(): Promise<void> {
    const settings = [
      ...['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder],
      ...['--save', '', '--appendonly', 'yes', '--daemonize', 'no'],
      ...this.#arguments,
    ]
    const child = spawn('redis-server', settings, { detached: this.#isApart })
    running.add(child)
    this.#child = child
    await ready(child)
  }

  /** @param signal SIGTERM lets it finish what it writes */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill(signal)
    await ended
    running.delete(child)
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
  }

  async dispose(): Promise<void> {
    this.signal('SIGCONT')
    await this.stop('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

async function ready(child: ChildProcess): Promise<void> {
  let output = ''
  await new Promise<void>((resolve, reject) => {
    child.once('error', (error) => {
      reject(
        new Error(
          `redis-server cannot be run (${error.message}); install it, as "apt-get install redis-server" does`,
        ),
      )
    })
    child.once('close', () => {
      reject(new Error(`redis-server ended: ${output}`))
    })
    child.stdout?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4000)
      if (/Ready to accept connections|^.*monitor master/m.test(output)) resolve()
    })
  })
}

/** Below those that the kernel hands out to clients, so that a server that is started again finds it free. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 9000)
    const probe = createServer()
    const free = await new Promise<boolean>((resolve) => {
      probe
        .once('error', () => {
          resolve(false)
        })
        .listen(port, '127.0.0.1', () => {
          probe.close(() => {
            resolve(true)
          })
        })
    })
    if (free) return port
  }
}
