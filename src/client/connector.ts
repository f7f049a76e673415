import { type Connection, openConnection } from './connection.ts'
import type { Context } from './context.ts'
import { CONNECTION, HELD, LONGEST_PAUSE, POLL_AFTER } from './limits.ts'
import type { LogReader } from './log-reader.ts'
import type { ErrorFrame } from './protocol.ts'
import { createTimer } from './timer.ts'
import type { Tokens } from './tokens.ts'

/** Keeps one connection open: opens it, opens it again after a pause, and replaces it before its time is over. */
export interface Connector {
  /** The server has turned the user's oldest connection out, which was this one: nothing is tried until `check`. */
  readonly evicted: () => boolean
  /** Opens a connection now, or asks the open one whether it is alive. */
  readonly check: () => void
  /** Sends what this device says of itself. @returns whether there is a connection to send it over */
  readonly send: (message: object) => boolean
  /** Asks for what comes after the cursor, if there is a connection. */
  readonly resume: (repair?: boolean) => void
  readonly stop: () => void
}

/**
 * @param joined called when a connection has answered: events come over it from now on
 * @param failed called when there is no connection any more, or a try for one has failed; it is tried again, unless evicted
 */
export function createConnector(
  context: Context,
  tokens: Tokens,
  reader: LogReader,
  joined: () => void,
  failed: () => void,
): Connector {
  /** The one that events come over. */
  let current: Connection | undefined
  /** The one that is to take its place: make before break. */
  let next: Connection | undefined
  let isDialing = false
  /** Evicted, or stopped. */
  let isParked = false
  let failures = 0
  let joinedAt: number

  /** Full jitter: after a restart of the server everybody comes back, but not at once. */
  const dialLater = (): void => {
    dialAfter(context.random() * Math.min(LONGEST_PAUSE, 1000 * 2 ** failures))
  }

  const dial = async (): Promise<void> => {
    if (isDialing || isParked) return
    isDialing = true
    try {
      open(await tokens.get())
    } catch (error) {
      dialFailed(error)
    }
  }

  const dialAfter = createTimer(context, dial)

  const dialFailed = (error: unknown): void => {
    isDialing = false
    failures++
    down(error)
  }

  const down = (error: unknown): void => {
    context.say('no connection:', context.url, error)
    if (!current) failed()
    if (!isDialing) dialLater()
  }

  const open = (token: string): void => {
    isDialing = !isParked
    if (isParked) return
    const ended = (reason: unknown): void => {
      if (connection === next) {
        next = undefined
        dialFailed(reason)
      } else {
        current = undefined
        failures = context.now() - joinedAt > HELD ? 0 : failures + 1
        down(reason)
      }
    }
    const answered = (): void => {
      if (connection !== next) return
      current?.close()
      current = next
      next = undefined
      isDialing = false
      joinedAt = context.now()
      // Before the server's limit, and not everybody at the same time.
      dialAfter(Math.min(CONNECTION * (0.8 + context.random() * 0.15), tokens.left()))
      joined()
    }
    const refused = ({ code, message }: ErrorFrame): void => {
      context.say('server:', code, message)
      // One that is being replaced goes anyway.
      if (code === 'evicted') isParked ||= connection === next ? !current : !next
      else if (code === 'expired' || code === 'disconnected') tokens.refuse()
      // The page that was asked for will not come: it is asked for again, but not at once.
      if (connection !== next) context.after(POLL_AFTER, reader.resume)
      else {
        connection.close()
        ended(message)
      }
    }
    const connection = openConnection(context, token, reader, answered, refused, ended)
    next = connection
  }

  return {
    evicted: () => isParked,
    check: () => {
      isParked = false
      if (current) current.check()
      else {
        failures = 0
        void dial()
      }
    },
    send: (message) => {
      // With the device's name, the server need not look up whose connection it is.
      current?.send({ ...message, device: context.me.device })
      return !!current
    },
    resume: (repair) => current?.resume(repair),
    stop: () => {
      isParked = true
      next?.close()
      current?.close()
    },
  }
}
