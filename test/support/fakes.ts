/** The world of the core's tests: every port in memory, everything recorded. */
import { inspect } from 'node:util'
import type { Outcome } from '../../src/core/codes.ts'
import type {
  Connection,
  ConnectionRegistry,
  EventLog,
  Logger,
  Pusher,
  SocketProbe,
  SocketState,
} from '../../src/core/ports.ts'
import { Publisher } from '../../src/core/publish.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { MemoryLedger, MemoryRefusals, MemoryRevocations } from './ledgers.ts'
import { RecordingMetrics } from './recording-metrics.ts'
import { ReferenceLog } from './reference-log.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'

export class RecordingLogger implements Logger {
  readonly lines: { readonly level: Level; readonly fields: object; readonly message: string }[] = []

  debug(fields: object, message: string): void {
    this.lines.push({ level: 'debug', fields, message })
  }

  info(fields: object, message: string): void {
    this.lines.push({ level: 'info', fields, message })
  }

  warn(fields: object, message: string): void {
    this.lines.push({ level: 'warn', fields, message })
  }

  error(fields: object, message: string): void {
    this.lines.push({ level: 'error', fields, message })
  }

  /** All of it as text, errors with their stacks and causes: to look for what must not be there. */
  text(): string {
    return inspect(this.lines, { depth: null, maxStringLength: null, maxArrayLength: null })
  }
}

export class MemoryRegistry implements ConnectionRegistry {
  readonly rows: Connection[] = []

  constructor(rows: readonly Connection[] = []) {
    this.rows.push(...rows)
  }

  async register(connection: Connection): Promise<readonly Connection[]> {
    await this.remove(connection.userId, connection.id)
    this.rows.push(connection)
    this.rows.sort((a, b) => a.registeredAt - b.registeredAt)
    return this.ofUser(connection.userId)
  }

  async get(userId: string, connectionId: string): Promise<Connection | undefined> {
    return this.rows.find((row) => row.userId === userId && row.id === connectionId)
  }

  async ofUser(userId: string): Promise<readonly Connection[]> {
    return this.rows.filter((row) => row.userId === userId)
  }

  async remove(userId: string, connectionId: string): Promise<void> {
    const at = this.rows.findIndex((row) => row.userId === userId && row.id === connectionId)
    if (at >= 0) this.rows.splice(at, 1)
  }
}

type PostOutcome = Exclude<Outcome, 'expired'>

/** How a scripted connection behaves. `hang`: its posts never come back; `reject`: against the port's contract. */
type Script = PostOutcome | 'hang' | 'reject'

export class RecordingPusher implements Pusher {
  readonly posts: { readonly connectionId: string; readonly frame: string }[] = []
  readonly closed: string[] = []
  readonly script = new Map<string, Script>()

  async post(connectionId: string, frame: string): Promise<PostOutcome> {
    this.posts.push({ connectionId, frame })
    const does = this.script.get(connectionId) ?? 'sent'
    if (does === 'reject') throw new Error(`the socket of ${connectionId} blew up`)
    return does === 'hang' ? new Promise<PostOutcome>(() => undefined) : does
  }

  /** Connections whose sockets cannot be closed. */
  readonly stuck = new Set<string>()

  async close(connectionId: string): Promise<boolean> {
    if (this.stuck.has(connectionId)) return false
    this.closed.push(connectionId)
    return true
  }

  framesTo(connectionId: string): string[] {
    return this.posts.filter((post) => post.connectionId === connectionId).map(({ frame }) => frame)
  }
}

/** What a gateway says of its sockets is decided by the test; of those that are not listed it knows nothing. */
export class ScriptedProbe implements SocketProbe {
  readonly script = new Map<string, SocketState | 'gone'>()

  async stateOf(connectionId: string): Promise<SocketState | 'gone' | 'unknown'> {
    return this.script.get(connectionId) ?? 'unknown'
  }
}

/** All ports, and a publisher on top of them. */
export function createWorld() {
  const clock = new ManualClock()
  const ports = {
    clock,
    log: new ReferenceLog(clock),
    connections: new MemoryRegistry(),
    pusher: new RecordingPusher(),
    devices: new MemoryLedger(clock),
    revocations: new MemoryRevocations(),
    refusals: new MemoryRefusals(clock),
    probe: new ScriptedProbe(),
    metrics: new RecordingMetrics(),
    logger: new RecordingLogger(),
  }
  return { ...ports, publisher: new Publisher(ports) }
}

export type World = ReturnType<typeof createWorld>

const HOUR = 3_600_000

/** A connection that was opened a minute ago by a token that lasts for an hour. */
export function connectionOf(clock: ManualClock, id: string, userId: string, more: Partial<Connection> = {}) {
  const now = clock.now()
  return { id, userId, expiresAt: now + HOUR, registeredAt: now - 60_000, ...more } satisfies Connection
}

/** A log with some of its calls replaced. */
export function changed(log: EventLog, changes: Partial<EventLog>): EventLog {
  return {
    append: async (events) => log.append(events),
    complete: async (...given) => log.complete(...given),
    receipt: async (id) => log.receipt(id),
    head: async (userId) => log.head(userId),
    end: async (userId) => log.end(userId),
    after: async (...given) => log.after(...given),
    newest: async (...given) => log.newest(...given),
    cursorAt: async (...given) => log.cursorAt(...given),
    ...changes,
  }
}
