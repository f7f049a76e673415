/**
 * What an open socket costs, and whether many of them slow a publish down:
 *
 *     npm run build
 *     npm run bench:sockets -- [--runs 3] [--sockets 2000]
 */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ServerProcess } from '../test/chaos/server-process.ts'
import { closedLoop, eventText, openSocket, withLanes } from './load.ts'
import { print, quantile, rounded, withFolder } from './measure.ts'
import { numbersOrExit } from './options.ts'
import { tooManySockets } from './peers/machine-facts.ts'
import { type Memory, memoryOf, PROBED } from './memory.ts'
import type { CountingSocket } from './raw-clients.ts'

const EVENT_BYTES = 400
const PUSHES_EACH = 10
const RECIPIENTS = 100
const TIMED = 300
const WARM_UP_S = 5

const { runs: runCount, sockets: count } = numbersOrExit(
  'bench:sockets',
  { runs: 3, sockets: 2000 },
  ({ sockets }) => tooManySockets(sockets),
)

/** Until what lies in the journal is in the database as well, and not in memory any more: a second after the last commit. */
const SETTLED_MS = 3000

async function settledMemory(server: ServerProcess): Promise<Memory> {
  await pause(SETTLED_MS)
  return memoryOf(server)
}

/** So many at a time, as a fleet of apps that reconnects would come. */
async function openSockets(wsUrl: string, howMany: number, prefix: string): Promise<CountingSocket[]> {
  const sockets: CountingSocket[] = []
  while (sockets.length < howMany) {
    const size = Math.min(50, howMany - sockets.length)
    const users = Array.from({ length: size }, (_, i) => `${prefix}-${sockets.length + i}`)
    sockets.push(...(await Promise.all(users.map(async (userId) => openSocket(wsUrl, userId)))))
  }
  return sockets
}

/** One at a time, to two people: the median and the 95th percentile, in milliseconds. */
async function publishTime(server: ServerProcess): Promise<{ p50: number; p95: number }> {
  return withLanes(server.httpUrl, 1, async (lanes) => {
    const body = (): string => eventText('person-0', 'person-1', EVENT_BYTES)
    const { latencies } = await closedLoop({ lanes, body, events: TIMED })
    return { p50: rounded(quantile(latencies, 0.5), 2), p95: rounded(quantile(latencies, 0.95), 2) }
  })
}

async function publishToAll(server: ServerProcess): Promise<void> {
  const events = Array.from({ length: Math.ceil(count / RECIPIENTS) * PUSHES_EACH }, (_, n) => {
    const first = (n * RECIPIENTS) % count
    const recipientIds = Array.from({ length: RECIPIENTS }, (_, i) => `person-${(first + i) % count}`)
    return JSON.stringify({ type: 'BROADCAST', timestamp: n, recipientIds, note: 'x'.repeat(200) })
  })
  await withLanes(server.httpUrl, 4, async (lanes) =>
    closedLoop({ lanes, events: events.length, body: () => events.pop() ?? '' }),
  )
}

async function run(): Promise<Record<string, string | number>[]> {
  return withFolder(async (folder) => {
    const server = await ServerProcess.start({ dataDir: join(folder, 'data'), ...PROBED })
    for (const socket of await openSockets(server.wsUrl, 100, 'warm-up')) socket.close()
    await withLanes(server.httpUrl, 16, async (lanes) =>
      closedLoop({ lanes, body: () => eventText('person-0', 'person-1', EVENT_BYTES), seconds: WARM_UP_S }),
    )
    const [before, publishBefore] = [await settledMemory(server), await publishTime(server)]
    const sockets = await openSockets(server.wsUrl, count, 'person')
    const open = await settledMemory(server)
    const publishOpen = await publishTime(server)
    await publishToAll(server)
    const pushed = await settledMemory(server)
    const messages = sockets.reduce((sum, socket) => sum + socket.messages, 0)
    if (messages < count * PUSHES_EACH) throw new Error(`only ${messages} pushes arrived`)
    for (const socket of sockets) socket.close()
    const closed = await settledMemory(server)
    await server.stop()
    const row = (what: string, { own, all, heap }: Memory, publish?: { p50: number; p95: number }) => ({
      what,
      'own RSS MiB': rounded(own / 1024, 1),
      'RSS with mapped files MiB': rounded(all / 1024, 1),
      'heap MiB': rounded(heap / 1024, 1),
      'own RSS KiB/socket': rounded((own - before.own) / count, 1),
      'heap KiB/socket': rounded((heap - before.heap) / count, 1),
      'publish p50 ms': publish?.p50 ?? '',
      'publish p95 ms': publish?.p95 ?? '',
    })
    return [
      row('no sockets', before, publishBefore),
      row(`${count} sockets`, open, publishOpen),
      row(`after ${PUSHES_EACH} pushes to each`, pushed),
      row('all closed again', closed),
    ]
  })
}

const runs = []
for (let n = 0; n < runCount; n++) runs.push(await run())
print(runs)
