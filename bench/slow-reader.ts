/**
 * Events for two people, of whom one does not read: does the other, or the publisher, wait? Does the server's memory grow?
 *
 *     npm run build
 *     npm run bench:slow-reader -- [--runs 3] [--events 20000]
 */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ServerProcess } from '../test/chaos/server-process.ts'
import { closedLoop, eventText, openSocket, withLanes } from './load.ts'
import { print, quantile, rounded, residentOf, withFolder } from './measure.ts'
import { numbersOrExit } from './options.ts'

const OUTSTANDING = 16
const EVENT_BYTES = 1024

const { runs: runCount, events } = numbersOrExit('bench:slow-reader', { runs: 3, events: 20_000 })

async function run(slowReads: boolean): Promise<Record<string, string | number>> {
  return withFolder(async (folder) => {
    const server = await ServerProcess.start({ dataDir: join(folder, 'data') })
    const normal = await openSocket(server.wsUrl, 'normal')
    const slow = await openSocket(server.wsUrl, 'slow')
    if (!slowReads) slow.stopReading()
    const memory = [residentOf(server.pid)]
    const sampling = setInterval(() => memory.push(residentOf(server.pid)), 100)
    let takenForSlow = 0
    const { seconds, latencies } = await withLanes(server.httpUrl, OUTSTANDING, async (lanes) =>
      closedLoop({
        lanes,
        events,
        body: () => eventText('normal', 'slow', EVENT_BYTES),
        onAnswer: (answer) => {
          const { recipients } = JSON.parse(answer) as { recipients: { userId: string; sent: number }[] }
          takenForSlow += recipients.find(({ userId }) => userId === 'slow')?.sent ?? 0
        },
      }),
    )
    while (normal.messages < events) await pause(10)
    clearInterval(sampling)
    for (const socket of [normal, slow]) socket.close()
    await server.stop()
    return {
      'the other socket': slowReads ? 'reads' : 'does not read',
      'events/s to the normal one': rounded(events / seconds),
      'p50 ms': rounded(quantile(latencies, 0.5), 2),
      'p99 ms': rounded(quantile(latencies, 0.99), 2),
      'pushed to the normal one': normal.messages,
      'pushed to the other': takenForSlow,
      'own RSS MiB at first': rounded(memory[0]!.own / 1024),
      'at most': rounded(Math.max(...memory.map(({ own }) => own)) / 1024),
      'with mapped files, at most': rounded(Math.max(...memory.map(({ all }) => all)) / 1024),
    }
  })
}

const runs = []
for (let n = 0; n < runCount; n++) runs.push([await run(true), await run(false)])
print(runs)
