import { afterEach, beforeEach, expect, vi } from 'vitest'
import { createClient } from '../../src/client/client.ts'
import type { Arrival, EventClient, RefetchReason } from '../../src/client/event-client.ts'
import type { AnyEvents } from '../../src/client/event-map.ts'
import { NEXT } from '../../src/client/machine.ts'
import type { ConnectOptions } from '../../src/client/options.ts'
import type { State, Status } from '../../src/client/status.ts'
import { type DeviceOptions, FakeEnvironment } from './fake-environment.ts'
import { FakeServer } from './fake-server.ts'
import { ManualTime } from './manual-time.ts'

export const URLS = { url: 'wss://events.example.com', httpUrl: 'https://events.example.com' }

export interface AppOptions extends DeviceOptions {
  /** Merged over working ones. Keys that are `undefined` take an option away. */
  readonly connect?: { readonly [Key in keyof ConnectOptions]?: ConnectOptions[Key] | undefined }
  /** Called for every event, once it was written down in `seen`. */
  readonly handle?: (offset: number) => unknown
}

/** An app that writes down everything that its client tells it. */
export interface App {
  readonly client: EventClient<AnyEvents>
  readonly environment: FakeEnvironment
  readonly seen: ({ readonly id: unknown; readonly at: number } & Arrival)[]
  readonly refetches: RefetchReason[]
  readonly statuses: Status[]
  readonly lines: string[]
}

/** Every change of every client in the tests of this file, as `live>connecting`. */
export const transitions = new Set<string>()
const servers = new Set<FakeServer>()
/** What was written to the console in this test: the failures of the app's callbacks. */
export const errors: { readonly message: string; readonly error: unknown }[] = []

beforeEach(() => {
  errors.length = 0
  vi.spyOn(console, 'error').mockImplementation((message: string, error: unknown) => {
    errors.push({ message, error })
  })
})

afterEach(() => {
  const table = Object.entries(NEXT).flatMap(([from, edges]) =>
    Object.values(edges).map((to) => `${from}>${to}`),
  )
  expect(table, 'src/client/machine.ts').toEqual(expect.arrayContaining([...transitions]))
  expect([...servers].flatMap(({ complaints }) => complaints)).toEqual([])
  servers.clear()
})

export function scene(head?: number): { time: ManualTime; server: FakeServer } {
  const time = new ManualTime()
  const server = new FakeServer(time, head)
  servers.add(server)
  return { time, server }
}

export function startApp(time: ManualTime, server: FakeServer, options: AppOptions = {}): App {
  const environment = new FakeEnvironment(time, server, options)
  const lines: string[] = []
  const client = createClient(
    {
      ...URLS,
      getToken: () => server.tokens.issue(),
      log: (line) => lines.push(line),
      ...options.connect,
    } as ConnectOptions,
    environment,
  )
  const app: App = { client, environment, lines, seen: [], refetches: [], statuses: [client.status] }
  client.onAny((event, arrival) => {
    app.seen.push({ id: event.id, at: time.now(), ...arrival })
    return options.handle?.(arrival.offset)
  })
  client.onRefetch((reason) => app.refetches.push(reason))
  record(app)
  return app
}

function record({ client, statuses }: App): void {
  let last: State = client.status.state
  client.onStatus((status) => {
    statuses.push(status)
    transitions.add(`${last}>${status.state}`)
    last = status.state
  })
}

export const offsets = ({ seen }: App): number[] => seen.map(({ offset }) => offset)

export const states = ({ statuses }: App): State[] => statuses.map(({ state }) => state)

/** An app that is live and whose first pages are read. */
export async function liveApp(time: ManualTime, server: FakeServer, options: AppOptions = {}): Promise<App> {
  const app = startApp(time, server, options)
  await time.until(() => app.client.status.state === 'live')
  await time.advance(1_500)
  return app
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)
