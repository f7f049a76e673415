/** A disk that takes nothing more, in a real server: the files that it writes may not grow, as `ulimit -f` has it. */
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { deploymentOf, SECRET } from '../e2e/deployment.ts'
import { post, publish, recent, request } from '../e2e/http.ts'
import { ServerProcess } from '../e2e/server-process.ts'

const EVENT_BYTES = 100_000

/** Then both files of the journal have their length, and it is the database that has no room. */
const EVENTS_BEFORE = 250

describe('a data folder that cannot grow', () => {
  it('makes publishes fail, and /health; the server lives, keeps what it acknowledged, and goes on when there is room', async () => {
    const server = await ServerProcess.forTest({ JWT_SECRET: SECRET })
    const target = deploymentOf(server)
    let serial = 0
    const event = () => ({ type: 'T', id: `e${serial++}`, userId: 'ann', note: 'x'.repeat(EVENT_BYTES) })
    const acknowledged: string[] = []
    for (let i = 0; i < EVENTS_BEFORE; i++) acknowledged.push((await publish(target, event())).id)

    const limit = (soft: number | 'unlimited') =>
      execFileSync('prlimit', ['--pid', String(server.pid), `--fsize=${soft}:`])
    limit(statSync(join(server.dataDir, 'events.mdb')).size)
    let refusals = 0
    // Until the journal is full, or what it holds cannot be brought into the database; and some more.
    while (refusals < 20) {
      const { status, json } = await post(target, event())
      if (status === 200) acknowledged.push((json as { id: string }).id)
      else refusals++
      expect([200, 503]).toContain(status)
    }
    expect((await request(`${target.httpUrl}/health`)).status).toBe(503)

    limit('unlimited')
    while ((await request(`${target.httpUrl}/health`)).status !== 200);
    acknowledged.push((await publish(target, event())).id)
    const kept: unknown[] = []
    for (let after = 0, more = true; more;) {
      const page = await recent(target, 'ann', `?after=${after}`)
      kept.push(...page.events.map((one) => (one.event as { id: string }).id))
      after = page.events.at(-1)?.offset ?? after
      more = page.more
    }
    expect(new Set(kept).size).toBe(kept.length)
    expect(kept).toEqual(expect.arrayContaining(acknowledged))
    expect(await server.stop()).toEqual({ code: 0, signal: null })
  }, 120_000)
})
