import type { AwsCall } from './aws-call.ts'

export type Trigger = 'http' | 'websocket' | 'authorizer' | 'queue' | 'rule' | 'async'

/** One run of a function. */
export interface Invocation {
  /** When the handler began, milliseconds since 1970. */
  readonly at: number
  /** Logical id. */
  readonly function: string
  readonly memoryMb: number
  /** Of the handler alone: neither waiting for a worker nor its start count. */
  readonly durationMs: number
  /** Whether a worker was started for it. */
  readonly cold: boolean
  /** How long that took, where `cold`: AWS bills it. */
  readonly initMs?: number
  /** `async`: invoked by hand, through `RunningTemplate.invoke`. */
  readonly trigger: Trigger
  readonly outcome: 'returned' | 'threw' | 'timedOut' | 'crashed'
  /** Of APIs. */
  readonly routeKey?: string
  /** Of queues: how many messages the batch had. */
  readonly records?: number
}

export interface MessageCount {
  readonly count: number
  /** Units of 32 KB or a part of it, as API Gateway bills them. */
  readonly units: number
}

export interface Counters {
  /** Clients' messages by route key. */
  readonly messagesIn: Readonly<Record<string, MessageCount>>
  /** Answers of routes by route key; posts under `@connections`. */
  readonly messagesOut: Readonly<Record<string, MessageCount>>
  /** Open time of all WebSocket connections, the open ones up to now. */
  readonly connectionMinutes: number
  /** Calls of SQS by operation, in units of 64 KB or a part of it, as they are billed. */
  readonly queueRequests: Readonly<Record<string, number>>
}

const MESSAGE_UNIT = 32 * 1024
const QUEUE_UNIT = 64 * 1024
const MINUTE = 60_000

/** What happened since the start or the last reset. The runner writes it, everybody may read it at any time. */
export class Recording {
  readonly #limit: number
  #calls: AwsCall[] = []
  #invocations: Invocation[] = []
  #in = new Map<string, MessageCount>()
  #out = new Map<string, MessageCount>()
  #queueRequests = new Map<string, number>()
  #closedMs = 0
  readonly #openSince = new Map<string, number>()
  readonly #listeners = new Set<() => void>()

  /** Of calls and of invocations, only the latest `limit` are kept. */
  constructor(limit = Infinity) {
    this.#limit = limit
  }

  get calls(): readonly AwsCall[] {
    return this.#calls
  }

  get invocations(): readonly Invocation[] {
    return this.#invocations
  }

  get counters(): Counters {
    const now = Date.now()
    const openMs = [...this.#openSince.values()].reduce((sum, since) => sum + now - since, 0)
    return {
      messagesIn: Object.fromEntries(this.#in),
      messagesOut: Object.fromEntries(this.#out),
      connectionMinutes: (this.#closedMs + openMs) / MINUTE,
      queueRequests: Object.fromEntries(this.#queueRequests),
    }
  }

  /** Open connections go on counting, from now. Lists that were handed out before keep what they have. */
  reset(): void {
    this.#calls = []
    this.#invocations = []
    this.#in = new Map()
    this.#out = new Map()
    this.#queueRequests = new Map()
    this.#closedMs = 0
    for (const id of this.#openSince.keys()) this.#openSince.set(id, Date.now())
  }

  /** Resolves once `condition` holds; it is looked at whenever something was recorded. */
  async when(condition: (recording: Recording) => boolean): Promise<void> {
    if (condition(this)) return
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!condition(this)) return
        this.#listeners.delete(look)
        resolve()
      }
      this.#listeners.add(look)
    })
  }

  addCall(call: AwsCall): void {
    this.#calls.push(call)
    if (this.#calls.length > this.#limit) this.#calls.shift()
    this.#changed()
  }

  addInvocation(invocation: Invocation): void {
    this.#invocations.push(invocation)
    if (this.#invocations.length > this.#limit) this.#invocations.shift()
    this.#changed()
  }

  addMessage(direction: 'in' | 'out', key: string, bytes: number): void {
    const counts = direction === 'in' ? this.#in : this.#out
    const { count, units } = counts.get(key) ?? { count: 0, units: 0 }
    counts.set(key, { count: count + 1, units: units + Math.max(1, Math.ceil(bytes / MESSAGE_UNIT)) })
    this.#changed()
  }

  addQueueRequest(operation: string, bytes: number): void {
    const units = Math.max(1, Math.ceil(bytes / QUEUE_UNIT))
    this.#queueRequests.set(operation, (this.#queueRequests.get(operation) ?? 0) + units)
  }

  connectionOpened(id: string): void {
    this.#openSince.set(id, Date.now())
    this.#changed()
  }

  connectionClosed(id: string): void {
    this.#closedMs += Date.now() - (this.#openSince.get(id) ?? Date.now())
    this.#openSince.delete(id)
    this.#changed()
  }

  #changed(): void {
    for (const look of [...this.#listeners]) look()
  }
}
