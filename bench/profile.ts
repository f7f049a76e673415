/**
 * Where the server's time goes while 64 publishes are under way all the time:
 *
 *     npm run build
 *     npm run bench:profile -- [--seconds 8] [--keep profiles]
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ServerProcess } from '../test/chaos/server-process.ts'
import { closedLoop, eventText, openSocket, withLanes } from './load.ts'
import { rounded, withFolder } from './measure.ts'
import { optionsOrExit, positive } from './options.ts'

const OUTSTANDING = 64
const USERS = 100
const TOP = 15

interface CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** The first that fits. */
const CATEGORIES: readonly (readonly [name: string, fits: (frame: CallFrame) => boolean])[] = [
  ['idle', ({ functionName }) => functionName === '(idle)'],
  ['garbage collection', ({ functionName }) => functionName === '(garbage collector)'],
  ['native code that is not attributed (program)', ({ functionName }) => functionName === '(program)'],
  ['tokens (jose, WebCrypto)', ({ url }) => /\/jose\/|src\/auth\/|internal\/crypto\/|webidl/.test(url)],
  ['hash and canonical JSON', ({ url }) => /noble|canonicalize|core\/ids/.test(url)],
  ['event checks (core)', ({ url }) => /src\/core\/(event|json-text|recipients)/.test(url)],
  ['publish and push (core)', ({ url }) => url.includes('/src/core/')],
  ['log and journal (src/embedded)', ({ url }) => url.includes('/src/embedded/')],
  ['lmdb', ({ url }) => /\/(lmdb|msgpackr|ordered-binary)\//.test(url)],
  [
    'WebSocket (ws, src/gateway)',
    ({ url }) => /\/ws\/|gateway\/connections?\.|websocket-api|frame-limit/.test(url),
  ],
  [
    'HTTP gateway (src/gateway, src/local, lambdas)',
    ({ url }) => /src\/(gateway|local)\/|\/lambdas\//.test(url),
  ],
  [
    'node:http and streams',
    ({ url }) =>
      /^node:(_http|http|internal\/(http|streams|js_stream))|^node:(_?stream|net|events|internal\/(stream_base|net))/.test(
        url,
      ),
  ],
  ['the rest of Node', ({ url }) => url.startsWith('node:')],
  ['built into V8 and Node, the system calls of sockets among it', () => true],
]

async function record(folder: string, seconds: number): Promise<Profile> {
  const nodeArguments = ['--cpu-prof', '--cpu-prof-interval', '500', '--cpu-prof-dir', folder]
  const server = await ServerProcess.start({ dataDir: join(folder, 'data'), nodeArguments })
  const sockets = await Promise.all(
    Array.from({ length: USERS }, async (_, user) => openSocket(server.wsUrl, `user-${user}`)),
  )
  let next = 0
  const body = (): string => eventText(`user-${next++ % USERS}`, `user-${next % USERS}`, 400)
  const { events, seconds: taken } = await withLanes(server.httpUrl, OUTSTANDING, async (lanes) =>
    closedLoop({ lanes, body, seconds }),
  )
  for (const socket of sockets) socket.close()
  await server.stop()
  console.log(`${rounded(events / taken)} events/s while profiled`)
  const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile')) ?? ''
  if (keep !== undefined) {
    mkdirSync(keep, { recursive: true })
    copyFileSync(join(folder, file), join(keep, 'publish.cpuprofile'))
  }
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile
}

/** Microseconds by key. */
function selfTimes(
  { nodes, samples, timeDeltas }: Profile,
  keyOf: (frame: CallFrame) => string,
): Map<string, number> {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const times = new Map<string, number>()
  for (const [i, id] of samples.entries()) {
    const key = keyOf(frames.get(id)!)
    times.set(key, (times.get(key) ?? 0) + (timeDeltas[i] ?? 0))
  }
  return times
}

function show(title: string, times: Map<string, number>, busy: number, top: number): void {
  console.log(`\n| ${title} | share of busy time |\n| --- | --- |`)
  const sorted = [...times].filter(([key]) => !key.includes('idle')).toSorted(([, a], [, b]) => b - a)
  for (const [key, time] of sorted.slice(0, top))
    console.log(`| ${key} | ${rounded((100 * time) / busy, 1)} % |`)
}

const place = ({ functionName, url, lineNumber }: CallFrame): string =>
  `${functionName === '' ? '(anonymous)' : functionName} ${url.replace(/^.*\/(node_modules|dist)\//, '')}${url === '' ? '' : `:${lineNumber + 1}`}`

const { seconds, keep } = optionsOrExit('npm run bench:profile -- [--seconds 8] [--keep FOLDER]', (args) => {
  const { values } = parseArgs({
    args,
    options: { seconds: { type: 'string', default: '8' }, keep: { type: 'string' } },
  })
  return { seconds: positive('--seconds', values.seconds), keep: values.keep }
})
const profile = await withFolder(async (folder) => record(folder, seconds))
const byCategory = selfTimes(profile, (frame) => CATEGORIES.find(([, fits]) => fits(frame))![0])
const total = [...byCategory.values()].reduce((sum, time) => sum + time, 0)
const busy = total - (byCategory.get('idle') ?? 0)
console.log(`the main thread was busy ${rounded((100 * busy) / total)} % of the time`)
show('category', byCategory, busy, CATEGORIES.length)
show('function', selfTimes(profile, place), busy, TOP)
