import type { Cancel, Environment } from '../../src/client/environment.ts'
import type { Fetch, Storage, WebSocketConstructor } from '../../src/client/options.ts'
import { Random } from '../chaos/random.ts'
import type { ManualTime } from './manual-time.ts'

/** What a page hears from its platform: it is looked at, the network is gone or back, or the page goes. */
export type Hint = 'look' | 'offline' | 'hide'

/** Where an environment's sockets and polls go to. */
export interface Network {
  readonly WebSocket: WebSocketConstructor
  readonly fetch: Fetch
}

export interface DeviceOptions {
  readonly seed?: number
  readonly tabStorage?: Storage
  /** By how many milliseconds its clock is ahead. */
  readonly clockError?: number
  /** Of the page, if it has several clients. */
  readonly keys?: Set<string>
}

/** A device for one client: its time is the test's, its chance has a seed, and its hints come when the test says so. */
export class FakeEnvironment implements Environment {
  readonly WebSocket: WebSocketConstructor
  readonly fetch: Fetch
  readonly tabStorage: Storage | undefined
  readonly keys: Set<string>
  /** Timers that were set and have neither fired nor been cancelled. */
  timers = 0
  /** The app has crashed, or its page is gone: nothing of it runs any more. */
  isDead = false
  readonly #time: ManualTime
  readonly #random: Random
  readonly #clockError: number
  readonly #watchers = new Set<(hint: Hint) => void>()

  constructor(time: ManualTime, network: Network, options: DeviceOptions = {}) {
    this.#time = time
    this.#random = new Random(options.seed ?? 1)
    this.WebSocket = network.WebSocket
    this.fetch = network.fetch
    this.tabStorage = options.tabStorage
    this.#clockError = options.clockError ?? 0
    this.keys = options.keys ?? new Set()
  }

  // Fields, not methods: a client may take them out of the object.
  readonly now = (): number => this.#time.now() + this.#clockError
  readonly random = (): number => this.#random.next()

  readonly after = (milliseconds: number, run: () => void): Cancel => {
    this.timers++
    let isSet = true
    const end = (): void => {
      if (isSet) this.timers--
      isSet = false
    }
    const cancel = this.#time.after('device', milliseconds, () => {
      end()
      if (!this.isDead) run()
    })
    return () => {
      end()
      cancel()
    }
  }

  readonly watch = (look: () => void, leave: () => void): Cancel => {
    const onHint = (hint: Hint): void => {
      if (hint === 'hide') leave()
      else look()
    }
    this.#watchers.add(onHint)
    return () => {
      this.#watchers.delete(onHint)
    }
  }

  hint(hint: Hint): void {
    for (const watcher of [...this.#watchers]) watcher(hint)
  }

  get watchers(): number {
    return this.#watchers.size
  }
}

/** A storage as `localStorage` is one, to be shared by the clients of a test. */
export class MapStorage implements Storage {
  readonly entries: Map<string, string>

  constructor(entries: Iterable<readonly [string, string]> = []) {
    this.entries = new Map(entries)
  }

  getItem(key: string): string | null {
    return this.entries.get(key) ?? null
  }

  setItem(key: string, value: string): void {
    this.entries.set(key, value)
  }
}
