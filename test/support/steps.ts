import type { AcceptedEvent } from '../../src/core/event.ts'
import type { ConnectionRegistry, EventLog, Pusher } from '../../src/core/ports.ts'
import type { PublishDependencies } from '../../src/core/publish.ts'
import type { ReferenceLog } from './reference-log.ts'

/** The k-th step dies, right before or right after it takes effect. */
export interface Death {
  readonly step: number
  readonly when: 'before' | 'after'
}

export interface Life {
  readonly death?: Death | undefined
  /** What every step waits for first: a scheduler's turn, for example. */
  readonly turn?: () => Promise<unknown>
}

/**
 * One process: every call that it makes of a port is a step, and an append is one for each event and recipient. Once
 * it has died, no step of it begins, and none that had begun comes back.
 */
export class Process {
  /** Resolves when it dies. */
  readonly died: Promise<'died'>
  steps = 0
  readonly #life: Life
  #dead = false
  #die: () => void = () => undefined

  constructor(life: Life = {}) {
    this.#life = life
    this.died = new Promise((resolve) => {
      this.#die = () => {
        this.#dead = true
        resolve('died')
      }
    })
  }

  /** The ports as this process reaches them. */
  ports(world: PublishDependencies & { readonly log: ReferenceLog }): PublishDependencies {
    const { clock, logger } = world
    return {
      clock,
      logger,
      log: this.#log(world.log),
      connections: this.#connections(world.connections),
      pusher: this.#pusher(world.pusher),
    }
  }

  async step<T>(effect: () => T | Promise<T>): Promise<T> {
    await this.#life.turn?.()
    const at = ++this.steps
    this.#dieIf(at, 'before')
    if (this.#isDead()) return never()
    const result = await effect()
    this.#dieIf(at, 'after')
    // The answer travels as well: others may come in between, and the process may die before it has it.
    await this.#life.turn?.()
    return this.#isDead() ? never() : result
  }

  #isDead(): boolean {
    return this.#dead
  }

  #dieIf(step: number, when: Death['when']): void {
    if (this.#life.death?.step === step && this.#life.death.when === when) this.#die()
  }

  #log(log: ReferenceLog): EventLog {
    const pause = async () => this.step(() => undefined)
    return {
      append: async (events: readonly AcceptedEvent[]) => this.step(() => log.append(events, pause)),
      complete: async (...given) => this.step(() => log.complete(...given)),
      receipt: async (...given) => this.step(() => log.receipt(...given)),
      head: async (...given) => this.step(() => log.head(...given)),
      end: async (...given) => this.step(() => log.end(...given)),
      after: async (...given) => this.step(() => log.after(...given)),
      newest: async (...given) => this.step(() => log.newest(...given)),
      cursorAt: async (...given) => this.step(() => log.cursorAt(...given)),
    }
  }

  #connections(connections: ConnectionRegistry): ConnectionRegistry {
    return {
      register: async (...given) => this.step(() => connections.register(...given)),
      get: async (...given) => this.step(() => connections.get(...given)),
      ofUser: async (...given) => this.step(() => connections.ofUser(...given)),
      remove: async (...given) => this.step(() => connections.remove(...given)),
    }
  }

  #pusher(pusher: Pusher): Pusher {
    return {
      post: async (...given) => this.step(() => pusher.post(...given)),
      close: async (...given) => this.step(() => pusher.close(...given)),
    }
  }
}

/** Of a process that has died nothing comes back. */
async function never(): Promise<never> {
  return new Promise<never>(() => undefined)
}
