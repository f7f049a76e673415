import type { Invocation, Recording, Trigger } from '../invocation.ts'
import { TemplateError } from '../template-error.ts'
import type { FunctionDefinition } from './definition.ts'
import { FunctionError } from './function-error.ts'
import type { FunctionLogs } from './function-logs.ts'
import { FunctionPool, type Lease } from './function-pool.ts'
import { payloadOf } from './payload.ts'

export interface LambdaFunctionsSettings {
  readonly definitions: readonly FunctionDefinition[]
  readonly environment: (definition: FunctionDefinition) => Record<string, string>
  readonly logs: FunctionLogs
  readonly recording: Recording
  readonly maxInstances: number
}

export interface InvocationFacts {
  readonly trigger: Trigger
  readonly routeKey?: string
  readonly records?: number
}

/** All functions of a stack. */
export class LambdaFunctions {
  readonly #pools: ReadonlyMap<string, FunctionPool>
  readonly #recording: Recording

  constructor({ definitions, environment, logs, recording, maxInstances }: LambdaFunctionsSettings) {
    this.#recording = recording
    this.#pools = new Map(
      definitions.map((definition) => [
        definition.id,
        new FunctionPool(definition, {
          environment: () => environment(definition),
          output: () => logs.outputOf(definition.name),
          maxInstances,
        }),
      ]),
    )
  }

  /** By logical id, name or ARN. */
  find(name: string): FunctionDefinition | undefined {
    const definitions = [...this.#pools.values()].map(({ definition }) => definition)
    return definitions.find(({ id, name: physical, arn }) => [id, physical, arn].includes(name))
  }

  /**
   * Runs a function to its end and gives what it returned, as JSON would carry it.
   *
   * @param id logical id
   * @throws FunctionError for whatever the function did wrong, ThrottledError if its concurrency is used up,
   *   RequestTooLargeError
   */
  async invoke(id: string, event: unknown, facts: InvocationFacts): Promise<unknown> {
    const pool = this.#pools.get(id)
    if (!pool)
      throw new TemplateError(`there is no function ${id}; there are ${[...this.#pools.keys()].join(', ')}`)
    const payload = payloadOf(event, facts.trigger)
    const lease = await pool.acquire().catch((error: unknown) => {
      if (error instanceof FunctionError) this.#record(pool, facts, Date.now(), undefined, 0, error)
      throw error
    })
    const at = Date.now()
    const began = performance.now()
    try {
      const result = await lease.instance.run(payload)
      this.#record(pool, facts, at, lease, performance.now() - began)
      return result
    } catch (error) {
      this.#record(pool, facts, at, lease, performance.now() - began, error)
      throw error
    } finally {
      pool.release(lease)
    }
  }

  /** Whatever still runs is ended. */
  async stop(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(async (pool) => pool.stop()))
  }

  #record(
    { definition }: FunctionPool,
    facts: InvocationFacts,
    at: number,
    lease: Lease | undefined,
    durationMs: number,
    error?: unknown,
  ): void {
    const failed: Invocation['outcome'] = error instanceof FunctionError ? error.outcome : 'threw'
    this.#recording.addInvocation({
      at,
      function: definition.id,
      memoryMb: definition.memoryMb,
      durationMs,
      cold: lease?.cold ?? true,
      ...(lease?.cold === true && { initMs: lease.initMs }),
      ...facts,
      outcome: error === undefined ? 'returned' : failed,
    })
  }
}
