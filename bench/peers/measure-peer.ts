import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Measured, Options } from './measured.ts'

const LOAD_GENERATOR = fileURLToPath(new URL('load-generator.ts', import.meta.url))

/**
 * One run of one system, by a load generator in a process of its own.
 *
 * @param environment what that process is told beside our own environment
 * @throws if it ended without a result
 */
export async function measurePeer(
  key: string,
  options: Options,
  environment: NodeJS.ProcessEnv = {},
): Promise<Measured> {
  // What others left in the kernel's memory would be written during this run, and be waited for by whoever flushes.
  execFileSync('sync')
  const env = { ...process.env, ...environment }
  // With NaN kept as it is.
  const child = fork(LOAD_GENERATOR, [key, JSON.stringify(options)], { env, serialization: 'advanced' })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the load generator for ${key} ended (${String(code)}) without a result`)
  })
  const [measured] = (await Promise.race([once(child, 'message'), ended])) as [Measured]
  await ended.catch(() => undefined)
  return measured
}
