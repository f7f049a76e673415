import type { Cancel, Environment } from './environment.ts'
import type { Page } from './protocol.ts'
import type { Timing } from './timing.ts'
import type { Tokens } from './tokens.ts'
import { Unauthorized } from './unauthorized.ts'

export interface PollerOptions {
  /** Milliseconds. */
  readonly pollInterval: number
  /** Whether the app can take a page now. */
  readonly hasRoom: () => boolean
  readonly cursor: () => number | undefined
  /** Where to ask for the page after a cursor, of at most so many events. */
  readonly pageUrl: (after: number | undefined, limit: number) => string
  /** @param asked what the page comes after */
  readonly polled: (page: Page, asked: number | undefined) => void
  readonly failed: (error: unknown) => void
}

/** Asks over HTTP, again and again, while there is no connection. */
export interface Poller {
  /** Polls after so many milliseconds, and goes on. */
  readonly start: (milliseconds: number) => void
  readonly stop: () => void
}

export function createPoller(
  environment: Environment,
  timing: Timing,
  tokens: Tokens,
  options: PollerOptions,
): Poller {
  let isRunning = false
  let isPolling = false
  let failures = 0
  let nextPoll: Cancel | undefined
  let abortPoll: Cancel | undefined

  const poll = async (isRetry?: boolean): Promise<[page: Page, asked: number | undefined]> => {
    const headers = { authorization: `Bearer ${await tokens.get()}` }
    const { signal, abort } = createAborter()
    abortPoll = abort
    const cancel = environment.after(timing.page, abort)
    // A page that did not come in time may have been too large for the network.
    const asked = options.cursor()
    const url = options.pageUrl(asked, failures > 0 ? 10 : 100)
    try {
      const response = await environment.fetch(url, { headers, signal })
      if (response.status !== 401) return [pageOf(await response.json()), asked]
    } finally {
      cancel()
    }
    tokens.refuse()
    if (isRetry) throw new Unauthorized('HTTP 401')
    return poll(true)
  }

  const tick = async (): Promise<void> => {
    let pause = options.pollInterval
    isPolling = true
    try {
      if (options.hasRoom()) {
        const [page, asked] = await poll()
        failures = 0
        if (isRunning) options.polled(page, asked)
        if (page.more) pause = 0
      }
    } catch (error) {
      pause = Math.min(timing.longestPause, pause * 2 ** failures++)
      if (isRunning) options.failed(error)
    }
    isPolling = false
    if (isRunning) start(pause * (0.8 + environment.random() * 0.4))
  }

  const start = (milliseconds: number): void => {
    isRunning = true
    if (isPolling) return
    nextPoll?.()
    nextPoll = environment.after(milliseconds, () => void tick())
  }

  return {
    start,
    stop: () => {
      isRunning = false
      nextPoll?.()
      abortPoll?.()
    },
  }
}

/** A proxy that wants a log-in answers 200, too. */
function pageOf(body: unknown): Page {
  if (Array.isArray((body as Page).events)) return body as Page
  throw new Error(`answered with ${JSON.stringify(body)}`)
}

function createAborter(): { readonly signal: never; readonly abort: () => void } {
  const { AbortController } = globalThis as unknown as {
    readonly AbortController: new () => { readonly signal: never; abort(): void }
  }
  const controller = new AbortController()
  return {
    signal: controller.signal,
    abort: () => {
      controller.abort()
    },
  }
}
