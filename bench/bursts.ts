/**
 * Bursts: one event for many people, one user with many devices, one event among many open sockets.
 *
 *     npm run bench:bursts -- [--runs 3] [--events 300] [--only recipients,devices,sockets] [--most 10000]
 *
 * One event at a time: what is measured is the fan-out of one, not a queue. `--most` leaves out rows with more.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import { ServerProcess } from '../test/chaos/server-process.ts'
import { publisherToken } from './load.ts'
import { print, quantile, rounded, withFolder } from './measure.ts'
import { type Memory, memoryOf, PROBED } from './memory.ts'
import { optionsOrExit, whole } from './options.ts'
import { openSocket } from './peers/event-fanout.ts'
import { eventTextFor, numberIn } from './peers/events.ts'
import { tooManySockets } from './peers/machine-facts.ts'
import { counting } from './peers/machine.ts'
import { EVENT_BYTES } from './peers/settings.ts'
import { HttpLane } from './raw-clients.ts'
import type { RawSocket } from './raw-socket.ts'

const CONNECTS = 50
const MOST_WARM_UP_EVENTS = 200
const LOST_AFTER_MS = 10_000
const USAGE =
  'npm run bench:bursts -- [--runs 3] [--events 300] [--only recipients,devices,sockets] [--most 10000]'

interface Burst {
  readonly what: string
  /** Whose sockets are open: one for each entry. */
  readonly sockets: readonly string[]
  /** Of the nth event. */
  readonly recipients: (n: number) => readonly string[]
  /** How many of the sockets one event reaches. */
  readonly reached: number
}

const users = (count: number): string[] => Array.from({ length: count }, (_, user) => `user-${user}`)

/** Each recipient has one device. */
function toRecipients(count: number): Burst {
  const all = users(count)
  return { what: `recipients: ${count}`, sockets: all, recipients: () => all, reached: count }
}

/** Of one user. */
function toDevices(count: number): Burst {
  const sockets = Array.from({ length: count }, () => 'user-0')
  return { what: `devices of one user: ${count}`, sockets, recipients: () => ['user-0'], reached: count }
}

/** Of as many users; an event is for two of them. */
function amongSockets(count: number): Burst {
  const all = users(count)
  const recipients = (n: number): string[] => [all[(2 * n) % count] ?? '', all[(2 * n + 1) % count] ?? '']
  return { what: `2 recipients, sockets open: ${count}`, sockets: all, recipients, reached: 2 }
}

const BURSTS: Readonly<Record<string, { counts: readonly number[]; burst: (count: number) => Burst }>> = {
  recipients: { counts: [1, 10, 100], burst: toRecipients },
  devices: { counts: [1, 10, 50], burst: toDevices },
  sockets: { counts: [100, 1000, 10_000], burst: amongSockets },
}

/** Waits for one event to reach all whom it should. */
class Fan {
  #number = -1
  #left = 0
  #first = NaN
  #done: (last: number) => void = () => undefined

  arrived(number: number): void {
    if (number !== this.#number) return
    const now = performance.now()
    if (Number.isNaN(this.#first)) this.#first = now
    if (--this.#left === 0) this.#done(now)
  }

  /** @throws if somebody does not get it */
  async publish(lane: HttpLane, number: number, burst: Burst): Promise<{ first: number; last: number }> {
    this.#number = number
    this.#left = burst.reached
    this.#first = NaN
    const last = new Promise<number>((resolve) => {
      this.#done = resolve
    })
    const body = eventTextFor(number, burst.recipients(number), EVENT_BYTES)
    const began = performance.now()
    await lane.post(body)
    const timer = setTimeout(() => {
      this.#done(NaN)
    }, LOST_AFTER_MS)
    const end = await last
    clearTimeout(timer)
    if (Number.isNaN(end))
      throw new Error(`${burst.what}: ${this.#left} of ${burst.reached} sockets did not get an event`)
    return { first: this.#first - began, last: end - began }
  }
}

async function startServer(folder: string, { sockets }: Burst): Promise<ServerProcess> {
  const devices = Math.max(20, sockets.filter((user) => user === sockets[0]).length)
  return ServerProcess.start({
    dataDir: join(folder, 'data'),
    ...PROBED,
    environment: { MAX_CONNECTIONS_PER_USER: String(devices) },
  })
}

async function connectAll(url: string, { sockets }: Burst, fan: Fan): Promise<RawSocket[]> {
  const limit = pLimit(CONNECTS)
  const onMessage = (payload: Buffer): void => {
    fan.arrived(numberIn(payload))
  }
  return Promise.all(sockets.map(async (user) => limit(async () => openSocket(url, user, onMessage))))
}

async function measured(burst: Burst, events: number): Promise<Record<string, string | number>> {
  return withFolder(async (folder) => {
    const server = await startServer(folder, burst)
    try {
      const fan = new Fan()
      const lane = await HttpLane.open(server.httpUrl, await publisherToken())
      const before = await memoryOf(server)
      const sockets = await connectAll(server.wsUrl, burst, fan)
      const open = await memoryOf(server)
      const warmUp = Math.min(MOST_WARM_UP_EVENTS, events)
      for (let n = 0; n < warmUp; n++) await fan.publish(lane, n, burst)
      const usage = counting([server.pid])
      const times = []
      for (let n = 0; n < events; n++) times.push(await fan.publish(lane, warmUp + n, burst))
      const { serverCpu, others } = usage()
      const after = await memoryOf(server)
      for (const socket of sockets) socket.close()
      lane.close()
      return row(burst, times, { cpu: serverCpu / events, others }, { before, open, after })
    } finally {
      await server.stop()
    }
  })
}

function row(
  { what }: Burst,
  times: readonly { first: number; last: number }[],
  { cpu, others }: { cpu: number; others: number },
  { before, open, after }: Record<'before' | 'open' | 'after', Memory>,
): Record<string, string | number> {
  const of = (which: 'first' | 'last', q: number): number =>
    rounded(
      quantile(
        times.map((time) => time[which]),
        q,
      ),
      2,
    )
  return {
    what,
    'first p50 ms': of('first', 0.5),
    'first p99 ms': of('first', 0.99),
    'last p50 ms': of('last', 0.5),
    'last p99 ms': of('last', 0.99),
    'server CPU µs/event': rounded(cpu),
    'own RSS MiB idle': mebibytes(before.own),
    'with the sockets': mebibytes(open.own),
    'after the events': mebibytes(after.own),
    'heap MiB idle': mebibytes(before.heap),
    'heap with the sockets': mebibytes(open.heap),
    'heap after the events': mebibytes(after.heap),
    'others, % of the machine': rounded(others * 100),
  }
}

function mebibytes(kibibytes: number): number {
  return rounded(kibibytes / 1024, 1)
}

function chosen(text: string, most: number): Burst[] {
  const names = text.split(',')
  const unknown = names.find((name) => !Object.hasOwn(BURSTS, name))
  if (unknown !== undefined)
    throw new Error(`--only has "${unknown}"; there are ${Object.keys(BURSTS).join(', ')}`)
  return names.flatMap((name) => {
    const { counts = [], burst } = BURSTS[name] ?? {}
    return burst === undefined ? [] : counts.filter((count) => count <= most).map(burst)
  })
}

/** Those that this machine allows; of the others it says why not. */
function possible(bursts: readonly Burst[]): Burst[] {
  return bursts.filter(({ what, sockets }) => {
    const problem = tooManySockets(sockets.length)
    if (problem !== undefined) process.stderr.write(`not measured: ${what}: ${problem}\n`)
    return problem === undefined
  })
}

interface Options {
  readonly runs: number
  readonly events: number
  readonly bursts: readonly Burst[]
}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '3' },
      events: { type: 'string', default: '300' },
      only: { type: 'string', default: Object.keys(BURSTS).join(',') },
      most: { type: 'string', default: '10000' },
    },
  })
  const [runs, events] = [whole('--runs', values.runs, 1), whole('--events', values.events, 1)]
  const bursts = possible(chosen(values.only, whole('--most', values.most, 1)))
  if (bursts.length === 0)
    throw new Error(
      `of ${values.only} no row can be measured; give more with --most, which is ${values.most}`,
    )
  return { runs, events, bursts }
}

const options = optionsOrExit(USAGE, readOptions)
const runs = []
for (let run = 0; run < options.runs; run++) {
  const rows = []
  for (const burst of options.bursts) {
    process.stderr.write(`run ${run + 1} of ${options.runs}: ${burst.what}\n`)
    rows.push(await measured(burst, options.events))
  }
  runs.push(rows)
}
print(runs, { events: options.events })
