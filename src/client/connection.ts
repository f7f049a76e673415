import type { Context } from './context.ts'
import type { Cancel } from './environment.ts'
import { ANSWER, IDLE, PAGE, PONG } from './limits.ts'
import type { LogReader } from './log-reader.ts'
import type { ErrorFrame, Frame } from './protocol.ts'
import { createTimer } from './timer.ts'

/** One WebSocket from its handshake to its end. */
export interface Connection {
  readonly send: (message: object) => void
  /** Asks for what comes after the cursor, unless that is under way already. */
  readonly resume: (repair?: boolean) => void
  /** Asks whether anybody is still there. */
  readonly check: () => void
  readonly close: () => void
}

/**
 * @param answered called when what was asked for has come
 * @param ended called once, unless `close` was called
 */
export function openConnection(
  context: Context,
  token: string,
  reader: LogReader,
  answered: () => void,
  refused: (error: ErrorFrame) => void,
  ended: (reason: unknown) => void,
): Connection {
  const { pingInterval = 60_000, now, say } = context
  let lastHeard = now()
  let asked: number | undefined
  /** What is waited for: a handshake or a page, and a pong. */
  let page: Cancel | undefined
  let pong: Cancel | undefined

  const socket = new context.WebSocket(context.url, ['fanout.v1', `bearer.${token}`])

  const close = (): void => {
    pingAfter()
    page?.()
    pong?.()
    socket.onmessage = socket.onclose = null
    // Android opens a WebSocket even if it was closed before that.
    socket.onopen = () => {
      socket.close(1000)
    }
    socket.close(1000)
  }

  const end = (reason: unknown): void => {
    close()
    ended(reason)
  }

  const expect = (what: string, milliseconds: number): Cancel =>
    context.after(milliseconds, () => {
      end(`no ${what} within ${milliseconds / 1000} s`)
    })

  const send = (message: object): void => {
    socket.send(JSON.stringify(message))
  }

  const check = (): void => {
    pingAfter(pingInterval)
    if (now() - lastHeard > IDLE) end('idle')
    else if (!pong) {
      pong = expect('pong', PONG)
      send({ action: 'ping' })
    }
  }

  const pingAfter = createTimer(context, check)

  const resume = (repair?: boolean): void => {
    if (page) return
    page = expect('page', PAGE)
    asked = reader.cursor()
    send({ action: 'resume', after: asked, device: context.me.device, repair })
  }

  page = expect('handshake', ANSWER)
  socket.onopen = () => {
    page = page?.()
    pingAfter(pingInterval)
    resume()
  }
  socket.onmessage = ({ data }: { data: string }) => {
    lastHeard = now()
    try {
      const frame = JSON.parse(data) as Frame
      // Whatever it is, somebody is there.
      pong = pong?.()
      if (frame.type === 'event') {
        // A page of one. After a gap it is left: the page that fills the gap brings it, too.
        const { offset } = frame
        reader.read({ events: [frame], head: offset, more: true }, 'push', offset - 1)
      }
      if (frame.type === 'pong') reader.heard(frame.head, true)
      else if (frame.type === 'events') {
        page = page?.()
        say('resumed', frame.events.length, 'events')
        // Before it is read: what is found missing is asked for over this connection.
        answered()
        reader.read(frame, 'resume', asked)
      } else if (frame.type === undefined || frame.type === 'error') {
        page = page?.()
        refused(frame)
      }
    } catch (error) {
      // Somebody else's server, or a proxy with something to say.
      end(error)
    }
  }
  // Browsers do not tell more; either closes next. Without a listener `ws` would throw.
  socket.onerror = ({ message }: { message?: string }) => {
    if (message) say(message)
  }
  socket.onclose = ({ code }: { code: number }) => {
    end(`code ${code}`)
  }
  return { send, resume, check, close }
}
