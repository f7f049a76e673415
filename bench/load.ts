import { issueToken } from '../src/auth/issue-token.ts'
import { SECRET } from '../test/chaos/server-process.ts'
import { cpuOf, quantile, rounded } from './measure.ts'
import { CountingSocket, HttpLane } from './raw-clients.ts'

export async function publisherToken(): Promise<string> {
  return issueToken(SECRET, { userId: 'backend', expiresIn: 3600, scope: 'events:publish' })
}

export async function openSocket(wsUrl: string, userId: string): Promise<CountingSocket> {
  return CountingSocket.open(wsUrl, await issueToken(SECRET, { userId, expiresIn: 3600 }))
}

let count = 0

/** What a backend sends: a flat event without an id, each one different. */
export function eventText(trainerId: string, studentId: string, bytes: number): string {
  const event = {
    type: 'SESSION_COMPLETED',
    timestamp: 1_790_000_000_000 + count++,
    userId: 'backend',
    role: 'trainer',
    sessionId: `session-${count}`,
    trainerId,
    studentId,
    note: '',
  }
  event.note = 'x'.repeat(Math.max(0, bytes - JSON.stringify(event).length))
  return JSON.stringify(event)
}

export interface Loop {
  readonly lanes: readonly HttpLane[]
  readonly body: () => string
  /** It ends after so many events or so much time, whichever comes first. */
  readonly events?: number
  readonly seconds?: number
  readonly onAnswer?: (body: string) => void
}

export interface LoopResult {
  readonly events: number
  readonly seconds: number
  readonly latencies: readonly number[]
}

/** Each lane sends its next event when the last one is answered. */
export async function closedLoop(loop: Loop): Promise<LoopResult> {
  const { lanes, body, events = Infinity, seconds = Infinity, onAnswer } = loop
  const latencies: number[] = []
  const began = performance.now()
  let sent = 0
  const drive = async (lane: HttpLane): Promise<void> => {
    for (let now = performance.now(); sent < events && now - began < seconds * 1000;) {
      sent++
      const answer = await lane.post(body())
      const then = performance.now()
      latencies.push(then - now)
      now = then
      onAnswer?.(answer)
    }
  }
  await Promise.all(lanes.map(drive))
  return { events: latencies.length, seconds: (performance.now() - began) / 1000, latencies }
}

export async function withLanes<T>(
  httpUrl: string,
  lanes: number,
  use: (lanes: HttpLane[]) => Promise<T>,
): Promise<T> {
  const token = await publisherToken()
  const open = await Promise.all(Array.from({ length: lanes }, async () => HttpLane.open(httpUrl, token)))
  try {
    return await use(open)
  } finally {
    for (const lane of open) lane.close()
  }
}

/** A loop with what it cost the server and this client. */
export async function measuredLoop(pid: number, loop: Loop): Promise<Record<string, number>> {
  const [server, client] = [cpuOf(pid), process.cpuUsage()]
  const { events, seconds, latencies } = await closedLoop(loop)
  const { user, system } = process.cpuUsage(client)
  return {
    'events/s': rounded(events / seconds),
    'p50 ms': rounded(quantile(latencies, 0.5), 2),
    'p95 ms': rounded(quantile(latencies, 0.95), 2),
    'p99 ms': rounded(quantile(latencies, 0.99), 2),
    'max ms': rounded(quantile(latencies, 1), 2),
    'server CPU µs/event': rounded((cpuOf(pid) - server) / events),
    'client CPU µs/event': rounded((user + system) / events),
  }
}
