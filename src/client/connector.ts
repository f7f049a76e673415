import { type Connection, openConnection } from './connection.ts'
import type { Cancel, Environment } from './environment.ts'
import { type Frame, isError, type Resume } from './protocol.ts'
import type { Timing } from './timing.ts'
import type { Tokens } from './tokens.ts'
import { Unauthorized } from './unauthorized.ts'

export interface ConnectorOptions {
  readonly url: string
  readonly pingInterval: number
  /** The message that asks for what comes after the cursor. */
  readonly resumeMessage: () => Resume
  readonly received: (frame: Frame, asked: number | undefined) => void
  /** A connection has answered: events come over it from now on. */
  readonly joined: () => void
  /** There is no connection any more. It is tried again, unless it was `evicted`. */
  readonly lost: (reason: string) => void
  /** A try has failed, and there is no connection. It is tried again. */
  readonly failed: (error: unknown) => void
}

/** Keeps one connection open: opens it, opens it again after a pause, and replaces it before its time is over. */
export interface Connector {
  readonly isEvicted: () => boolean
  /** Opens a connection now, or asks the open one whether it is alive. */
  readonly check: () => void
  /** @returns whether there is a connection to send it over */
  readonly send: (message: object) => boolean
  /** Asks for what comes after the cursor, if there is a connection. */
  readonly resume: () => void
  readonly stop: () => void
}

export function createConnector(
  environment: Environment,
  timing: Timing,
  tokens: Tokens,
  options: ConnectorOptions,
): Connector {
  const { now, random, after } = environment
  /** The one that events come over. */
  let current: Connection | undefined
  /** The one that is to take its place: make before break. */
  let next: Connection | undefined
  let isDialing = false
  let isStopped = false
  let isEvicted = false
  let failures = 0
  let joinedAt = 0
  let nextDial: Cancel | undefined

  const dialAfter = (milliseconds: number): void => {
    nextDial?.()
    nextDial = after(milliseconds, () => void dial())
  }

  /** Full jitter: after a restart of the server everybody comes back, but not at once. */
  const dialLater = (): void => {
    if (isStopped || isEvicted) return
    dialAfter(random() * Math.min(timing.longestPause, 1000 * 2 ** failures))
  }

  const failed = (error: unknown): void => {
    isDialing = false
    if (isStopped) return
    failures++
    if (!current) options.failed(error)
    dialLater()
  }

  const dial = async (): Promise<void> => {
    if (isDialing || isStopped || isEvicted) return
    isDialing = true
    nextDial?.()
    try {
      const token = await tokens.get()
      next = open(token)
    } catch (error) {
      failed(error)
    }
  }

  const open = (token: string): Connection | undefined => {
    if (isStopped) return undefined
    const connection = openConnection(environment, timing, {
      ...options,
      token,
      opened: () => {
        connection.resume(options.resumeMessage())
      },
      received: (frame, asked) => {
        received(connection, frame, asked)
      },
      ended: (reason) => {
        ended(connection, reason)
      },
    })
    return connection
  }

  const received = (connection: Connection, frame: Frame, asked: number | undefined): void => {
    if (isError(frame)) refused(connection, frame.code)
    options.received(frame, asked)
    if (connection !== next) return
    if (frame.type === 'events') join(connection)
    // What it was asked for will not come.
    else if (isError(frame)) {
      connection.close()
      ended(connection, frame.message)
    }
  }

  /** The server says why it is about to close. */
  const refused = (connection: Connection, code: string | undefined): void => {
    if (code === 'expired' || code === 'disconnected') tokens.refuse()
    // One that is being replaced goes anyway.
    else if (code === 'evicted' && (connection === next ? !current : !next)) isEvicted = true
  }

  const join = (connection: Connection): void => {
    current?.close()
    current = connection
    next = undefined
    isDialing = false
    joinedAt = now()
    // Before the server's limit, and not everybody at the same time.
    dialAfter(Math.min(timing.connection * (0.8 + random() * 0.15), tokens.remaining()))
    options.joined()
  }

  const ended = (connection: Connection, reason: string): void => {
    if (connection === next) {
      next = undefined
      // Browsers do not tell why a handshake failed; polls will. Others do, in their own words.
      if (!reason.includes('401')) {
        failed(reason)
        return
      }
      tokens.refuse()
      failed(new Unauthorized(reason))
    } else {
      current = undefined
      if (now() - joinedAt > timing.held) failures = 0
      options.lost(reason)
      if (!isDialing) dialLater()
    }
  }

  return {
    isEvicted: () => isEvicted,
    check: () => {
      isEvicted = false
      if (current) {
        current.check()
        return
      }
      failures = 0
      void dial()
    },
    send: (message) => {
      current?.send(message)
      return current !== undefined
    },
    resume: () => (current ?? next)?.resume(options.resumeMessage()),
    stop: () => {
      isStopped = true
      next?.close()
      current?.close()
    },
  }
}
