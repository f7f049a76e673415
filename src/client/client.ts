import { createApplier } from './applier.ts'
import { createConnector } from './connector.ts'
import { createCursorStore } from './cursor-store.ts'
import type { Cancel, Environment } from './environment.ts'
import type { EventClient } from './event-client.ts'
import type { AnyEvents } from './event-map.ts'
import { createLogReader, type Item } from './log-reader.ts'
import { type Happening, nextStatus } from './machine.ts'
import type { ConnectOptions } from './options.ts'
import { createPoller } from './poller.ts'
import { createProgress } from './progress.ts'
import { type Frame, isError, type Page } from './protocol.ts'
import type { Reason, Status } from './status.ts'
import { createSubscriptions } from './subscriptions.ts'
import type { Timing } from './timing.ts'
import { createTokens } from './tokens.ts'
import { Unauthorized } from './unauthorized.ts'

/** Puts the parts together: what comes from the connector and the poller goes through the reader to the app's handlers. */
export function createClient(
  options: ConnectOptions,
  platform: Environment,
  timing: Timing,
): EventClient<AnyEvents> {
  const timers = new Set<Cancel>()
  const environment: Environment = { ...platform, after: trackedTimers(platform, timers) }
  const subscriptions = createSubscriptions()
  let status: Status = { state: 'connecting' }
  let user: string | undefined
  let device = ''

  const say = (line: string): void => {
    options.log?.(`event-fanout: ${line}`)
  }

  const happen = (happening: Happening, reason?: Reason): void => {
    const before = status
    status = nextStatus(status, happening, reason)
    if (status === before) return
    say(status.state === 'polling' ? `polling started: ${String(reason)}` : [status.state, reason].join(' '))
    subscriptions.call(['status'], status).catch((error: unknown) => {
      environment.reportError('event-fanout: a status listener failed', error)
    })
  }

  /** Neither way works. */
  const failed = (error: unknown): void => {
    happen('failed', error instanceof Unauthorized ? 'unauthorized' : 'unreachable')
  }

  /** The first token tells whose log it is, and so where that was left. */
  const admit = async (sub: string): Promise<void> => {
    if (user === sub) return
    if (user !== undefined) throw new Unauthorized(`a token of ${sub}, not of ${user}`)
    user = sub
    const kept = await store.load(sub)
    device = kept.device
    progress.start(kept.offset)
    reader.start(kept.offset ?? options.from)
  }

  const handle = async (item: Item): Promise<void> => {
    if ('refetch' in item) {
      say(`starting at offset ${item.offset}: ${item.refetch}`)
      await subscriptions.call(['refetch'], item.refetch)
    } else {
      const { offset, via, event } = item
      await subscriptions.call(['event', `event ${event.type}`], event, { offset, via })
    }
  }

  const received = (frame: Frame, asked: number | undefined): void => {
    if (frame.type === 'event') {
      say(`event ${frame.event.type} received at offset ${frame.offset}`)
      reader.pushed(frame)
    } else if (frame.type === 'events') {
      say(`resumed ${reader.read(frame, 'resume', asked)} events, head ${frame.head}`)
    } else if (frame.type === 'pong') {
      reader.heard(frame.head)
    } else if (isError(frame)) {
      say(`the server says: ${frame.code ?? ''} ${frame.message}`)
      // The page that was asked for will not come; it is asked for again, but not at once.
      environment.after(timing.pollAfter, reader.resumeReading)
    }
  }

  const polled = (page: Page, asked: number | undefined): void => {
    happen('polled', connector.isEvicted() ? 'evicted' : 'unreachable')
    const events = reader.read(page, 'poll', asked)
    if (events > 0) say(`polled ${events} events, head ${page.head}`)
  }

  const pageUrl = (after: number | undefined, limit: number): string => {
    const url = `${options.httpUrl?.replace(/\/$/, '') ?? ''}/api/v1/events/recent?`
    // From now: only the head is of interest.
    if (after === undefined) return `${url}limit=1`
    // With a device it acknowledges the cursor, which is too early while a handler runs.
    const ack = applier.isIdle() ? `&device=${encodeURIComponent(device)}` : ''
    return `${url}after=${after}&limit=${limit}${ack}`
  }

  const check = (): void => {
    if (status.state === 'closed') return
    connector.check()
    if (status.state !== 'live') poller?.start(0)
  }

  const store = createCursorStore(environment, timing, options, say)
  const tokens = createTokens(environment, timing, options.getToken, admit)
  const progress = createProgress(environment, timing, store.save, (message) => connector.send(message))
  const applier = createApplier<Item>(environment, timing, {
    handle,
    applied: ({ offset }) => {
      progress.applied(offset)
    },
    failed: ({ offset }, error) => {
      progress.failed(offset, error)
      environment.reportError(`event-fanout: a handler failed at offset ${offset}`, error)
    },
    drained: () => {
      reader.resumeReading()
    },
  })
  const reader = createLogReader({
    take: applier.add,
    hasRoom: applier.hasRoom,
    ask: () => {
      if (applier.hasRoom()) connector.resume()
    },
  })
  const connector = createConnector(environment, timing, tokens, {
    url: options.url,
    pingInterval: options.pingInterval ?? 60_000,
    resumeMessage: () => ({ action: 'resume', after: reader.cursor(), device }),
    received,
    joined: () => {
      poller?.stop()
      say(`connected as ${String(user)}, device ${device}`)
      happen('joined')
      progress.retell()
    },
    lost: (reason) => {
      say(`connection lost: ${reason}`)
      happen('lost')
      if (poller) poller.start(connector.isEvicted() ? 0 : timing.pollAfter)
      else if (connector.isEvicted()) happen('failed', 'evicted')
    },
    failed: (error) => {
      say(`no connection: ${String(error)}`)
      if (!poller) failed(error)
      else if (status.state === 'connecting') poller.start(0)
    },
  })
  const poller =
    options.httpUrl === undefined
      ? undefined
      : createPoller(environment, timing, tokens, {
          pollInterval: options.pollInterval ?? 5_000,
          hasRoom: applier.hasRoom,
          cursor: reader.cursor,
          pageUrl,
          polled,
          failed: (error) => {
            say(`poll failed: ${String(error)}`)
            failed(error)
          },
        })
  const unwatch = environment.watch((hint) => {
    if (hint === 'look') check()
    else if (hint === 'hide') {
      progress.tell()
      store.release()
    } else if (status.state === 'live') connector.check()
    else happen('failed', 'unreachable')
  })
  // Handlers that are added in the same turn miss nothing; and closed in the same turn, nothing was opened.
  void Promise.resolve().then(() => {
    if (status.state === 'closed') return
    connector.check()
    poller?.start(timing.pollAfter)
  })

  return {
    on: (type, handler) => subscriptions.add(`event ${type}`, handler),
    onAny: (handler) => subscriptions.add('event', handler),
    onRefetch: (handler) => subscriptions.add('refetch', handler),
    onStatus: (listener) => subscriptions.add('status', listener),
    get status() {
      return status
    },
    get offset() {
      return progress.offset()
    },
    get device() {
      return device === '' ? undefined : device
    },
    check,
    close: () => {
      progress.tell()
      for (const part of [connector, poller, applier]) part?.stop()
      for (const cancel of timers) cancel()
      unwatch()
      store.release()
      happen('closed')
    },
  }
}

/** Timers that can all be stopped at once: one that is left would keep a process alive, or wake the dead. */
function trackedTimers({ after }: Environment, timers: Set<Cancel>): Environment['after'] {
  return (milliseconds, run) => {
    const stop = (): void => {
      timers.delete(stop)
      cancel()
    }
    const cancel = after(milliseconds, () => {
      timers.delete(stop)
      run()
    })
    timers.add(stop)
    return stop
  }
}
