/** The part of a `Response` that is used. */
export interface FetchAnswer {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  text(): Promise<string>
}

/** The part of `fetch` that is used. */
export type Fetch = (
  url: string,
  init: {
    readonly method: 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    readonly redirect: 'manual'
    readonly signal: AbortSignal
  },
) => Promise<FetchAnswer>

export interface PublisherOptions {
  /** Where HTTP is, as `https://events.example.com`. A path is kept: `/api/v1/events` is added to it. */
  readonly httpUrl: string
  /**
   * Gives a token with `events:publish` in its `scope`: a JSON Web Token. Called before every try, so keep it until it is about to
   * end. With `renew` the server has refused the last one, so one from a cache will not do. A rejection counts as "none now",
   * and is tried again.
   */
  readonly getToken: (hint: { readonly renew: boolean }) => string | Promise<string>
  /** Milliseconds that the server, or `getToken`, has to answer before it is tried again. @default 10000 */
  readonly tryTimeout?: number
  /**
   * Milliseconds after which it is given up, all tries and the pauses between them together. For `publishAll` of each batch of 100.
   *
   * @default 60000
   */
  readonly deadline?: number
  /** Told in one line what is tried again and why. Never holds a token, nor an event. */
  readonly log?: (line: string) => void
  /** By default the platform's. */
  readonly fetch?: Fetch
}

export interface PublishOptions {
  /** Gives up at once when it is aborted. */
  readonly signal?: AbortSignal
  /** In place of the publisher's. */
  readonly deadline?: number
  /**
   * Do not wait until the event is in the logs, only until the server's queue has it. A server without a queue, as the embedded one, answers
   * as always. What the queue finds out later, a conflict of ids for example, is not told.
   */
  readonly respondAsync?: boolean
}

/** Options that were checked. */
export interface Target extends Required<Omit<PublisherOptions, 'httpUrl' | 'log' | 'fetch'>> {
  readonly url: string
  /** The server as a message names it. */
  readonly origin: string
  readonly log: (line: string) => void
  readonly fetch: Fetch
}

const TRY_TIMEOUT = 10_000
const DEADLINE = 60_000

/** @throws TypeError that names the option, its value and what would do */
export function targetOf(options: PublisherOptions): Target {
  const { getToken, tryTimeout = TRY_TIMEOUT, deadline = DEADLINE, log = () => undefined } = options
  const { url, origin } = endpointOf(options.httpUrl)
  checkFunction('getToken', getToken)
  checkDuration('tryTimeout', tryTimeout)
  checkDuration('deadline', deadline)
  const fetch: Fetch = options.fetch ?? globalThis.fetch
  checkFunction('fetch', fetch)
  return { url, origin, getToken, tryTimeout, deadline, log, fetch }
}

function endpointOf(httpUrl: unknown): { url: string; origin: string } {
  const url = typeof httpUrl === 'string' && URL.canParse(httpUrl) ? new URL(httpUrl) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`httpUrl is ${JSON.stringify(httpUrl)}; it must look like https://events.example.com`)
  }
  // Not shown: it may hold a password.
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError(
      `httpUrl, at ${url.origin}, has a user, a query or a fragment; it must look like https://events.example.com`,
    )
  }
  return { url: `${url.origin}${url.pathname.replace(/\/+$/, '')}/api/v1/events`, origin: url.origin }
}

function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw new TypeError(`${name} is ${typeof value}; it must be a function`)
}

/** Longer ones `setTimeout` would take for none at all. */
const LONGEST = 2 ** 31 - 1

/** @throws TypeError */
export function checkDuration(name: string, value: number): void {
  if (value > 0 && value <= LONGEST) return
  throw new TypeError(`${name} is ${value}; it must be milliseconds, above 0 and at most ${LONGEST}`)
}
