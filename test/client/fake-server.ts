/**
 * A scripted server at protocol level, on a manual clock. By itself it does what `docs/protocol.md` says; a test scripts where it
 * does not, by setting the fields under "The script", and looks at what came in the lists under "The record".
 *
 * To extend it: a new fault of the server is one more field of the script, with the healthy value as default, read at the one place
 * where a healthy server would do otherwise; a fault of the wire belongs in `FakeSocket`; a rule of the protocol belongs here, in the
 * words of `docs/protocol.md`, and is never switched off. Anything that a client must not send is a `complaint`, and fails its test.
 */
import type { Fetch } from '../../src/client/options.ts'
import type { LoggedEvent } from '../../src/client/protocol.ts'
import type { Network } from './fake-environment.ts'
import { FakeLog } from './fake-log.ts'
import { answerPoll } from './fake-polls.ts'
import { FakeSocket, type Listener } from './fake-socket.ts'
import { FakeTokens } from './fake-tokens.ts'
import type { ManualTime } from './manual-time.ts'

/** `fail`: an error without an open; `hang`: no answer; `mute`: opened, and not a word after that. */
export type Handshakes = 'answer' | 'fail' | 'hang' | 'mute'

/** `refuse`: no connection; `hang`: no answer; `stall`: no body; a number: this status; `html`: a proxy's log-in page, with 200. */
export type Polls = 'answer' | 'refuse' | 'hang' | 'stall' | 'html' | 401 | 503

/** What the server knows of a connection. */
interface Peer {
  readonly socket: FakeSocket
  readonly acceptedAt: number
  lastMessage: number
  /** It has been answered a `resume`. */
  isJoined: boolean
  isMute: boolean
}

export const IDLE = 600_000
export const LIFETIME = 7_200_000

export class FakeServer implements Network, Listener {
  // The script.

  /** One way, in milliseconds. */
  latency = 20
  handshakes: Handshakes = 'answer'
  polls: Polls = 'answer'
  /** Whether a refused handshake says `401`, as in Node, or nothing, as in browsers. */
  tellsStatus = true
  /** After how many milliseconds each copy of a push leaves: `[]` loses it, `[0, 0]` doubles it, `[500]` delays it. */
  pushes: (offset: number) => readonly number[] = () => [0]
  pageSize = 100
  /** How long a `resume` takes to be read, and after that to be answered. */
  readDelay = 0
  answerDelay = 0
  answersPings = true
  /** Answers every message with the error `unavailable`. */
  isUnavailable = false
  connectionsPerUser = 20

  // The record.

  readonly sockets: FakeSocket[] = []
  readonly resumes: {
    readonly after: number | undefined
    readonly device: string
    readonly at: number
    /** It says that it fetches pushes that were lost. */
    readonly repair: boolean
  }[] = []
  /** Of acks and reports the device is the one that they name themselves: a look at the connection costs the server a call. */
  readonly acks: { readonly device: string | undefined; readonly offset: number; readonly via: string }[] = []
  readonly reports: {
    readonly device: string | undefined
    readonly offset: number
    readonly error: string
  }[] = []
  readonly requests: { readonly query: string; readonly token: string; readonly at: number }[] = []
  readonly complaints: string[] = []
  pings = 0
  resets = 0

  /** The constructor that a client is given. */
  readonly WebSocket: new (url: string, protocols: string[]) => FakeSocket
  readonly log: FakeLog
  readonly tokens: FakeTokens
  readonly #time: ManualTime
  readonly #peers = new Map<FakeSocket, Peer>()

  constructor(time: ManualTime, head = 1000) {
    this.#time = time
    this.log = new FakeLog(head)
    this.tokens = new FakeTokens(time)
    this.WebSocket = dialing(time, this, this.sockets)
  }

  /** Connections that the server holds, oldest first. */
  get connections(): FakeSocket[] {
    return [...this.#peers.keys()]
  }

  /** Connections that both ends hold, and that have been answered a `resume`. */
  get joined(): FakeSocket[] {
    return [...this.#peers.values()]
      .filter(({ socket, isJoined }) => isJoined && !socket.isCut && socket.readyState === 'open')
      .map(({ socket }) => socket)
  }

  /** Appends to the log, then looks the connections up, then pushes. */
  publish(type = 'TOLD'): number {
    const entry = this.log.append(type, this.#time.now())
    const { resets } = this
    for (const delay of this.pushes(entry.offset))
      this.#time.after('world', delay, () => {
        if (resets !== this.resets) return
        for (const peer of [...this.#peers.values()]) this.#push(peer, entry)
      })
    return entry.offset
  }

  publishMany(count: number): void {
    for (let i = 0; i < count; i++) this.publish()
  }

  /** Nothing gets through any of the connections, and neither end is told. */
  cut(): void {
    for (const socket of this.sockets) socket.isCut = true
  }

  /** Closes all connections: 1001 for a server that goes, 1006 for one that was killed. */
  restart(code: number): void {
    for (const peer of [...this.#peers.values()]) this.#end(peer, code)
  }

  /** Is killed, and comes back without its data: another log, with offsets of its own. */
  reset(head: number): void {
    this.resets++
    this.restart(1006)
    this.log.reset(head)
  }

  /** Tells the connections why, and closes them. */
  kick(code: 'evicted' | 'disconnected' | 'expired'): void {
    if (code === 'disconnected') this.tokens.revoke()
    for (const peer of [...this.#peers.values()]) this.#kick(peer, code)
  }

  /** What is not reachable is down for sockets and polls alike. */
  set isDown(isDown: boolean) {
    this.handshakes = isDown ? 'fail' : 'answer'
    this.polls = isDown ? 'refuse' : 'answer'
  }

  /** Every fault is over; what is broken already stays so. */
  heal(): void {
    this.isDown = false
    Object.assign(this, { latency: 20, pushes: () => [0], readDelay: 0, answerDelay: 0 })
    this.answersPings = true
    this.isUnavailable = false
    this.tokens.areRefused = false
  }

  readonly dialed = (socket: FakeSocket): void => {
    if (this.handshakes === 'hang') return
    if (this.handshakes === 'fail') socket.refuse(this.tellsStatus ? 'connect ECONNREFUSED' : undefined)
    else if (!this.tokens.opens(socket.token))
      socket.refuse(this.tellsStatus ? 'Unexpected server response: 401' : undefined)
    else this.#accept(socket)
  }

  readonly left = (socket: FakeSocket): void => {
    this.#peers.delete(socket)
  }

  readonly received = (socket: FakeSocket, text: string): void => {
    const peer = this.#peers.get(socket)
    if (peer === undefined || peer.isMute) return
    peer.lastMessage = this.#time.now()
    const message = JSON.parse(text) as Record<string, unknown>
    if (this.tokens.hasEnded(socket.token)) this.#kick(peer, 'expired')
    else if (this.isUnavailable) socket.deliver({ type: 'error', code: 'unavailable', message: 'try again' })
    else this.#handle(peer, message)
  }

  readonly fetch: Fetch = async (url, { headers, signal }) =>
    new Promise((resolve, reject) => {
      const aborted = signal as AbortSignal
      const abort = (): void => {
        reject(new Error('AbortError: the request was aborted'))
      }
      if (aborted.aborted) abort()
      aborted.addEventListener('abort', abort)
      this.#time.after('world', this.latency, () => {
        const { polls } = this
        if (polls === 'hang' || aborted.aborted) return
        const token = (headers['authorization'] ?? '').replace('Bearer ', '')
        const answer = answerPoll(this, { url, token, at: this.#time.now(), signal: aborted })
        this.#time.after('device', this.latency, () => {
          if (polls === 'refuse') reject(new TypeError('fetch failed'))
          else resolve(answer)
        })
      })
    })

  #accept(socket: FakeSocket): void {
    const now = this.#time.now()
    const isMute = this.handshakes === 'mute'
    const peer = { socket, acceptedAt: now, lastMessage: now, isJoined: false, isMute }
    this.#peers.set(socket, peer)
    socket.accept()
    this.#time.after('world', LIFETIME, () => {
      this.#end(peer, 1001)
    })
    this.#watchIdle(peer)
    const [oldest] = this.#peers.values()
    if (this.#peers.size > this.connectionsPerUser) this.#kick(oldest!, 'evicted')
  }

  #watchIdle(peer: Peer): void {
    this.#time.after('world', peer.lastMessage + IDLE - this.#time.now(), () => {
      if (!this.#peers.has(peer.socket)) return
      if (this.#time.now() >= peer.lastMessage + IDLE) this.#end(peer, 1001)
      else this.#watchIdle(peer)
    })
  }

  #push(peer: Peer, entry: LoggedEvent): void {
    if (peer.isMute) return
    if (this.tokens.hasEnded(peer.socket.token)) this.#kick(peer, 'expired')
    else {
      peer.lastMessage = this.#time.now()
      peer.socket.deliver({ type: 'event', offset: entry.offset, event: entry.event })
    }
  }

  #handle(peer: Peer, message: Record<string, unknown>): void {
    const { action, offset } = message
    const device = typeof message['device'] === 'string' ? message['device'] : undefined
    if (action === 'resume') this.#resume(peer, message)
    else if (action === 'ping') this.#ping(peer)
    else if (action === 'ack' && isOffset(offset)) this.acks.push({ device, offset, via: 'socket' })
    else if (action === 'report' && isOffset(offset))
      this.reports.push({ device, offset, error: String(message['error']) })
    else this.complaints.push(JSON.stringify(message))
    // Of another log it may know nothing yet.
    if (isOffset(offset) && offset > this.log.head && this.resets === 0)
      this.complaints.push(`${JSON.stringify(message)} above the head, ${this.log.head}`)
  }

  #ping({ socket }: Peer): void {
    this.pings++
    if (this.answersPings) socket.deliver({ type: 'pong', head: this.log.head })
  }

  #resume(peer: Peer, message: Record<string, unknown>): void {
    const { after, device, repair = false } = message
    const isWrong = (after !== undefined && !isOffset(after)) || typeof device !== 'string'
    if (isWrong || typeof repair !== 'boolean') {
      this.complaints.push(JSON.stringify(message))
      return
    }
    this.resumes.push({ after, device, repair, at: this.#time.now() })
    this.#time.after('world', this.readDelay, () => {
      const page = after === undefined ? this.log.newest(0) : this.log.read(after, this.pageSize)
      this.#time.after('world', this.answerDelay, () => {
        if (!this.#peers.has(peer.socket)) return
        peer.isJoined = true
        peer.socket.deliver({ type: 'events', ...page })
      })
    })
  }

  #kick(peer: Peer, code: string): void {
    peer.socket.deliver({ type: 'error', code, message: `${code}, says the fake server` })
    this.#end(peer, 1000)
  }

  #end(peer: Peer, code: number): void {
    if (this.#peers.delete(peer.socket)) peer.socket.end(code)
  }
}

/** A constructor of sockets that lead to this server. */
function dialing(time: ManualTime, server: Listener, dialed: FakeSocket[]): FakeServer['WebSocket'] {
  return class extends FakeSocket {
    constructor(url: string, protocols: string[]) {
      super(time, server, url, protocols)
      dialed.push(this)
    }
  }
}

export const isOffset = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0
