import type { Context } from './context.ts'
import { LONGEST_PAUSE, PAGE, POLL_AFTER } from './limits.ts'
import type { LogReader } from './log-reader.ts'
import type { Page } from './protocol.ts'
import { createTimer } from './timer.ts'
import type { Tokens } from './tokens.ts'
import { Unauthorized } from './unauthorized.ts'
import { within } from './within.ts'

/** Asks over HTTP, again and again, while there is no connection. */
export interface Poller {
  /** Polls, if there is no connection soon, and goes on; or, if it does already, at once. */
  readonly start: () => void
  readonly stop: () => void
}

interface Aborter {
  readonly signal: never
  abort(): void
}

declare const AbortController: new () => Aborter

/**
 * @param waiting how many events are not applied yet
 * @param polled called when a poll has been answered
 */
export function createPoller(
  context: Context,
  tokens: Tokens,
  reader: LogReader,
  waiting: () => number,
  polled: () => void,
  failed: (error: unknown) => void,
): Poller {
  const { pollInterval = 5_000 } = context
  let isRunning = false
  let isPolling = false
  let failures = 0
  let aborter: Aborter | undefined

  const poll = async (authorization: string, asked: number | undefined, signal: never): Promise<Page> => {
    // From now: only the head is of interest.
    const query =
      asked === undefined ? 'limit=1' : `after=${asked}&device=${encodeURIComponent(context.me.device)}`
    const url = `${context.httpUrl.replace(/\/$/, '')}/api/v1/events/recent?${query}`
    const response = await context.fetch(url, { headers: { authorization }, signal })
    const { status } = response
    if (status === 401) {
      tokens.refuse()
      throw new Unauthorized('HTTP 401')
    }
    const page = (await response.json()) as Partial<Page>
    // A proxy that wants a log-in answers 200, too.
    if (!page.events) throw new Error(`HTTP ${status}`)
    return page as Page
  }

  const tick = async (): Promise<void> => {
    // While the app is busy with what it has, it is looked again whether it still is.
    let pause = POLL_AFTER
    isPolling = true
    try {
      const authorization = `Bearer ${await tokens.get()}`
      // The device acknowledges the cursor: all up to there must have been applied.
      if (isRunning && !waiting()) {
        aborter = new AbortController()
        const asked = reader.cursor()
        const page = await within(context, PAGE, 'answer', poll(authorization, asked, aborter.signal))
        failures = 0
        pause = page.more ? 0 : pollInterval
        // Too late if there is a connection by now, but no harm.
        polled()
        reader.read(page, 'poll', asked)
      }
    } catch (error) {
      aborter?.abort()
      // The token may have ended: once more, with another.
      if (!failures && error instanceof Unauthorized) pause = 0
      else {
        pause = Math.min(LONGEST_PAUSE, pollInterval * 2 ** failures)
        if (isRunning) failed(error)
      }
      failures++
    }
    isPolling = false
    if (isRunning) tickAfter(pause * (0.8 + context.random() * 0.4))
  }

  const tickAfter = createTimer(context, tick)

  return {
    start: () => {
      failures = 0
      if (!isPolling) tickAfter(isRunning ? 0 : POLL_AFTER)
      isRunning = true
    },
    stop: () => {
      isRunning = false
      tickAfter()
      aborter?.abort()
    },
  }
}
