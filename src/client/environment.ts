import type { ConnectOptions, Fetch, Storage, WebSocketConstructor } from './options.ts'

export type Cancel = () => void

/**
 * Something that the platform noticed.
 *
 * - `look`: the app is looked at again, or the network may be back
 * - `offline`: the network is gone
 * - `hide`: the page goes, perhaps for ever
 */
export type Hint = 'look' | 'offline' | 'hide'

/** All that a client needs of the platform it runs on; tests put their own in its place. */
export interface Environment {
  /** Milliseconds since 1970. May jump: a phone sleeps, a clock is set. */
  readonly now: () => number
  /** From 0 to below 1. */
  readonly random: () => number
  /** Calls back once, after so many milliseconds. */
  readonly after: (milliseconds: number, run: () => void) => Cancel
  readonly WebSocket: WebSocketConstructor
  readonly fetch: Fetch
  /** What this tab alone sees and what survives its reload: `sessionStorage`. */
  readonly tabStorage: Storage | undefined
  /** Whether nobody looks at the app. */
  readonly isHidden: () => boolean
  readonly watch: (onHint: (hint: Hint) => void) => Cancel
  readonly reportError: (message: string, error: unknown) => void
}

type Listener = (event: { readonly type: string }) => void

/** What may be there: browsers have all of it, React Native and Node some. */
interface Platform {
  setTimeout(run: () => void, milliseconds: number): unknown
  clearTimeout(timer: unknown): void
  addEventListener?(type: string, listener: Listener): void
  removeEventListener?(type: string, listener: Listener): void
  readonly console: { error(message: string, error: unknown): void }
  readonly WebSocket?: WebSocketConstructor
  readonly fetch?: Fetch
  readonly sessionStorage?: Storage
  readonly document?: { readonly visibilityState: string }
}

/** `visibilitychange` is the document's; it bubbles. */
const WATCHED = ['online', 'offline', 'pageshow', 'pagehide', 'visibilitychange']

/**
 * The platform, as it is at the time of the call: an import looks at nothing.
 *
 * @throws TypeError if it lacks what no option gives
 */
export function platformEnvironment(options: Pick<ConnectOptions, 'WebSocket' | 'fetch'>): Environment {
  const platform = globalThis as unknown as Platform
  const isHidden = (): boolean => platform.document?.visibilityState === 'hidden'
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    after: (milliseconds, run) => {
      const timer = platform.setTimeout(run, milliseconds)
      return () => {
        platform.clearTimeout(timer)
      }
    },
    WebSocket: needed('WebSocket', options.WebSocket ?? platform.WebSocket),
    // Browsers insist that it is a method of `window`.
    fetch: needed('fetch', options.fetch ?? platform.fetch?.bind(platform)),
    tabStorage: tabStorageOf(platform),
    isHidden,
    watch: (onHint) => {
      const listener: Listener = ({ type }) => {
        if (type === 'offline') onHint(type)
        else if (type === 'pagehide') onHint('hide')
        else if (!isHidden()) onHint('look')
      }
      for (const type of WATCHED) platform.addEventListener?.(type, listener)
      return () => {
        for (const type of WATCHED) platform.removeEventListener?.(type, listener)
      }
    },
    reportError: (message, error) => {
      platform.console.error(message, error)
    },
  }
}

function needed<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw new TypeError(`connect: this platform has no ${name}; give one as an option`)
  return value
}

/** Where cookies are blocked, browsers throw at the mere mention. */
function tabStorageOf(platform: Platform): Storage | undefined {
  try {
    return platform.sessionStorage
  } catch {
    return undefined
  }
}
