/** Users who leave, miss twenty events, and come back: one after the other, and all at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import { deferred } from '../../test/support/deferred.ts'
import { spreadOf } from './statistics.ts'
import { eventText, numbersIn } from './events.ts'
import type { Cursor, OnMessage, Running } from './peer.ts'
import { EVENT_BYTES, MISSED } from './settings.ts'

/** For servers to see that a socket is closed, and for what they still do after an answer. */
const PAUSE_MS = 300
const TIMEOUT_MS = 30_000
const PUBLISHES = 16

export interface CatchUp {
  /** Of one at a time, in milliseconds from the beginning of the connection until the last event is there. */
  readonly p50: number
  readonly p99: number
  /** Of twice as many at once: until the last of them has all. */
  readonly together: number
}

type Return = NonNullable<Running['catchUp']>

interface Away {
  readonly userId: string
  readonly cursor: Cursor
}

/** @throws if somebody does not get what was missed */
export async function catchUp(running: Running, users: number): Promise<CatchUp> {
  const { catchUp: comeBack } = running
  if (comeBack === undefined) throw new Error('nothing is kept')
  const times: number[] = []
  for (const away of await leave(running, 'alone', users)) times.push(await timeOf(comeBack, away))
  const { p50, p99 } = spreadOf(times)
  const crowd = await leave(running, 'together', 2 * users)
  const began = performance.now()
  await Promise.all(crowd.map(async (away) => timeOf(comeBack, away)))
  return { p50, p99, together: performance.now() - began }
}

/** Pairs of users get one event each, leave, and miss twenty. */
async function leave(running: Running, group: string, count: number): Promise<Away[]> {
  const names = Array.from({ length: count + (count % 2) }, (_, i) => `${group}-${i}`)
  const arriving = names.map(() => deferred<Buffer>())
  const open = await Promise.all(
    names.map(async (name, i) =>
      running.subscribe(name, (payload) => {
        arriving[i]?.resolve(Buffer.from(payload))
      }),
    ),
  )
  await publishToPairs(running, names, 1)
  const cursors = await Promise.all(open.map(async ({ cursor }, i) => cursor(await arriving[i]!.promise)))
  for (const subscription of open) subscription.close()
  await sleep(PAUSE_MS)
  await publishToPairs(running, names, MISSED)
  await sleep(PAUSE_MS)
  return cursors.map((cursor, i) => ({ userId: names[i] ?? '', cursor })).slice(0, count)
}

let count = 0

async function publishToPairs(running: Running, names: readonly string[], times: number): Promise<void> {
  const limit = pLimit(PUBLISHES)
  const pairs = names.flatMap((name, i) => (i % 2 === 0 ? [[name, names[i + 1] ?? ''] as const] : []))
  const publishes = pairs.flatMap(([a, b]) =>
    Array.from({ length: times }, async () =>
      limit(async () => running.publish(eventText(count++, a, b, EVENT_BYTES), a, b)),
    ),
  )
  await Promise.all(publishes)
}

async function timeOf(comeBack: Return, { userId, cursor }: Away): Promise<number> {
  const seen = new Set<number>()
  const all = deferred<boolean>()
  const onMessage: OnMessage = (payload) => {
    for (const number of numbersIn(payload)) seen.add(number)
    if (seen.size === MISSED) all.resolve(true)
  }
  const timer = setTimeout(() => {
    all.resolve(false)
  }, TIMEOUT_MS)
  const began = performance.now()
  const socket = await comeBack(userId, cursor, onMessage)
  const complete = await all.promise
  const taken = performance.now() - began
  clearTimeout(timer)
  socket.close()
  if (!complete) throw new Error(`${userId} got ${seen.size} of ${MISSED} events in ${TIMEOUT_MS / 1000} s`)
  return taken
}
