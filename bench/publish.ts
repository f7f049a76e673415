/**
 * How many events a second a closed loop of publishers gets through, beside the least that HTTP and JSON cost, by themselves and
 * behind the gateway:
 *
 *     npm run build
 *     npm run bench:publish -- [--runs 3] [--seconds 4]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ServerProcess } from '../test/chaos/server-process.ts'
import { closedLoop, eventText, measuredLoop, openSocket, withLanes } from './load.ts'
import { flushTime, print, rounded, commitsIn, withFolder } from './measure.ts'
import { optionsOrExit, positive, whole } from './options.ts'

const OUTSTANDING = [1, 16, 64]
const USERS = 100
const EVENT_BYTES = 400
/** Until V8 has compiled what there is to compile, and then before each level. */
const FIRST_WARM_UP_S = 6
const WARM_UP_S = 1

const [runCount, seconds] = optionsOrExit('npm run bench:publish -- [--runs 3] [--seconds 4]', (args) => {
  const { values } = parseArgs({
    args,
    options: { runs: { type: 'string', default: '3' }, seconds: { type: 'string', default: '4' } },
  })
  return [whole('--runs', values.runs, 1), positive('--seconds', values.seconds)]
})

let next = 0
/** Two recipients, each with one open connection. */
const body = (): string => eventText(`user-${next++ % USERS}`, `user-${next % USERS}`, EVENT_BYTES)

async function publishes(): Promise<Record<string, string | number>[]> {
  return withFolder(async (folder) => {
    const dataDir = join(folder, 'data')
    const server = await ServerProcess.start({ dataDir })
    const sockets = await Promise.all(
      Array.from({ length: USERS }, async (_, user) => openSocket(server.wsUrl, `user-${user}`)),
    )
    await withLanes(server.httpUrl, 64, async (lanes) =>
      closedLoop({ lanes, body, seconds: FIRST_WARM_UP_S }),
    )
    const rows = []
    for (const outstanding of OUTSTANDING) {
      rows.push(
        await withLanes(server.httpUrl, outstanding, async (lanes) => {
          await closedLoop({ lanes, body, seconds: WARM_UP_S })
          const before = commitsIn(dataDir)
          const result = await measuredLoop(server.pid, { lanes, body, seconds })
          const flushes = commitsIn(dataDir) - before
          const events = (result['events/s'] ?? NaN) * seconds
          return {
            what: 'publish',
            outstanding,
            ...result,
            'flushes/event': rounded(flushes / events, 2),
          }
        }),
      )
    }
    for (const socket of sockets) socket.close()
    await server.stop()
    return rows
  })
}

/** @param kind of server, see floor-server.ts */
async function floor(kind: 'bare' | 'gateway'): Promise<Record<string, string | number>[]> {
  const file = fileURLToPath(new URL('floor-server.ts', import.meta.url))
  const child = fork(file, [kind], { stdio: 'inherit' })
  const [{ port }] = (await once(child, 'message')) as [AddressInfo]
  const rows = []
  for (const outstanding of OUTSTANDING) {
    rows.push(
      await withLanes(`http://127.0.0.1:${port}`, outstanding, async (lanes) => {
        await closedLoop({ lanes, body, seconds: WARM_UP_S })
        const result = await measuredLoop(child.pid ?? 0, { lanes, body, seconds: seconds / 2 })
        const what = kind === 'bare' ? 'bare node:http' : 'node:http and the gateway'
        return { what, outstanding, ...result, 'flushes/event': 0 }
      }),
    )
  }
  child.disconnect()
  await once(child, 'exit')
  return rows
}

const flush = await withFolder(async (folder) => flushTime(folder))
const runs = []
for (let run = 0; run < runCount; run++) {
  runs.push([...(await publishes()), ...(await floor('gateway')), ...(await floor('bare'))])
}
print(runs, { flushMs: rounded(flush, 3) })
console.log(`\nOne flush of a 4 KiB page on this disk: ${rounded(flush, 3)} ms`)
