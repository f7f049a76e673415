import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Deployment, deploymentOf } from '../e2e/deployment.ts'
import { recent } from '../e2e/http.ts'
import type { ServerProcess } from '../e2e/server-process.ts'
import type { ConsolePage, Role } from './browser.ts'

/** A server with generated keys, as a deployment: the console has tokens only there. */
export function targetOf(server: ServerProcess): Deployment {
  return deploymentOf(server, readFileSync(join(server.dataDir, 'jwt-secret'), 'utf8').trim())
}

export interface Logged {
  readonly offset: number
  readonly id: string
}

/** A user's whole log, read by HTTP. */
export async function logOf(server: ServerProcess, userId: string): Promise<Logged[]> {
  const log: Logged[] = []
  for (;;) {
    const { events, more } = await recent(targetOf(server), userId, `?after=${log.at(-1)?.offset ?? 0}`)
    log.push(...events.map(({ offset, event }) => ({ offset, id: String(event['id']) })))
    if (!more) return log
  }
}

/** What a side shows is its log: all of it, once, in order. */
export async function expectWholeLog(console: ConsolePage, server: ServerProcess, role: Role): Promise<void> {
  const log = await logOf(server, `${role}-1`)
  await console.untilCount(role, log.length)
  const shown = await console.shown(role)
  expect(shown.map(({ offset, id }) => ({ offset, id }))).toEqual(log)
}
