/** The load generator: a process of its own for each system and run, so that none profits from what another warmed up. */
import pLimit from 'p-limit'
import { withFolder } from '../measure.ts'
import { PEERS } from './all-peers.ts'
import { Arrivals } from './arrivals.ts'
import { catchUp, type CatchUp } from './catch-up.ts'
import { diskAlone } from './disk.ts'
import { numberIn } from './events.ts'
import { closedLoop, fixedRate, type Load, userName } from './load-loops.ts'
import { counting, memoryOf } from './machine.ts'
import type { Measured, Options, Phase } from './measured.ts'
import type { Peer, Running } from './peer.ts'
import { Programs } from './programs.ts'
import { spreadOf } from './statistics.ts'

const CONNECTS = 50

async function measure(peer: Peer, options: Options): Promise<Measured> {
  return withFolder(async (folder) => {
    const disk = await diskAlone(folder, options.rate, options.seconds)
    const running = await peer.start(folder, new Programs(options.programs))
    try {
      const { startUpMs, version } = running
      return { name: peer.name, version, startUpMs, disk, ...(await measureRunning(running, options)) }
    } finally {
      await running.stop()
    }
  })
}

async function measureRunning(
  running: Running,
  { users, seconds, warmUp, rate, returning }: Options,
): Promise<Omit<Measured, 'name' | 'version' | 'startUpMs' | 'disk'>> {
  const load = { running, users, arrivals: new Arrivals() }
  const idle = memoryOf(running.pids)
  const close = await connectAll(load)
  const connected = memoryOf(running.pids)
  await closedLoop(load, warmUp)
  const fixed = await phase(load, async () => fixedRate(load, rate, seconds))
  const closed = await phase(load, async () => closedLoop(load, seconds))
  const loaded = memoryOf(running.pids)
  close()
  load.arrivals.end()
  return { memory: { idle, connected, loaded }, fixed, closed, catchUp: await caughtUp(running, returning) }
}

async function connectAll({ running, users, arrivals }: Load): Promise<() => void> {
  const limit = pLimit(CONNECTS)
  const subscribe = async (user: number): Promise<{ close: () => void }> =>
    running.subscribe(userName(user), (payload) => {
      arrivals.arrived(numberIn(payload), user, performance.now())
    })
  const all = Array.from({ length: users }, async (_, user) => limit(async () => subscribe(user)))
  const open = await Promise.all(all)
  return () => {
    for (const { close } of open) close()
  }
}

async function phase({ running, arrivals }: Load, run: () => Promise<readonly number[]>): Promise<Phase> {
  arrivals.begin()
  const usage = counting(running.pids)
  const late = await run()
  await arrivals.settled()
  const { seconds, serverCpu, ownCpu, others } = usage()
  const { events, latencies, missing, strays, whole } = arrivals
  return {
    ...spreadOf(latencies),
    events,
    eventsPerSecond: whole / seconds,
    lost: missing,
    strays,
    serverCpuPerEvent: serverCpu / events,
    ownCpuPerEvent: ownCpu / events,
    ownShare: ownCpu / 1e6 / seconds,
    othersShare: others,
    lateP99: spreadOf(late).p99,
  }
}

async function caughtUp(running: Running, users: number): Promise<CatchUp | string> {
  if (running.catchUp === undefined) return 'nothing is kept'
  try {
    return await catchUp(running, users)
  } catch (error) {
    return (error as Error).message
  }
}

process.once('disconnect', () => process.exit())
const [key = '', options = '{}'] = process.argv.slice(2)
const peer = PEERS[key]
if (peer === undefined) throw new Error(`there is no "${key}"; there are ${Object.keys(PEERS).join(', ')}`)
const measured = await measure(peer, JSON.parse(options) as Options)
process.send?.(measured, () => process.exit())
