/** The two ways to publish: at a rate, whatever the server does, and as fast as it will go. */
import { Worker } from 'node:worker_threads'
import type { Arrivals } from './arrivals.ts'
import { eventText } from './events.ts'
import type { Running } from './peer.ts'
import { EVENT_BYTES, OUTSTANDING } from './settings.ts'

/** For the thread that wakes this one to start. */
const LEAD_MS = 100

export interface Load {
  readonly running: Running
  readonly arrivals: Arrivals
  readonly users: number
}

export const userName = (user: number): string => `user-${user}`

/** To two users who are not the same one. */
async function publish({ running, arrivals, users }: Load, due: number): Promise<number> {
  const trainer = Math.floor(Math.random() * users)
  const student = (trainer + 1 + Math.floor(Math.random() * (users - 1))) % users
  const number = arrivals.expect(trainer, student, due)
  const [a, b] = [userName(trainer), userName(student)]
  await running.publish(eventText(number, a, b, EVENT_BYTES), a, b)
  return number
}

/**
 * An event is under way until it is acknowledged and both recipients have it: the same for all, whatever they acknowledge.
 *
 * @returns nothing that was late: nothing is due before it is sent
 */
export async function closedLoop(load: Load, seconds: number): Promise<readonly number[]> {
  const until = performance.now() + seconds * 1000
  const drive = async (): Promise<void> => {
    for (let now = performance.now(); now < until; now = performance.now()) {
      await load.arrivals.reached(await publish(load, now))
    }
  }
  await Promise.all(Array.from({ length: OUTSTANDING }, drive))
  return []
}

/**
 * Nobody waits for answers, and latency counts from when an event was due: a server that stands still for a second is late
 * for all the events of that second.
 *
 * @returns how late each event was sent, in milliseconds: the load generator's own part of the latency
 */
export async function fixedRate(load: Load, rate: number, seconds: number): Promise<readonly number[]> {
  const count = Math.max(1, Math.floor(rate * seconds))
  const begin = performance.now() + LEAD_MS
  const due = (n: number): number => begin + (n * 1000) / rate
  const late: number[] = []
  const acknowledged: Promise<number>[] = []
  await ticking(rate, count, () => {
    for (
      let now = performance.now();
      late.length < count && due(late.length) <= now;
      now = performance.now()
    ) {
      acknowledged.push(publish(load, due(late.length)))
      late.push(now - due(late.length))
    }
    return late.length === count
  })
  await Promise.all(acknowledged)
  return late
}

/** Calls `tick` at the rate, until it says that it is done. */
async function ticking(rate: number, count: number, tick: () => boolean): Promise<void> {
  const beginNs = process.hrtime.bigint() + BigInt(LEAD_MS) * 1_000_000n
  const workerData = { beginNs, intervalNs: BigInt(Math.floor(1e9 / rate)), count: BigInt(count) }
  const worker = new Worker(new URL('ticker.js', import.meta.url), { workerData, execArgv: [] })
  await new Promise<void>((resolve, reject) => {
    worker.on('message', () => {
      if (tick()) resolve()
    })
    worker.once('error', reject)
    worker.once('exit', () => {
      // Should its clock have been a little ahead of the one here.
      const timer = setInterval(() => {
        if (!tick()) return
        clearInterval(timer)
        resolve()
      }, 1)
    })
  })
}
