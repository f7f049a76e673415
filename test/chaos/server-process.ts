import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const SECRET = 'a secret for servers under test, known to everybody'

/** The built server, or with `CHAOS_SERVER` another one: to see whether a test notices what is broken in it. */
const MAIN =
  process.env['CHAOS_SERVER'] ?? fileURLToPath(new URL('../../dist/src/local/main.js', import.meta.url))

/** What `npm start` gives to Node. */
function startFlags(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    scripts: { start: string }
  }
  const flags = /^exec node (.*) dist\/src\/local\/main\.js$/.exec(scripts.start)?.[1]
  if (flags === undefined) throw new Error(`"npm start" is not what this expects: ${scripts.start}`)
  return flags.split(' ')
}

export interface ServerOptions {
  readonly dataDir: string
  readonly port?: number
  readonly wsPort?: number
  readonly nodeArguments?: readonly string[]
  /** A command that runs another: `['strace', '-D', …]`. The server must stay its process. */
  readonly under?: readonly string[]
  /** The server can be sent messages, for what `nodeArguments` loaded into it. */
  readonly ipc?: boolean
  /** A Ctrl-C, which a terminal sends to all that belong together, is not for it: whoever starts it ends it. */
  readonly apart?: boolean
  /** Beyond what every server here is told. */
  readonly environment?: Readonly<Record<string, string>>
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** The embedded server in a process of its own, which ends with this one at the latest. */
export class ServerProcess {
  readonly process: ChildProcess
  readonly httpUrl: string
  readonly wsUrl: string
  readonly #exit: Promise<unknown>

  private constructor(child: ChildProcess, exit: Promise<unknown>, urls: { httpUrl: string; wsUrl: string }) {
    this.process = child
    this.#exit = exit
    this.httpUrl = urls.httpUrl
    this.wsUrl = urls.wsUrl
  }

  /** @throws with what the server said, if it ended instead of serving */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    if (!existsSync(MAIN)) throw new Error(`there is no ${MAIN}; "npm run build" makes it`)
    const [command, ...args] = [
      ...(options.under ?? []),
      process.execPath,
      ...startFlags(),
      ...(options.nodeArguments ?? []),
      MAIN,
    ]
    const child = spawn(command, args, {
      env: environmentOf(options),
      detached: options.apart === true,
      stdio: ['ignore', 'pipe', 'pipe', ...(options.ipc === true ? (['ipc'] as const) : [])],
    })
    running.add(child)
    const exit = new Promise((resolve) => child.once('close', resolve).once('error', resolve)).finally(() =>
      running.delete(child),
    )
    try {
      return new ServerProcess(child, exit, await serving(child))
    } catch (error) {
      child.kill('SIGKILL')
      await exit
      throw error
    }
  }

  get pid(): number {
    return this.process.pid ?? 0
  }

  /** With SIGKILL, in which the process has no say. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.#exit
  }

  async stop(): Promise<void> {
    this.process.kill('SIGTERM')
    await this.#exit
  }
}

function environmentOf({ dataDir, port = 0, wsPort = 0, environment }: ServerOptions): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOST: '127.0.0.1',
    PORT: String(port),
    WS_PORT: String(wsPort),
    DATA_DIR: dataDir,
    JWT_SECRET: SECRET,
    ...environment,
  }
}

/** Resolves with what the log line `serving` says; what the server logs after it is read and dropped. */
function serving(child: ChildProcess): Promise<{ httpUrl: string; wsUrl: string }> {
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000)
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      reject(new Error(`the server ended (${code ?? signal ?? ''}) before it served: ${complaint}`))
    })
    if (child.stdout === null) return
    const lines = createInterface({ input: child.stdout })
    lines.on('line', (line) => {
      if (!line.includes('"msg":"serving"')) return
      lines.close()
      child.stdout?.resume()
      resolve(JSON.parse(line) as { httpUrl: string; wsUrl: string })
    })
  })
}

/**
 * A free port below those that the kernel hands out to clients. Of those, one could be given to a client that calls
 * the killed server, which then is connected to itself and keeps the port from the server that restarts.
 */
export async function fixedPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    const probe = createServer().listen(port, '127.0.0.1')
    const free = await new Promise<boolean>((resolve) => {
      probe
        .once('error', () => {
          resolve(false)
        })
        .once('listening', () => {
          resolve(true)
        })
    })
    if (!free) continue
    probe.close()
    await once(probe, 'close')
    return port
  }
}
