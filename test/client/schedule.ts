import fc from 'fast-check'
import { Random } from '../chaos/random.ts'
import { type App, startApp } from './app.ts'
import { MapStorage } from './fake-environment.ts'
import { FakeServer } from './fake-server.ts'
import { ManualTime, settle } from './manual-time.ts'

/** What happens, a number from 0 to 999 that says how, and how many milliseconds pass after it. */
type Step = readonly [name: keyof typeof ACTIONS, how: number, wait: number]
export type Schedule = readonly Step[]

type Entry =
  | { readonly offset: number; readonly before: number | undefined; readonly log: number }
  | { readonly refetch: string; readonly head: number; readonly log: number }

/** One life of the app, from its start to its close or crash, and what its handlers saw in it. */
interface Life {
  readonly app: App
  /** Where the life before it had come to. */
  readonly kept: number | undefined
  readonly journal: Entry[]
  /** Where it had come to, once it is over. */
  end?: number | undefined
}

const HEAD = 1_000_000
const HANDLERS = ['good', 'slow', 'failing', 'hanging'] as const

/** One user's app on one device, over several lives, and the server that a schedule plays tricks with. */
export class World {
  readonly time = new ManualTime()
  readonly server = new FakeServer(this.time, HEAD)
  readonly lives: Life[] = []
  handlers: (typeof HANDLERS)[number] = 'good'
  /** Logs that there were: 1, and one more after each reset. */
  logs = 1
  expiries = 0
  lastReset = { at: 0, headBefore: 0 }
  #storage = new MapStorage()
  #isFresh = true
  readonly #from: number | undefined

  constructor(from: number | undefined) {
    this.#from = from
    this.start()
  }

  get life(): Life {
    return this.lives.at(-1)!
  }

  start(): void {
    const kept = this.#isFresh ? this.#from : (this.life.end ?? this.life.kept)
    this.#isFresh = false
    const journal: Entry[] = []
    const app = startApp(this.time, this.server, {
      seed: this.lives.length + 1,
      connect: { from: this.#from, storage: this.#storage },
      handle: (offset) => this.#handle(offset, app, journal),
    })
    app.client.onRefetch((refetch) => {
      if (!app.environment.isDead) journal.push({ refetch, head: this.#headOnTheWire(), log: this.logs })
    })
    this.lives.push({ app, kept, journal })
  }

  /** The process is gone in the middle of whatever it did; what it had remembered is there. */
  async crash(): Promise<void> {
    // What its last promises open is cut as well.
    await settle()
    this.life.app.environment.isDead = true
    this.life.end = this.life.app.client.offset
    this.server.cut()
    this.#storage = new MapStorage(this.#storage.entries)
  }

  /** Nothing that earlier lives remembered is left. */
  forget(): void {
    this.#storage = new MapStorage()
    this.#isFresh = true
  }

  /** The highest head that a page may tell: it may have left before the log was another one. */
  #headOnTheWire(): number {
    const { head } = this.server.log
    const { at, headBefore } = this.lastReset
    return this.time.now() - at < 60_000 ? Math.max(head, headBefore) : head
  }

  #handle(offset: number, { client, environment }: App, journal: Entry[]): unknown {
    if (environment.isDead) return undefined
    journal.push({ offset, before: client.offset, log: this.logs })
    if (this.handlers === 'failing' && offset % 3 === 0) throw new Error('a bug in a handler')
    if (this.handlers === 'hanging' && offset % 10 === 0) return new Promise(() => undefined)
    if (this.handlers !== 'slow') return undefined
    return new Promise<void>((resolve) => this.time.after('device', offset % 300, resolve))
  }
}

const ACTIONS = {
  publish: ({ server }: World, how: number) => {
    server.publishMany(how < 900 ? 1 + (how % 5) : how % 250)
  },
  pushes: ({ server }: World, how: number) => {
    const random = new Random(how)
    const fates = [[], [], [0], [0, 0], [random.whole(1, 1_000)], [0, random.whole(1, 5_000)]]
    server.pushes = () => (how < 100 ? [] : fates[random.whole(0, fates.length - 1)]!)
  },
  close: ({ server }: World, how: number) => {
    server.restart([1001, 1006, 1012][how % 3]!)
  },
  cut: ({ server }: World) => {
    server.cut()
  },
  kick: ({ server }: World, how: number) => {
    server.kick((['evicted', 'disconnected', 'expired'] as const)[how % 3]!)
  },
  handshakes: ({ server }: World, how: number) => {
    server.handshakes = (['answer', 'fail', 'hang', 'mute'] as const)[how % 4]!
  },
  polls: ({ server }: World, how: number) => {
    server.polls = (['answer', 'answer', 'refuse', 'hang', 'stall', 'html', 401, 503] as const)[how % 8]!
  },
  unavailable: ({ server }: World, how: number) => {
    server.isUnavailable = how % 2 === 0
  },
  mutePings: ({ server }: World, how: number) => {
    server.answersPings = how % 2 === 0
  },
  refuseTokens: ({ server }: World, how: number) => {
    server.tokens.areRefused = how % 2 === 0
    server.tellsStatus = how % 3 !== 0
  },
  delays: ({ server }: World, how: number) => {
    server.latency = 1 + how * (how % 2)
    server.readDelay = how % 3 === 0 ? how * 5 : 0
    server.answerDelay = how % 5 === 0 ? how * 3 : 0
  },
  pageSize: ({ server }: World, how: number) => {
    server.pageSize = 1 + (how % 100)
  },
  heal: ({ server }: World) => {
    server.heal()
  },
  hint: ({ lives }: World, how: number) => {
    lives.at(-1)!.app.environment.hint((['look', 'offline', 'hide'] as const)[how % 3]!)
  },
  sleep: async ({ time }: World, how: number) => time.sleep(how * 15_000),
  handlers: (world: World, how: number) => {
    world.handlers = HANDLERS[how % 4]!
  },
  restart: (world: World) => {
    world.life.app.client.close()
    world.life.end = world.life.app.client.offset
    world.start()
  },
  crash: async (world: World) => {
    await world.crash()
    world.start()
  },
  reinstall: async (world: World) => {
    await world.crash()
    world.forget()
    world.start()
  },
  expire: (world: World, how: number) => {
    world.expiries++
    world.server.log.keep(how % 20)
  },
  reset: (world: World, how: number) => {
    if (how % 4 > 0) return
    world.logs++
    world.lastReset = { at: world.time.now(), headBefore: world.server.log.head }
    // Offsets never come twice, so that they name an event.
    world.server.reset(HEAD + (how % 8 === 0 ? -1 : 1) * world.logs * 10_000)
    world.server.publishMany(how % 3)
  },
}

const names = Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]

const how = fc.nat(999)
const wait = fc.oneof(fc.nat(300), fc.nat(5_000), fc.nat(100_000))
const step: fc.Arbitrary<Step> = fc.tuple(
  fc.oneof({ arbitrary: fc.constantFrom(...names), weight: 3 }, fc.constant('publish' as const)),
  how,
  wait,
)

/** A first start over a bad network, where poll and socket come to the same log side by side: by itself it would be rare. */
const badStart: fc.Arbitrary<Schedule> = fc
  .tuple(how, how, fc.nat(8_000), how, wait)
  .map(([delays, pushes, start, publish, end]) => [
    ['delays', delays, 0],
    ['pushes', pushes, 0],
    ['reinstall', 0, start],
    ['publish', publish, end],
  ])

export const schedules: fc.Arbitrary<Schedule> = fc
  .array(fc.oneof({ arbitrary: step.map((one): Schedule => [one]), weight: 12 }, badStart), {
    minLength: 1,
    maxLength: 30,
  })
  .map((parts) => parts.flat())

/** Plays a schedule, then lets the network be well and time pass. */
export async function play(schedule: Schedule, from?: number): Promise<World> {
  const world = new World(from)
  for (const [name, how, wait] of schedule) {
    await ACTIONS[name](world, how)
    await world.time.advance(wait)
  }
  world.server.heal()
  world.handlers = 'good'
  await world.time.advance(61_000)
  // Whoever was evicted stays so until somebody looks.
  world.life.app.environment.hint('look')
  world.server.publish()
  await world.time.until(() => isAtRest(world), 4 * 3_600_000, 5_000).catch(() => undefined)
  await world.time.advance(5_000)
  return world
}

function isAtRest({ life: { app }, server }: World): boolean {
  return app.client.status.state === 'live' && app.client.offset === server.log.head
}

/** What is wrong with what the handlers saw; nothing, it is to be hoped. */
export function faultsOf(world: World): string[] {
  const { life, lives, server, expiries, logs } = world
  const { client } = life.app
  const faults = lives.flatMap((each, i) =>
    faultsOfLife(each, each === life ? client.offset : each.end, `life ${i}`),
  )
  const truncated = lives.flatMap(({ app }) => app.refetches).filter((reason) => reason === 'truncated')
  if (expiries + logs === 1 && truncated.length > 0) faults.push('truncated, with everything there')
  if (client.offset !== server.log.head)
    faults.push(`the offset is ${client.offset ?? '-'}, the head ${server.log.head}`)
  if (client.status.state !== 'live') faults.push(`the status is ${JSON.stringify(client.status)}`)
  const ack = server.acks.findLast(({ device }) => device === client.device)
  if (ack?.offset !== server.log.head) faults.push(`acknowledged is ${ack?.offset ?? '-'}`)
  return [...faults, ...server.complaints]
}

/** The chain of offsets must not break, from where the life before it ended to its own end, but for a refetch. */
function faultsOfLife({ journal, kept }: Life, end: number | undefined, name: string): string[] {
  const faults: string[] = []
  let last = kept
  let refetch: Extract<Entry, { refetch: string }> | undefined
  for (const entry of journal) {
    if ('refetch' in entry) {
      if (entry.refetch === 'start' && last !== undefined) faults.push(`${name}: start after ${last}`)
      refetch = entry
      last = undefined
      continue
    }
    const { offset, before = last } = entry
    if (offset - 1 !== before) faults.push(`${name}: ${offset} when applied was ${before ?? '-'}`)
    if (last !== undefined && offset - 1 !== last) faults.push(`${name}: ${offset} after ${last}`)
    if (refetch?.log === entry.log && offset - 1 > refetch.head)
      faults.push(`${name}: ${offset} first after a refetch at head ${refetch.head}`)
    refetch = undefined
    last = offset
  }
  // A handler that still runs at the end has not counted.
  if (last !== undefined && end !== undefined && end !== last && end !== last - 1)
    faults.push(`${name}: the offset is ${end} after ${last}`)
  return faults
}
