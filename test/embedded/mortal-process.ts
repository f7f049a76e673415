import { setImmediate as turn } from 'node:timers/promises'
import type { AcceptedEvent } from '../../src/core/event.ts'
import type {
  Clock,
  Connection,
  ConnectionRegistry,
  EventLog,
  Logger,
  LogEntry,
  Pusher,
} from '../../src/core/ports.ts'
import { Publisher, type PublishResult } from '../../src/core/publish.ts'
import { GroupCommit } from '../../src/embedded/group-commit.ts'
import { entryKey } from '../../src/embedded/keys.ts'
import { LmdbEventLog } from '../../src/embedded/lmdb-event-log.ts'
import { MemoryConnectionRegistry } from '../../src/embedded/memory-connection-registry.ts'
import type { Change, Store } from '../../src/embedded/store.ts'
import type { MemoryStore } from './memory-store.ts'
import { deferred } from '../support/deferred.ts'

/** Where a process dies: right before or right after its n-th step takes effect. */
export interface Death {
  readonly step: number
  readonly when: 'before' | 'after'
}

export interface Push {
  readonly connectionId: string
  readonly offset: number
  /** Whether the entry was on disk at the moment of the push. */
  readonly durable: boolean
}

export interface World {
  readonly disk: MemoryStore
  readonly clock: Clock
  readonly retentionMs: number
  /** Everything that any process ever pushed. */
  readonly pushes: Push[]
  /** Lets other things happen first; a scheduler decides which. */
  readonly pause: () => Promise<unknown>
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

/**
 * The publish path as one process runs it, from the real `Publisher` to the real log on a disk that outlives it. Each
 * call of a port, and each commit, is a step at which it may die: then nothing of it goes on.
 */
export class MortalProcess {
  readonly log: EventLog
  readonly connections = new MemoryConnectionRegistry()
  readonly #world: World
  readonly #death: Death | undefined
  readonly #publishers: () => Publisher
  readonly #publisher: Publisher
  readonly #died = deferred<'died'>()
  #steps = 0
  #isDead = false

  constructor(world: World, death?: Death) {
    this.#world = world
    this.#death = death
    const { clock, retentionMs } = world
    const store = this.#mortalStore(world.disk)
    this.log = new LmdbEventLog({ store, writer: new GroupCommit(store), clock, retentionMs })
    const ports = {
      log: this.#mortal(this.log, ['append', 'complete']),
      connections: this.#mortal<ConnectionRegistry>(this.connections, ['ofUser', 'remove']),
      pusher: this.#mortal(this.#pusher(), ['post', 'close']),
    }
    this.#publishers = () => new Publisher({ ...ports, clock, logger: silent })
    this.#publisher = this.#publishers()
  }

  /**
   * The answer, or `died`.
   *
   * @param apart with a publisher of its own, which knows nothing of the tries that others have under way
   */
  async publish(event: AcceptedEvent, apart = false): Promise<PublishResult | 'died'> {
    const publisher = apart ? this.#publishers() : this.#publisher
    const answer = await this.whileAlive(publisher.publish(event))
    // Whatever would still run of a dead process gets its chance to.
    await turn()
    return answer
  }

  async whileAlive<T>(work: Promise<T>): Promise<T | 'died'> {
    return Promise.race([work, this.#died.promise])
  }

  async connect(userIds: readonly string[]): Promise<void> {
    for (const userId of userIds) await this.connections.register(connectionOf(userId))
  }

  #pusher(): Pusher {
    return {
      post: async (connectionId, frame) => {
        const { offset } = JSON.parse(frame) as { offset: number }
        const durable = this.#world.disk.get(entryKey(connectionId.slice(2), offset)) !== undefined
        this.#world.pushes.push({ connectionId, offset, durable })
        return 'sent' as const
      },
      close: async () => true,
    }
  }

  #mortal<Port extends object>(port: Port, steps: readonly (keyof Port)[]): Port {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        const call = async (...given: unknown[]): Promise<unknown> =>
          Reflect.apply(member, target, given) as unknown
        return steps.includes(name as keyof Port)
          ? async (...given: unknown[]) => this.#step(() => call(...given))
          : call
      },
    })
  }

  #mortalStore(disk: MemoryStore): Store {
    return {
      get: (key) => disk.get(key),
      range: (range) => disk.range(range),
      commit: async (changes: readonly Change[]) => this.#step(async () => disk.commit(changes)),
      close: async () => disk.close(),
    }
  }

  async #step<T>(effect: () => Promise<T>): Promise<T> {
    const step = ++this.#steps
    await this.#world.pause()
    if (this.#isDeadAt(step, 'before')) return never()
    const result = await effect()
    if (this.#isDeadAt(step, 'after')) return never()
    await this.#world.pause()
    return result
  }

  /** One step may kill the process while others are under way: those go no further either. */
  #isDeadAt(step: number, when: Death['when']): boolean {
    if (this.#death?.step === step && this.#death.when === when) {
      this.#isDead = true
      this.#died.resolve('died')
    }
    return this.#isDead
  }
}

async function never(): Promise<never> {
  return new Promise(() => undefined)
}

function connectionOf(userId: string): Connection {
  return { id: `c-${userId}`, userId, expiresAt: Number.MAX_SAFE_INTEGER, registeredAt: 0 }
}

/** The whole log, read page by page, as a client does. */
export async function wholeLog(log: EventLog, userId: string): Promise<LogEntry[]> {
  const entries: LogEntry[] = []
  for (;;) {
    const page = await log.after(userId, entries.at(-1)?.offset ?? 0, { events: 2, bytes: 1_000_000 })
    entries.push(...page.entries)
    if (!page.more) return entries
  }
}
