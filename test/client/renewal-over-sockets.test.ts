import { pino } from 'pino'
import { expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createClient } from '../../src/client/client.ts'
import type { Arrival } from '../../src/client/event-client.ts'
import { platformEnvironment } from '../../src/client/environment.ts'
import type * as Limits from '../../src/client/limits.ts'
import type * as WebSocketApi from '../../src/gateway/websocket/websocket-api.ts'
import { startServer } from '../../src/local/server.ts'
import { readSettings } from '../../src/local/settings.ts'
import { SECRET } from '../e2e/deployment.ts'
import { folderForTest } from '../e2e/server-process.ts'
import { publisherToken, tokenFor } from '../e2e/tokens.ts'

const { LIMIT } = vi.hoisted(() => ({ LIMIT: 3_000 }))
const EVERY = 20

// The embedded server as it is, but for the one limit that nobody wants to wait for.
vi.mock('../../src/gateway/websocket/websocket-api.ts', async (original) => {
  const api = await original<typeof WebSocketApi>()
  const createWebSocketApi: typeof api.createWebSocketApi = (options) =>
    api.createWebSocketApi({ ...options, quotas: { ...options.quotas, lifetimeMs: LIMIT } })
  return { ...api, createWebSocketApi }
})

vi.mock('../../src/client/limits.ts', async (original) => ({
  ...(await original<typeof Limits>()),
  CONNECTION: LIMIT * 0.8,
}))

/** From when to when a connection was dialed, could be used, and was no more. */
interface Span {
  readonly dialed: number
  joined: number
  closed: number
  code: number
}

const spans: Span[] = []

class WatchedWebSocket extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols)
    const span = { dialed: performance.now(), joined: Infinity, closed: Infinity, code: 0 }
    spans.push(span)
    this.on('message', (data: Buffer) => {
      if (data.toString().startsWith('{"type":"events"'))
        span.joined = Math.min(span.joined, performance.now())
    })
    this.once('close', (code) => {
      Object.assign(span, { closed: performance.now(), code })
    })
  }
}

interface Sent {
  readonly at: number
  readonly offset: number
}

it('a client that lives through three connection limits misses and repeats nothing, and is never late for it', async () => {
  const server = await startServer(
    readSettings({ PORT: '0', WS_PORT: '0', CONSOLE: '0', JWT_SECRET: SECRET, DATA_DIR: folderForTest() }),
    pino({ level: 'silent' }),
  )
  onTestFinished(async () => server.stop())
  const deployment = { ...server, secret: SECRET, isOwn: true }
  const publish = async (): Promise<Sent> => {
    const at = performance.now()
    const response = await fetch(`${server.httpUrl}/api/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${publisherToken(deployment)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'TOLD', recipientIds: ['trainer-1'], id: `event ${at}` }),
    })
    const { recipients } = (await response.json()) as { recipients: { offset: number }[] }
    return { at, offset: recipients[0]!.offset }
  }

  const arrivals: (Arrival & { readonly at: number })[] = []
  const states: string[] = []
  const client = createClient(
    { url: server.wsUrl, httpUrl: server.httpUrl, getToken: () => tokenFor(deployment, 'trainer-1') },
    platformEnvironment({ WebSocket: WatchedWebSocket }),
  )
  onTestFinished(() => {
    client.close()
  })
  client.onStatus(({ state }) => states.push(state))
  client.onAny((_, arrival) => {
    arrivals.push({ at: performance.now(), ...arrival })
  })
  await vi.waitFor(
    () => {
      expect(states).toEqual(['live'])
    },
    { timeout: 20_000 },
  )

  const sent: Sent[] = []
  const end = performance.now() + 3 * LIMIT + LIMIT / 2
  while (performance.now() < end) {
    sent.push(await publish())
    await new Promise((resolve) => setTimeout(resolve, EVERY))
  }
  await vi.waitFor(
    () => {
      expect(arrivals).toHaveLength(sent.length)
    },
    { timeout: 20_000 },
  )

  expect(arrivals.map(({ offset }) => offset)).toEqual(sent.map(({ offset }) => offset))
  expect(states).toEqual(['live'])
  expect(arrivals.every(({ via }) => via !== 'poll')).toBe(true)
  expect(spans.length).toBeGreaterThanOrEqual(4)
  // No event ever waited for a connection: from its publish to its delivery there was one that had joined.
  for (const [i, { at }] of sent.entries()) {
    const held = spans.filter(({ joined, closed }) => joined <= at && at < closed)
    expect(held.length, `connections when event ${i} was published`).toBeGreaterThanOrEqual(1)
  }
  // Ended by the client, with 1000, before the server would have, with 1001.
  expect(spans.slice(0, -1).map(({ code }) => code)).not.toContain(1001)

  report(sent, arrivals)
}, 120_000)

/** Times of a shared machine decide no test; they are there to be read. */
function report(sent: readonly Sent[], arrivals: readonly { readonly at: number }[]): void {
  const renewals = spans.slice(1).map(({ dialed, joined }) => ({ from: dialed, to: joined }))
  const latencies = sent.map(({ at }, i) => ({ at, took: arrivals[i]!.at - at }))
  const isIn = ({ at, took }: (typeof latencies)[number]): boolean =>
    renewals.some(({ from, to }) => at < to && at + took > from)
  const slowest = (some: typeof latencies): number => Math.max(0, ...some.map(({ took }) => took))
  const [during, ordinary] = [latencies.filter(isIn), latencies.filter((each) => !isIn(each))]
  const longest = Math.max(...renewals.map(({ from, to }) => to - from))
  console.info(
    `${sent.length} events, ${renewals.length} renewals of at most ${longest.toFixed(1)} ms; slowest delivery ` +
      `${slowest(ordinary).toFixed(1)} ms, ${during.length} during renewals, slowest ${slowest(during).toFixed(1)} ms`,
  )
}
