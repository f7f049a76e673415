import { createApplier } from './applier.ts'
import { createConnector } from './connector.ts'
import type { Context } from './context.ts'
import { createCursorStore } from './cursor-store.ts'
import type { Cancel, Environment } from './environment.ts'
import type { EventClient } from './event-client.ts'
import type { AnyEvents } from './event-map.ts'
import { createLogReader, type Item } from './log-reader.ts'
import { type Happening, nextStatus } from './machine.ts'
import type { ConnectOptions } from './options.ts'
import { createPoller } from './poller.ts'
import { createProgress } from './progress.ts'
import { report } from './report.ts'
import type { Reason, Status } from './status.ts'
import { createSubscriptions } from './subscriptions.ts'
import { createTokens } from './tokens.ts'
import { Unauthorized } from './unauthorized.ts'

/** Puts the parts together: what comes from the connector and the poller goes through the reader to the app's handlers. */
export function createClient(options: ConnectOptions, environment: Environment): EventClient<AnyEvents> {
  const timers = new Set<Cancel>()
  const me = {} as Context['me']
  const context: Context = {
    ...options,
    ...environment,
    // All can be stopped at once: one that is left would keep a process alive, or wake the dead.
    after: (milliseconds, run) => {
      if (status.state === 'closed') return () => undefined
      const stop: Cancel = () => {
        timers.delete(stop)
        return cancel()
      }
      const cancel = environment.after(milliseconds, () => {
        stop()
        run()
      })
      timers.add(stop)
      return stop
    },
    me,
    say: (...parts) => {
      try {
        options.log?.(`event-fanout: ${parts.join(' ')}`)
      } catch {
        // Whoever reads the log must not stop the events.
      }
    },
  }
  const { say } = context
  const subscriptions = createSubscriptions()
  let status: Status = { state: 'connecting' }

  const happen = (happening: Happening, reason?: Reason): void => {
    const before = status
    status = nextStatus(status, happening, reason)
    if (status === before) return
    if (reason) say(`${status.state} started: ${reason}`)
    subscriptions.call(['status'], status).catch((error: unknown) => {
      report('a status listener', error)
    })
  }

  /** The first token tells whose log it is, and so where that was left. */
  const admit = async (sub: string): Promise<void> => {
    if (me.user === sub || status.state === 'closed') return
    if (me.user) throw new Unauthorized(`a token of ${sub}, not of ${me.user}`)
    me.user = sub
    const offset = await store.load(sub)
    // From now on other tabs do not move it.
    if (offset !== undefined) progress.applied(offset)
    reader.start(offset ?? options.from)
  }

  const handle = async (item: Item): Promise<void> => {
    const { offset } = item
    if ('refetch' in item) {
      say('starting at offset', offset, item.refetch)
      await subscriptions.call(['refetch'], item.refetch)
    } else {
      const { via, event } = item
      say('event', event.type, 'received at offset', offset, 'by', via)
      await subscriptions.call(['event', `event ${event.type}`], event, { offset, via })
    }
  }

  const store = createCursorStore(context)
  const tokens = createTokens(context, admit)
  const progress = createProgress(context, store.save, (message) => connector.send(message))
  const applier = createApplier<Item>(context, handle, progress, () => {
    reader.resume()
  })
  const reader = createLogReader(applier, (repair) => {
    connector.resume(repair)
  })
  const connector = createConnector(
    context,
    tokens,
    reader,
    () => {
      poller.stop()
      say('connected as', me.user, 'device', me.device)
      happen('joined')
      progress.tell(true)
    },
    () => {
      if (status.state === 'live') poller.start()
      happen('lost')
    },
  )
  const poller = createPoller(
    context,
    tokens,
    reader,
    applier.waiting,
    () => {
      happen('polled', connector.evicted() ? 'evicted' : 'unreachable')
    },
    (error) => {
      say('poll failed:', options.httpUrl, error)
      happen('failed', error instanceof Unauthorized ? 'unauthorized' : 'unreachable')
    },
  )

  const check = (): void => {
    if (status.state === 'closed') return
    connector.check()
    // Polling or offline; otherwise there is a connection, or the poller waits for one to come.
    if (status.reason) poller.start()
  }
  const unwatch = environment.watch(check, () => {
    progress.tell()
    store.release()
  })
  // Not yet: handlers that are added in the same turn miss nothing; and closed in the same turn, nothing was opened.
  context.after(0, check)
  poller.start()

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
      return me.device
    },
    check,
    close: () => {
      if (status.state === 'closed') return
      progress.tell()
      store.release(true)
      connector.stop()
      poller.stop()
      applier.stop()
      for (const stop of timers) stop()
      unwatch()
      happen('closed')
    },
  }
}
