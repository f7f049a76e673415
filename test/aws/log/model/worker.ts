import type { Clock, EventLog } from '../../../../src/core/ports.ts'
import { Appender } from '../../../../src/aws/log/appender.ts'
import { LogLife, type LifeOptions } from '../../../../src/aws/log/log-life.ts'
import { LogReader } from '../../../../src/aws/log/log-reader.ts'
import type { LogStore } from '../../../../src/aws/log/log-store.ts'
import type { Simulation } from './simulation.ts'

/** Right before or right after its k-th call of the store. */
export interface Death {
  readonly call: number
  readonly when: 'before' | 'after'
}

/** What a mutant changes. */
export interface Build {
  readonly Life?: new (options: LifeOptions) => LogLife
  /** The store as a writer, or a reader, sees it. */
  readonly writersStore?: (store: LogStore, life: LogLife) => LogStore
  readonly readersStore?: (store: LogStore, life: LogLife) => LogStore
}

export interface WorkerOptions {
  readonly simulation: Simulation
  readonly store: LogStore
  readonly retentionMs: number
  /** How far its clock is ahead, in milliseconds. */
  readonly skewMs: number
  readonly death?: Death | undefined
  readonly build: Build
}

/** How often a call fails, or its answer does not arrive. */
const FAULTS = { writes: 0.04, reads: 0.01 }
const PATIENCE_MS = 150_000

/** One worker: its clock may be wrong, calls of its fail, answers get lost, and it may die. */
export class Worker {
  readonly clock: Clock
  readonly life: LogLife
  readonly store: LogStore
  readonly appender: Appender
  readonly reader: LogReader
  /** Resolves when it dies. */
  readonly died: Promise<'died'>
  readonly #simulation: Simulation
  readonly #death: Death | undefined
  #calls = 0
  #underWay = 0
  #isDead = false
  #die: () => void = () => undefined

  constructor({ simulation, store, retentionMs, skewMs, death, build }: WorkerOptions) {
    this.#simulation = simulation
    this.#death = death
    this.died = new Promise((resolve) => {
      this.#die = () => {
        this.#isDead = true
        resolve('died')
      }
    })
    this.clock = { now: () => simulation.now() + skewMs }
    this.life = new (build.Life ?? LogLife)({ clock: this.clock, retentionMs })
    this.store = this.#reach(store)
    const wait = async () => simulation.turn()
    this.appender = new Appender({
      store: build.writersStore?.(this.store, this.life) ?? this.store,
      life: this.life,
      wait,
      patienceMs: PATIENCE_MS,
    })
    this.reader = new LogReader(build.readersStore?.(this.store, this.life) ?? this.store, this.life)
  }

  /** Whether none of its calls is under way. */
  get isIdle(): boolean {
    return this.#underWay === 0
  }

  /** The store over a network. */
  #reach(store: LogStore): LogStore {
    return {
      tail: async (...given) => this.#read(() => store.tail(...given)),
      range: async (...given) => this.#read(() => store.range(...given)),
      putEntry: async (...given) => this.#write(() => store.putEntry(...given)),
      head: async (...given) => this.#read(() => store.head(...given)),
      putHead: async (...given) => this.#write(() => store.putHead(...given)),
      receipt: async (...given) => this.#read(() => store.receipt(...given)),
      begin: async (...given) => this.#write(() => store.begin(...given)),
      complete: async (...given) => this.#write(() => store.complete(...given)),
    }
  }

  async #read<T>(effect: () => Promise<T>): Promise<T> {
    return this.#call(async () => {
      if (this.#simulation.chance(FAULTS.reads)) throw new Error('the store did not answer')
      return effect()
    })
  }

  async #write<T>(effect: () => Promise<T>): Promise<T> {
    return this.#call(async () => {
      if (!this.#simulation.chance(FAULTS.writes)) return effect()
      const fault = this.#simulation.pick(['refused', 'lost', 'repeated'] as const)
      if (fault === 'refused') throw new Error('the store refused the call')
      const answer = await effect()
      if (fault === 'lost') throw new Error(`the answer ${String(answer)} got lost`)
      // What the SDK does by itself: to a condition, what the first call did is somebody else's.
      await this.#simulation.turn()
      return effect()
    })
  }

  async #call<T>(effect: () => Promise<T>): Promise<T> {
    this.#underWay++
    await this.#simulation.turn()
    const call = ++this.#calls
    this.#dieIf(call, 'before')
    if (this.#hasDied()) return never()
    try {
      return await effect()
    } finally {
      this.#dieIf(call, 'after')
      if (this.#simulation.chance(0.3)) await this.#simulation.turn()
      if (this.#hasDied()) await never()
      this.#underWay--
    }
  }

  #hasDied(): boolean {
    return this.#isDead
  }

  #dieIf(call: number, when: Death['when']): void {
    if (this.#death?.call === call && this.#death.when === when) this.#die()
  }
}

async function never(): Promise<never> {
  return new Promise<never>(() => undefined)
}

/** A log of which only reading is asked. */
export function readOnly(reader: LogReader): EventLog {
  const no = async () => Promise.reject(new Error('this log is only read'))
  return {
    append: no,
    complete: no,
    receipt: no,
    head: async (userId) => reader.head(userId),
    end: async (userId) => reader.end(userId),
    after: async (...given) => reader.after(...given),
    newest: async (...given) => reader.newest(...given),
    cursorAt: async (...given) => reader.cursorAt(...given),
  }
}
