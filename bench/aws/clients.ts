/** Runs `one-call.ts`, each client in a process of its own. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The first is the floor. */
export const CLIENT_NAMES = [
  'bare `node:http`',
  '`fetch`',
  'client-dynamodb',
  'client-dynamodb, `cacheMiddleware`',
  'lib-dynamodb',
  'lib-dynamodb, with our deadline',
] as const
export type ClientName = (typeof CLIENT_NAMES)[number]

export interface Given {
  readonly endpoint: string
  readonly env: NodeJS.ProcessEnv
  readonly calls: number
}

/**
 * @param width calls under way at once
 * @returns CPU time of each call, in microseconds
 */
export async function cpuOfCall(
  name: ClientName,
  width: number,
  { endpoint, env, calls }: Given,
  nodeFlags: readonly string[] = [],
): Promise<number> {
  const program = join(import.meta.dirname, 'one-call.ts')
  const args = ['--import', 'tsx', ...nodeFlags, program, endpoint, name, String(width), String(calls)]
  const { stdout } = await run(process.execPath, args, { env })
  return Number(stdout)
}
