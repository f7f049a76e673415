import type { BridgeSettings } from '../../bridge/settings.ts'
import type { Connection } from '../../bridge/redis/connection.ts'
import type { Cause } from './causes.ts'
import { Broken, type LinkName, type LinkReport } from './link.ts'
import { abortedAfter } from './patience.ts'
import { DoctorSocket, type NoSocket, type Way } from './socket.ts'
import { type Credentials, damaged, type Token } from './tokens.ts'
import { cameText, type Exchange, exchange, isOurs, shortened } from './web.ts'

export interface ExaminationOptions {
  readonly httpUrl: URL
  readonly wsUrl: URL
  readonly origin?: string
  readonly redis?: BridgeSettings
  /** How long one answer or arrival may take, in milliseconds. */
  readonly timeout: number
  /** How long all of it may take, in milliseconds. */
  readonly deadline: number
  readonly credentials: Credentials
  /** What is in every id, so that none is a real one. */
  readonly name: string
}

/** One of the two whom the synthetic events concern. */
export interface Person {
  readonly role: 'trainer' | 'student'
  readonly userId: string
  readonly token?: Token
  readonly sockets: DoctorSocket[]
}

/** The event that the later links look for. */
export interface Published {
  readonly id: string
  readonly body: string
  readonly sentAt: number
  readonly offsets: ReadonlyMap<string, number>
}

interface Request {
  readonly method?: string
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** How long after the deadline it is still asked whether the server is there. In milliseconds. */
const GRACE = 3000

/** What the links know and share. */
export class Examination {
  readonly options: ExaminationOptions
  readonly people: readonly [Person, Person]
  readonly reports = new Map<LinkName, LinkReport>()
  /** What `/health` answered. */
  health?: Exchange
  published?: Published
  redis?: Connection
  /** The socket of each user that has told its device's name. */
  readonly devices = new Map<string, DoctorSocket>()
  readonly #endsAt: number
  readonly #sockets: DoctorSocket[] = []

  constructor(options: ExaminationOptions) {
    const { credentials, name, deadline } = options
    const person = (role: Person['role']): Person => {
      const token = credentials[role]
      return { role, userId: token?.userId ?? `${name}-${role}`, ...(token && { token }), sockets: [] }
    }
    this.options = options
    this.people = [person('trainer'), person('student')]
    this.#endsAt = Date.now() + deadline
  }

  get isOutOfTime(): boolean {
    return Date.now() >= this.#endsAt
  }

  /** What the server calls the doctor's device. */
  get device(): string {
    return this.options.name
  }

  /** How long the next answer may take, in milliseconds: not longer than all of it. */
  get left(): number {
    return Math.max(0, Math.min(this.options.timeout, this.#endsAt - Date.now()))
  }

  /** Aborted when one answer has taken too long, or all of it. */
  patience(): AbortSignal {
    return abortedAfter(this.left)
  }

  holds(link: LinkName): boolean {
    const status = this.reports.get(link)?.status
    return status === 'ok' || status === 'warning'
  }

  address(path: string): URL {
    return new URL(path, this.options.httpUrl)
  }

  async ask(path: string, { method = 'GET', token, headers = {}, body }: Request = {}): Promise<Exchange> {
    const init = {
      method,
      headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      ...(body !== undefined && { body }),
    }
    return this.#exchange(path, init, this.patience())
  }

  async publish(body: string, headers: Readonly<Record<string, string>> = {}): Promise<Exchange> {
    const token = this.options.credentials.publisher?.text ?? ''
    const json = { 'content-type': 'application/json' }
    return this.ask('/api/v1/events', { method: 'POST', token, headers: { ...json, ...headers }, body })
  }

  /** An event that concerns both. @param purpose makes its id another one */
  event(purpose: string): { readonly id: string; readonly body: string } {
    const [{ userId: trainerId }, { userId: studentId }] = this.people
    const id = `${this.options.name}-${purpose}`
    const event = { type: 'FANOUT_DOCTOR', id, timestamp: Date.now(), purpose, trainerId, studentId }
    return { id, body: JSON.stringify(event) }
  }

  async open(way: Way, token: string, origin?: string): Promise<DoctorSocket | NoSocket> {
    const { wsUrl: url } = this.options
    const timeout = Math.max(1, this.left)
    const socket = await DoctorSocket.open({
      url,
      way,
      token,
      timeout,
      ...(origin !== undefined && { origin }),
    })
    if (!(socket instanceof DoctorSocket)) {
      return { ...socket, text: shortened(this.withoutTokens(socket.text)) }
    }
    this.#sockets.push(socket)
    return socket
  }

  /** What did not come through, by its cause: the server may have gone meanwhile. */
  async blocked(cause: Cause, came: string): Promise<Broken> {
    // Also where no time is left: this decides what is to be mended.
    const patience = abortedAfter(Math.max(GRACE, this.left))
    const again = async (path: string): Promise<Exchange> => this.#exchange(path, {}, patience)
    const health = await again('/health')
    const isThere = health.answer !== undefined || isOurs(await again('/api/v1/events/recent'))
    return isThere
      ? new Broken(cause, came)
      : new Broken('server_down', `${came}; now /health: ${cameText(health)}`)
  }

  /** A text in which no token stands, whoever repeated it. */
  withoutTokens(text: string): string {
    const { trainer, student, publisher, admin } = this.options.credentials
    const tokens = [trainer, student, publisher, admin].filter((token) => token !== undefined)
    return tokens
      .flatMap((token) => [token.text, damaged(token)])
      .reduce((rest, token) => withoutEndIn(rest.replaceAll(token, '…'), token), text)
  }

  close(): void {
    for (const socket of this.#sockets) socket.close()
    this.redis?.disconnect()
  }

  async #exchange(path: string, init: RequestInit, signal: AbortSignal): Promise<Exchange> {
    return exchange(this.address(path), init, signal, (text) => this.withoutTokens(text))
  }
}

/** What is cut may end within a token. Shorter beginnings of one say nothing. */
const TELLING = 8

function withoutEndIn(text: string, token: string): string {
  for (let length = Math.min(token.length - 1, text.length); length >= TELLING; length--) {
    if (text.endsWith(token.slice(0, length))) return `${text.slice(0, -length)}…`
  }
  return text
}
