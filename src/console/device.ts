import { type Arrival, connect, type EventClient, type Status } from '../client/index.ts'
import type { Announcer } from './announcer.ts'
import type { Config } from './config.ts'
import { type AppEvent, type AppEvents, describe, type Role } from './events.ts'
import { Network } from './network.ts'
import { Observable } from './observable.ts'
import { meaningOf } from './status.ts'
import type { Timeline } from './timeline.ts'
import type { Tokens } from './tokens.ts'
import { type Source, wireObserver } from './wire.ts'

/** What a device needs that is not its own. */
export interface Surroundings {
  readonly config: Config
  readonly timeline: Timeline
  readonly announcer: Announcer
  readonly tokens: Tokens
  /** Called when something has come, was applied, or was acknowledged. */
  readonly onProgress: () => void
}

/** An event that the app was given. */
export interface Applied {
  readonly event: AppEvent
  readonly offset: number
  readonly via: Arrival['via']
  readonly at: number
}

/** In milliseconds: shorter than the default, since somebody is watching. */
export const POLL_INTERVAL = 3000

/** One device of a user: a real client, on a network with switches, and the app that shows its events. */
export class Device extends Observable {
  readonly role: Role
  readonly userId: string
  /** Which device of the user's, if not the first. */
  readonly name: string | undefined
  readonly network: Network
  /** The newest first. */
  applied: readonly Applied[] = []
  /** The app's handler fails on each event that comes. */
  doesThrow = false
  readonly #surroundings: Surroundings
  readonly #source: Source
  #client: EventClient<AppEvents>

  constructor(surroundings: Surroundings, role: Role, userId: string, name?: string) {
    super()
    this.role = role
    this.userId = userId
    this.name = name
    this.#surroundings = surroundings
    this.#source = { actor: role, ...(name !== undefined && { device: name }) }
    this.network = new Network(wireObserver(surroundings.timeline, this.#source, surroundings.onProgress))
    this.#client = this.#connect()
  }

  get status(): Status {
    return this.#client.status
  }

  get offset(): number | undefined {
    return this.#client.offset
  }

  get device(): string | undefined {
    return this.#client.device
  }

  async setCut(isCut: boolean): Promise<void> {
    this.network.isCut = isCut
    this.#switched(isCut ? 'socket cut' : 'sockets let through again')
  }

  async setOffline(isOffline: boolean): Promise<void> {
    this.network.isOffline = isOffline
    this.#switched(isOffline ? 'offline' : 'online again')
  }

  /** @throws Error if the server gives no expired token */
  async setExpired(isExpired: boolean): Promise<void> {
    const { tokens } = this.#surroundings
    this.network.tokenInstead = isExpired ? await tokens.ended?.(this.userId) : undefined
    this.#switched(isExpired ? 'token expired' : 'good token again')
  }

  /** A fault of the app, not of the network: the client stays as it is. */
  setThrowing(doesThrow: boolean): void {
    this.doesThrow = doesThrow
    const text = doesThrow ? 'the handler throws' : 'the handler works again'
    this.#surroundings.timeline.add({ ...this.#source, kind: 'switch', text })
    this.changed()
  }

  close(): void {
    this.#client.close()
    this.network.drop()
  }

  #connect(): EventClient<AppEvents> {
    const { config, timeline, tokens } = this.#surroundings
    const client = connect<AppEvents>({
      url: config.wsUrl,
      httpUrl: config.httpUrl,
      getToken: async ({ renew }) => {
        this.network.checkOnline()
        const token = await tokens.forUser(this.userId)
        if (renew) timeline.add({ ...this.#source, kind: 'renewed', text: 'its token' })
        return token
      },
      // A new one each time: no cursor is kept of it, so a reload shows all that is in the log.
      device: Math.random().toString(36).slice(2),
      from: 0,
      pollInterval: POLL_INTERVAL,
      log: (line) => {
        timeline.add({ ...this.#source, kind: 'log', text: line.replace(/^event-fanout: /, '') })
      },
      WebSocket: this.network.WebSocket,
      fetch: this.network.fetch,
    })
    client.onAny((event, arrival) => {
      this.#apply(event, arrival)
    })
    client.onRefetch((reason) => {
      if (reason === 'truncated') this.#startAgain()
    })
    client.onStatus((status) => {
      this.#tellStatus(status)
    })
    return client
  }

  #apply(event: AppEvent, { offset, via }: Arrival): void {
    if (this.doesThrow) this.#fail(event, offset)
    // Of a long backlog one line is enough. What is pushed stands for itself.
    const isBacklog = via !== 'push' && this.applied[0]?.via === via
    this.applied = [{ event, offset, via, at: Date.now() }, ...this.applied]
    const { timeline, announcer } = this.#surroundings
    const { title } = describe(event, this.role)
    const entry = { ...this.#source, kind: 'applied', first: offset, last: offset } as const
    timeline.add({ ...entry, text: title, eventId: event.id }, ({ first, last, times = 1 }) =>
      isBacklog && last === offset - 1 && first !== undefined
        ? { ...entry, first, text: `${times + 1} events`, eventId: undefined }
        : undefined,
    )
    if (this.name === undefined) announcer.say(`${this.#title()}: ${title}.`)
    this.changed()
    this.#surroundings.onProgress()
    // The offset moves once this has returned.
    setTimeout(() => {
      this.changed()
    })
  }

  /** The event is not shown, as in an app whose handler fails; the client reports it, and goes on. */
  #fail(event: AppEvent, offset: number): never {
    const { title } = describe(event, this.role)
    this.#surroundings.timeline.add({
      ...this.#source,
      kind: 'trouble',
      text: `handler threw: ${title}`,
      eventId: event.id,
      first: offset,
      last: offset,
    })
    // The offset moves, all the same.
    setTimeout(() => {
      this.changed()
    })
    throw new Error('The switch of the console made the handler throw')
  }

  /** The log is another one, or this was away for too long. An app would fetch its state; here the log is the state. */
  #startAgain(): void {
    this.applied = []
    this.#surroundings.timeline.add({
      ...this.#source,
      kind: 'trouble',
      text: 'The log is another one: read anew',
    })
    setTimeout(() => {
      this.#client.close()
      this.#client = this.#connect()
      this.changed()
    })
  }

  #tellStatus(status: Status): void {
    const { timeline, announcer } = this.#surroundings
    const { label, meaning } = meaningOf(status)
    const because = status.reason === undefined ? '' : `, ${status.reason}`
    timeline.add({ ...this.#source, kind: 'status', text: `${label}${because}` })
    if (this.name === undefined) announcer.say(`${this.#title()}: ${label}. ${meaning}`)
    this.changed()
  }

  #switched(text: string): void {
    this.#surroundings.timeline.add({ ...this.#source, kind: 'switch', text })
    this.network.drop()
    // What `online` events of a browser do for a client by themselves.
    this.#client.check()
    this.changed()
  }

  #title(): string {
    return this.role === 'trainer' ? 'Trainer' : 'Student'
  }
}
