/** Servers written for this comparison run as users' servers do: as JavaScript, without a loader in their process. */
import { fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { ServerProgram } from './programs.ts'

/** Inside `node_modules`, so that what they import is found. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))

export interface NodeServer {
  readonly program: ServerProgram
  readonly url: string
  /** Without the compilation. */
  readonly startUpMs: number
}

export async function startNodeServer(
  file: string,
  environment: Record<string, string> = {},
): Promise<NodeServer> {
  mkdirSync(CACHE, { recursive: true })
  const folder = mkdtempSync(join(CACHE, 'event-fanout-bench-'))
  try {
    const compiled = join(folder, 'server.mjs')
    const source = fileURLToPath(new URL(file, import.meta.url))
    const options = { bundle: true, packages: 'external', format: 'esm', platform: 'node' } as const
    buildSync({ ...options, entryPoints: [source], outfile: compiled })
    const began = performance.now()
    const env = { PATH: process.env['PATH'], ...environment }
    const program = new ServerProgram(fork(compiled, { execArgv: [], env, silent: true }))
    const port = Number(await program.message())
    return { program, url: `http://127.0.0.1:${port}`, startUpMs: performance.now() - began }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
