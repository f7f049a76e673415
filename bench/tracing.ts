/**
 * What it costs to keep each delivery in the receipt, beside keeping counts only (`RECEIPT_DETAIL`): latency and CPU of the
 * embedded server, and what a receipt takes on AWS.
 *
 *     npm run build
 *     npm run bench:tracing -- [--runs 3] [--events 300]
 */
import { join } from 'node:path'
import { RECEIPT_DETAILS, type ReceiptDetail } from '../src/core/codes.ts'
import { dollarsFor } from '../src/template-runner/cost/prices.ts'
import { ServerProcess } from '../test/chaos/server-process.ts'
import { measuredLoop, openSocket, withLanes } from './load.ts'
import { print, rounded, withFolder } from './measure.ts'
import { numbersOrExit } from './options.ts'
import { type Audience, AUDIENCES, receiptCost } from './receipt-costs.ts'

const OUTSTANDING = 8
const WARM_UP_EVENTS = 50

const { runs: runCount, events: eventCount } = numbersOrExit('bench:tracing', { runs: 3, events: 300 })

let next = 0
const body = (audience: Audience) => (): string =>
  JSON.stringify({ type: 'SESSION_COMPLETED', id: `event-${next++}`, recipientIds: usersOf(audience) })

function usersOf({ recipients }: Audience): string[] {
  return Array.from({ length: recipients }, (_, user) => `user-${user}`)
}

async function latency(audience: Audience, detail: ReceiptDetail): Promise<Record<string, number>> {
  return withFolder(async (folder) => {
    const server = await ServerProcess.start({
      dataDir: join(folder, 'data'),
      environment: { RECEIPT_DETAIL: detail },
    })
    const users = usersOf(audience).flatMap((user) =>
      Array.from({ length: audience.connections }, () => user),
    )
    const sockets = await Promise.all(users.map(async (user) => openSocket(server.wsUrl, user)))
    const events = Math.max(20, Math.ceil((eventCount * 2) / audience.recipients))
    const result = await withLanes(server.httpUrl, OUTSTANDING, async (lanes) => {
      await measuredLoop(server.pid, { lanes, body: body(audience), events: WARM_UP_EVENTS })
      return measuredLoop(server.pid, { lanes, body: body(audience), events })
    })
    for (const socket of sockets) socket.close()
    await server.stop()
    const wanted = ['p50 ms', 'p99 ms', 'server CPU µs/event']
    return Object.fromEntries(wanted.map((name) => [name, result[name] ?? NaN]))
  })
}

function receiptOnAws(audience: Audience, detail: ReceiptDetail): Record<string, number> {
  const { bytes, begin, complete } = receiptCost(audience, detail)
  return {
    'receipt on AWS, bytes': bytes,
    'its write units': begin + complete,
    '$ for a million': rounded(dollarsFor('writeUnit', (begin + complete) * 1e6), 2),
  }
}

async function rows(): Promise<Record<string, string | number>[]> {
  const table = []
  for (const audience of AUDIENCES) {
    for (const detail of RECEIPT_DETAILS) {
      const what = `${audience.recipients} × ${audience.connections}, ${detail}`
      table.push({ what, ...(await latency(audience, detail)), ...receiptOnAws(audience, detail) })
    }
  }
  return table
}

const runs = []
for (let run = 0; run < runCount; run++) runs.push(await rows())
print(runs)
