import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ServerOptions, ServerProcess } from '../test/chaos/server-process.ts'
import { type Resident, residentOf } from './measure.ts'

/** In KiB. */
export interface Memory extends Resident {
  /** V8's, with what it holds outside. */
  readonly heap: number
}

/** How a server is started that tells of its memory. */
export const PROBED = {
  nodeArguments: ['--expose-gc', '--import', fileURLToPath(new URL('memory-probe.js', import.meta.url))],
  ipc: true,
} as const satisfies Partial<ServerOptions>

/** What a server has after a collection. */
export async function memoryOf(server: ServerProcess): Promise<Memory> {
  server.process.send({})
  const [{ heapUsed, external }] = (await once(server.process, 'message')) as [NodeJS.MemoryUsage]
  return { ...residentOf(server.pid), heap: (heapUsed + external) / 1024 }
}
