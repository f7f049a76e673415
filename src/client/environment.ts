import type { ConnectOptions, Fetch, Storage, WebSocketConstructor } from './options.ts'

/** Returns nothing, so that `timer = timer?.()` stops a timer and forgets it. */
export type Cancel = () => Cancel | undefined

/** All that a client needs of the platform it runs on; tests put their own in its place. */
export interface Environment {
  /** Milliseconds since 1970. May jump: a phone sleeps, a clock is set. */
  readonly now: () => number
  /** From 0 to below 1. */
  readonly random: () => number
  /** Calls back once, after so many milliseconds. */
  readonly after: (milliseconds: number, run: () => unknown) => Cancel
  readonly WebSocket: WebSocketConstructor
  readonly fetch: Fetch
  /** The storage keys of the clients that live in this page or process: each has its own. */
  readonly keys: Set<string>
  /** What this tab alone sees and what survives its reload: `sessionStorage`. */
  readonly tabStorage: Storage | undefined
  /**
   * @param look called when the app is looked at again, or something about the network has changed
   * @param leave called when the page goes, perhaps for ever
   */
  readonly watch: (look: () => void, leave: () => void) => Cancel
}

type Listener = (event: { readonly type: string }) => void

/** What may be there: browsers have all of it, React Native and Node some. */
interface Platform {
  addEventListener?(type: string, listener: Listener): void
  removeEventListener?(type: string, listener: Listener): void
  /** Not in Node before 22: the check of the options tells. */
  readonly WebSocket: WebSocketConstructor
  readonly fetch: Fetch
  readonly sessionStorage?: Storage
  readonly document?: { readonly visibilityState: string }
}

declare function setTimeout(run: () => unknown, milliseconds: number): unknown
declare function clearTimeout(timer: unknown): void

/** `visibilitychange` is the document's; it bubbles. */
const WATCHED = ['online', 'offline', 'pagehide', 'visibilitychange']

const KEYS = new Set<string>()

/** The platform, as it is at the time of the call: an import looks at nothing. */
export function platformEnvironment(options: Pick<ConnectOptions, 'WebSocket' | 'fetch'>): Environment {
  const platform = globalThis as unknown as Platform
  return {
    now: Date.now,
    random: Math.random,
    after: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds)
      return () => {
        clearTimeout(timer)
        return undefined
      }
    },
    WebSocket: options.WebSocket ?? platform.WebSocket,
    // Browsers insist that it is a method of `window`.
    fetch: (options.fetch ?? platform.fetch).bind(platform),
    keys: KEYS,
    tabStorage: tabStorageOf(platform),
    watch: (look, leave) => {
      const listener: Listener = ({ type }) => {
        if (type === 'pagehide') leave()
        else if (platform.document?.visibilityState !== 'hidden') look()
      }
      for (const type of WATCHED) platform.addEventListener?.(type, listener)
      return () => {
        for (const type of WATCHED) platform.removeEventListener?.(type, listener)
        return undefined
      }
    },
  }
}

/** Where cookies are blocked, browsers throw at the mere mention. */
function tabStorageOf(platform: Platform): Storage | undefined {
  try {
    // Node and Deno have one, without a tab.
    return platform.document && platform.sessionStorage
  } catch {
    return undefined
  }
}
