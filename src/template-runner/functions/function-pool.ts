import type { FunctionDefinition } from './definition.ts'
import { ThrottledError } from './function-error.ts'
import { FunctionInstance, type Output } from './instance.ts'

export interface PoolSettings {
  readonly environment: () => Record<string, string>
  /** One for each instance: their lines must not mix. */
  readonly output: () => Output
  /** How many instances of a function without reserved concurrency may run here. */
  readonly maxInstances: number
}

export interface Lease {
  readonly instance: FunctionInstance
  readonly cold: boolean
  readonly initMs: number
}

/**
 * The instances of one function. What exceeds its reserved concurrency is refused, as Lambda does; what exceeds only this
 * machine waits, since that limit is not the template's.
 */
export class FunctionPool {
  readonly definition: FunctionDefinition
  readonly #settings: PoolSettings
  readonly #idle: FunctionInstance[] = []
  readonly #busy = new Set<FunctionInstance>()
  readonly #waiting: (() => void)[] = []
  #places = 0

  constructor(definition: FunctionDefinition, settings: PoolSettings) {
    this.definition = definition
    this.#settings = settings
  }

  /** @throws ThrottledError @throws FunctionError if a new instance cannot start */
  async acquire(): Promise<Lease> {
    await this.#takePlace()
    try {
      const warm = this.#takeIdle()
      if (warm) return { instance: warm, cold: false, initMs: 0 }
      const began = performance.now()
      const { environment, output } = this.#settings
      const instance = await FunctionInstance.start(this.definition, environment(), output())
      this.#busy.add(instance)
      return { instance, cold: true, initMs: performance.now() - began }
    } catch (error) {
      this.#leavePlace()
      throw error
    }
  }

  release({ instance }: Lease): void {
    this.#busy.delete(instance)
    if (instance.isAlive) this.#idle.push(instance)
    this.#leavePlace()
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#idle, ...this.#busy].map(async (instance) => instance.terminate()))
  }

  /** The one that was used last: as on Lambda, the others may go cold. */
  #takeIdle(): FunctionInstance | undefined {
    for (;;) {
      const instance = this.#idle.pop()
      if (!instance) return undefined
      // It may have died while it was idle, of what it had left behind.
      if (!instance.isAlive) continue
      this.#busy.add(instance)
      return instance
    }
  }

  async #takePlace(): Promise<void> {
    const { id, reservedConcurrency } = this.definition
    if (reservedConcurrency !== undefined && this.#places >= reservedConcurrency) {
      throw new ThrottledError(id, reservedConcurrency)
    }
    const limit = reservedConcurrency ?? this.#settings.maxInstances
    if (this.#places >= limit) {
      // Whoever leaves hands over the place.
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
      return
    }
    this.#places += 1
  }

  #leavePlace(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#places -= 1
  }
}
