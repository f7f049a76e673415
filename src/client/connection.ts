import type { Cancel, Environment } from './environment.ts'
import { type Frame, isError, type Resume } from './protocol.ts'
import type { Timing } from './timing.ts'

/** One WebSocket from its handshake to its end. */
export interface Connection {
  readonly send: (message: object) => void
  /** Sends a `resume`, unless one is under way already. */
  readonly resume: (message: Resume) => void
  /** Asks whether anybody is still there. */
  readonly check: () => void
  readonly close: () => void
}

export interface ConnectionOptions {
  readonly url: string
  readonly token: string
  readonly pingInterval: number
  readonly opened: () => void
  /** @param asked the `after` of the last `resume` */
  readonly received: (frame: Frame, asked: number | undefined) => void
  /** Called once, unless `close` was called. */
  readonly ended: (reason: string) => void
}

/** Nobody looks at a hidden app; the ping then only keeps the connection from the server's idle limit. */
const HIDDEN_FACTOR = 4

export function openConnection(
  { WebSocket, now, after, isHidden }: Environment,
  timing: Timing,
  options: ConnectionOptions,
): Connection {
  let lastHeard = now()
  let nextPing: Cancel | undefined
  let asked: number | undefined
  /** What is waited for: a handshake and its page, a page, a pong. */
  const waiting: Partial<Record<string, Cancel>> = {}

  const socket = new WebSocket(options.url, ['fanout.v1', `bearer.${options.token}`])

  const answered = (what: string): void => {
    waiting[what]?.()
    waiting[what] = undefined
  }

  const close = (): void => {
    nextPing?.()
    for (const what of Object.keys(waiting)) answered(what)
    // Not before its time is over may `ws` be without a listener for errors.
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.onerror = () => undefined
    socket.close(1000)
  }

  const end = (reason: string): void => {
    close()
    options.ended(reason)
  }

  const expect = (what: string, milliseconds: number): void => {
    waiting[what] = after(milliseconds, () => {
      end(`no ${what} within ${milliseconds / 1000} s`)
    })
  }

  const send = (message: object): void => {
    socket.send(JSON.stringify(message))
  }

  const check = (): void => {
    nextPing?.()
    if (now() - lastHeard > timing.idle) {
      end('idle for too long')
      return
    }
    nextPing = after(options.pingInterval * (isHidden() ? HIDDEN_FACTOR : 1), check)
    if (waiting['pong']) return
    expect('pong', timing.pong)
    send({ action: 'ping' })
  }

  expect('page', timing.answer)
  socket.onopen = () => {
    answered('page')
    nextPing = after(options.pingInterval, check)
    options.opened()
  }
  socket.onmessage = ({ data }: { data: string }) => {
    lastHeard = now()
    try {
      const frame = JSON.parse(data) as Frame
      if (frame.type === 'events' || isError(frame)) answered('page')
      if (frame.type === 'pong' || isError(frame)) answered('pong')
      options.received(frame, asked)
    } catch (error) {
      // Somebody else's server, or a proxy with something to say.
      end(`not understood: ${String(error)}`)
    }
  }
  socket.onerror = ({ message }: { message?: string }) => {
    // Browsers do not tell, and close next.
    if (message) end(message)
  }
  socket.onclose = ({ code }: { code: number }) => {
    end(`code ${code}`)
  }
  return {
    send,
    resume: (message) => {
      if (waiting['page']) return
      expect('page', timing.page)
      asked = message.after
      send(message)
    },
    check,
    close,
  }
}
