import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { socketUrl } from './address.ts'
import { variable } from './environment.ts'
import { CliError } from './errors.ts'
import { type Entry, Follower } from './follower.ts'
import { printable } from './printable.ts'
import { mintToken } from './tokens.ts'

export interface TailOptions {
  readonly user?: string
  readonly token?: string
  readonly after: string
  readonly url: string
}

const PING_EVERY = 60_000
const PONG_WITHIN = 10_000
const FIRST_PAUSE = 250
const LONGEST_PAUSE = 10_000

/** Closes after which coming back would not help. */
const FINAL = new Set(['evicted', 'disconnected'])

/** Prints a user's events until it is ended; connects again, and resumes, whenever the connection is lost. */
export async function tail(options: TailOptions): Promise<void> {
  socketUrl(options.url)
  const tokens = tokenSource(options)
  // A token that was given cannot be renewed here: with the same one every connection would end the same way.
  const final = options.user === undefined ? new Set([...FINAL, 'expired']) : FINAL
  let socket: WebSocket | undefined
  const follower = new Follower(
    {
      entry: print,
      truncated: (head) => {
        note(`events after the offset asked for are no longer kept; going on from ${head}`)
      },
      send: (message) => socket?.send(JSON.stringify(message)),
    },
    cursor(options.after),
  )
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    const opened = await open(options.url, await tokens())
    if (opened instanceof WebSocket) {
      socket = opened
      pause = FIRST_PAUSE
      note(`connected to ${options.url}`)
      note(`connection lost (${await follow(socket, follower, final)}), connecting again`)
    } else {
      note(`no connection to ${options.url} (${opened.message}), trying again`)
    }
    // Jittered: after a restart of the server, everybody comes back.
    await sleep(pause * (0.5 + Math.random() / 2))
  }
}

function print({ offset, event }: Entry): void {
  process.stdout.write(`${printable(JSON.stringify({ offset, event }))}\n`)
}

function note(text: string): void {
  process.stderr.write(`fanout: ${printable(text)}\n`)
}

function cursor(after: string): number | undefined {
  if (after === 'now') return undefined
  if (/^\d{1,16}$/.test(after) && Number.isSafeInteger(Number(after))) return Number(after)
  throw new CliError(`--after is "${after}"; it must be an offset, a whole number from 0`)
}

/** A token of one's own is made anew for each connection, so that an expired one ends nothing. */
function tokenSource({ user, token: given }: TailOptions): () => Promise<string> {
  if (user !== undefined && given !== undefined) throw new CliError('give --user or --token, not both')
  if (user !== undefined) return async () => mintToken(user, 3600)
  const token = given ?? variable('FANOUT_TOKEN')
  if (token === undefined) throw new CliError('say whose events: --user <id>, or --token <jwt>')
  return async () => token
}

/** An open socket, or why there is none. @throws CliError if trying again would not help */
async function open(url: string, token: string): Promise<WebSocket | Error> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: 10_000,
    })
    socket.once('open', () => {
      // Frames may have come with the answer to the handshake: they wait until somebody listens.
      socket.pause()
      resolve(socket)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // Of a name with several addresses the message is empty.
      resolve(error.message === '' ? new Error(error.code) : error)
    })
    socket.once('unexpected-response', (request, response) => {
      request.destroy()
      const status = response.statusCode ?? 0
      if (status === 401) reject(new CliError('the server refused the token; its log says why'))
      else if (status === 403) reject(new CliError(refusedAt(url)))
      else resolve(new Error(`HTTP ${status}`))
    })
  })
}

/** Behind API Gateway the answer to a path that has no stage is 403 as well. */
function refusedAt(url: string): string {
  return `the server at ${url} answers 403: it refuses this user, or it serves nothing at this path; on AWS, and with "npm run start:aws", the path is the stage, as in ws://127.0.0.1:3001/v1`
}

/** Follows one socket to its end; resolves with the reason. */
async function follow(socket: WebSocket, follower: Follower, final: ReadonlySet<string>): Promise<string> {
  let fatal: string | undefined
  const beat = heartbeat(socket)
  const ended = new Promise<string>((resolve, reject) => {
    socket.on('error', () => undefined)
    socket.on('close', (code) => {
      beat.stop()
      if (fatal === undefined) resolve(`code ${code}`)
      else reject(new CliError(`the server closed the connection: ${fatal}`))
    })
  })
  socket.on('message', (data) => {
    const frame = JSON.parse((data as Buffer).toString()) as { type?: string; [field: string]: unknown }
    if (frame.type === 'event') follower.event(frame as unknown as Entry)
    else if (frame.type === 'events') follower.page(frame as unknown as Parameters<Follower['page']>[0])
    else if (frame.type === 'pong') {
      beat.answered()
      follower.heard(frame['head'] as number)
    } else {
      if (final.has(String(frame['code']))) fatal = String(frame['message'])
      note(`the server says: ${String(frame['message'])}`)
      follower.unanswered()
    }
  })
  socket.resume()
  follower.connected()
  return ended
}

/** Asks whether the connection is alive, and ends it if there is no answer: a dead one may look open for hours. */
function heartbeat(socket: WebSocket): { answered(): void; stop(): void } {
  let deadline: NodeJS.Timeout | undefined
  const interval = setInterval(() => {
    socket.send('{"action":"ping"}')
    deadline = setTimeout(() => {
      socket.terminate()
    }, PONG_WITHIN)
  }, PING_EVERY)
  return {
    answered: () => {
      clearTimeout(deadline)
    },
    stop: () => {
      clearInterval(interval)
      clearTimeout(deadline)
    },
  }
}
