/** What somebody writes who has installed the packages. Files of a project of their own: see `Project`. */

/** Prints each event as it comes, publishes one when it is live, and leaves it to the process to end. */
const session = (connect: string, createPublisher: string, ws: string) => `
${connect}
${createPublisher}
${ws}
const { WS_URL, HTTP_URL, READER, PUBLISHER, SESSION } = process.env
const publisher = createPublisher({ httpUrl: HTTP_URL, getToken: () => PUBLISHER })
const events = connect({ url: WS_URL, httpUrl: HTTP_URL, getToken: () => READER, WebSocket })
events.on('SESSION_COMPLETED', ({ type, sessionId }, { via }) => {
  console.log(JSON.stringify({ type, sessionId, via }))
  events.close()
})
let published = false
events.onStatus(({ state }) => {
  if (state !== 'live' || published) return
  published = true
  void publisher.publish({
    type: 'SESSION_COMPLETED', timestamp: Date.now(), sessionId: SESSION, trainerId: 'trainer-1', studentId: 'student-1',
  })
})
`

export const esmSession = (client: string) =>
  session(
    `import { connect } from '${client}'`,
    "import { createPublisher } from 'event-fanout/publisher'",
    "import { WebSocket } from 'ws'",
  )

export const commonJsSession = (client: string) =>
  session(
    `const { connect } = require('${client}')`,
    "const { createPublisher } = require('event-fanout/publisher')",
    "const { WebSocket } = require('ws')",
  )

/** Imports, and says what that has left behind: globals, and whatever keeps a process alive. */
export const imports = (entries: readonly string[]) => `
const before = Object.getOwnPropertyNames(globalThis)
const resources = () => process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY|FSReq/.test(name))
const had = resources()
const names = {}
for (const entry of ${JSON.stringify(entries)}) names[entry] = Object.keys(await import(entry)).sort()
const globals = Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name))
console.log(JSON.stringify({ names, globals, resources: resources().slice(had.length) }))
`

/** One event map, from the backend to the hook. */
export const typed = (client: string, react: string) => `
import { connect, type EventClient, type Status } from '${client}'
import { useEventClient, useEvents, useEventStatus } from '${react}'
import { createPublisher } from 'event-fanout/publisher'
import { emit, type RedisConnection } from 'event-fanout/publisher/redis'

interface AppEvents {
  SESSION_COMPLETED: { sessionId: string; trainerId: string; studentId: string }
  SESSION_CANCELLED: { sessionId: string; reason?: string }
}
const getToken = () => 'token'
const url = 'wss://events.example.com'
const httpUrl = 'https://events.example.com'

export const events: EventClient<AppEvents> = connect<AppEvents>({ url, httpUrl, getToken, storage: localStorage })
events.on('SESSION_CANCELLED', ({ reason }) => reason?.toUpperCase())
// @ts-expect-error no such type
events.on('SESION_CANCELLED', () => undefined)
// @ts-expect-error no such field
events.on('SESSION_CANCELLED', ({ trainerId }) => trainerId)

export function useSessions(userId: string): Status {
  const client = useEventClient(() => connect<AppEvents>({ url, httpUrl, getToken, WebSocket, fetch }), [userId])
  useEvents(client, 'SESSION_COMPLETED', ({ sessionId, type, id }) => [sessionId, type, id].join())
  // @ts-expect-error no such type
  useEvents(client, 'SESION_COMPLETED', () => undefined)
  return useEventStatus(client)
}

const publisher = createPublisher<AppEvents>({ httpUrl, getToken })
const timestamp = Date.now()
export const published: Promise<{ readonly id: string }> = publisher.publish({
  type: 'SESSION_COMPLETED', timestamp, sessionId: 's-1', trainerId: 't-1', studentId: 's-1',
})
// @ts-expect-error a field is missing
void publisher.publish({ type: 'SESSION_COMPLETED', timestamp, sessionId: 's-1' })

declare const redis: RedisConnection
void emit<AppEvents>(redis, { type: 'SESSION_CANCELLED', timestamp, sessionId: 's-1', studentId: 'student-1' })
// @ts-expect-error no such type
void emit<AppEvents>(redis, { type: 'SESION_CANCELLED', timestamp, sessionId: 's-1' })
`

/** Without the DOM's types and without Node's, as in React Native. */
export const withoutPlatform = `
import { connect, type Storage } from 'event-fanout-client'
declare const AsyncStorage: {
  getItem(key: string): Promise<string | null>
  setItem(key: string, value: string): Promise<void>
}
const storage: Storage = AsyncStorage
const [url, httpUrl] = ['wss://events.example.com', 'https://events.example.com']
export const events = connect({ url, httpUrl, getToken: async () => 'token', storage })
events.on('ANYTHING', (event) => event['field'])
`

/** What the examples of docs/react.md take for granted: the app's own. */
export const ownOfTheApp = `
export {}
declare global {
  interface AppEvents {
    SESSION_COMPLETED: { sessionId: string; trainerId: string; studentId: string }
    SESSION_CANCELLED: { sessionId: string; reason?: string }
  }
  const url: string
  const httpUrl: string
  function getToken(hint: { readonly renew: boolean }): Promise<string>
  const store: { complete(sessionId: string): Promise<void>; fetchSessions(): Promise<void> }
  function toast(text: string): void
  function Offline(props: { signInAgain: boolean }): null
  function Sessions(): null
}
`

/** StrictMode, with whatever React is installed: what was open, subscribed and complained about. */
export const strictMode = `
const { Window } = await import(process.env.HAPPY_DOM)
const window = new Window()
Object.assign(globalThis, { window, document: window.document })
globalThis.navigator ??= window.navigator
const { createElement, StrictMode, version } = await import('react')
const { createRoot } = await import('react-dom/client')
const { renderToString } = await import('react-dom/server')
const { useEventClient, useEvents, useEventStatus } = await import('event-fanout-client/react')

const complaints = []
console.error = (...complaint) => complaints.push(complaint.join(' '))
const open = new Set()
const counts = []
const create = () => {
  let handlers = 0
  const client = {
    status: { state: 'live' },
    on: () => (handlers++, () => handlers--),
    onStatus: () => () => undefined,
    close: () => open.delete(client),
  }
  open.add(client)
  // What a client does first, it does in the next microtask.
  queueMicrotask(() => open.has(client) && counts.push(handlers))
  return client
}
const Inner = ({ client }) => useEvents(client, 'T', () => undefined) ?? useEventStatus(client).state
const App = () => createElement(Inner, { client: useEventClient(create, []) })
const content = createElement(StrictMode, null, createElement(App))

const html = renderToString(content)
const element = document.createElement('div')
const root = createRoot(element)
root.render(content)
while (element.textContent !== 'live') await new Promise((resolve) => setTimeout(resolve, 5))
const mounted = open.size
root.unmount()
while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 5))
console.log(JSON.stringify({ version, html, mounted, counts, complaints }))
await window.happyDOM.close()
process.exit(0)
`
