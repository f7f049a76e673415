import { randomUUID } from 'node:crypto'
import type { Clock } from './clock.ts'

/**
 * A function as Lambda runs it. What type it gives its event is its own affair, as with Lambda; `events.ts` has the
 * types of what it will get.
 */
export type LambdaHandler = (event: never, context: never) => unknown

/** The part of Lambda's context object that means something outside of Lambda. */
export interface LambdaContext {
  callbackWaitsForEmptyEventLoop: boolean
  functionName: string
  functionVersion: string
  invokedFunctionArn: string
  memoryLimitInMB: string
  awsRequestId: string
  logGroupName: string
  logStreamName: string
  /** Milliseconds until the integration times out. */
  getRemainingTimeInMillis(): number
}

export type Outcome =
  { kind: 'returned'; value: unknown } | { kind: 'threw'; error: unknown } | { kind: 'timedOut' }

export interface InvokerSettings {
  readonly clock: Clock
  readonly timeoutMs: number
  readonly region: string
  readonly accountId: string
}

/** Runs functions within the integration timeout, and knows when none runs any more. */
export class Invoker {
  readonly #settings: InvokerSettings
  #running = 0
  #whenIdle: (() => void)[] = []

  constructor(settings: InvokerSettings) {
    this.#settings = settings
  }

  /** Never rejects. A function that is too late goes on running, unheard, as on Lambda. */
  async invoke(name: string, handler: LambdaHandler, event: object): Promise<Outcome> {
    this.#running += 1
    try {
      return await this.#race(handler, event, this.#context(name))
    } finally {
      this.#running -= 1
      if (this.#running === 0) for (const resolve of this.#whenIdle.splice(0)) resolve()
    }
  }

  /** Resolves once no function runs; at once if none does. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve()
    return new Promise((resolve) => this.#whenIdle.push(resolve))
  }

  #race(handler: LambdaHandler, event: object, context: LambdaContext): Promise<Outcome> {
    return new Promise((resolve) => {
      const cancel = this.#settings.clock.after(this.#settings.timeoutMs, () => {
        resolve({ kind: 'timedOut' })
      })
      void run(handler, event, context).then((outcome) => {
        cancel()
        resolve(outcome)
      })
    })
  }

  #context(name: string): LambdaContext {
    const { clock, timeoutMs, region, accountId } = this.#settings
    const deadline = clock.now() + timeoutMs
    return {
      callbackWaitsForEmptyEventLoop: true,
      functionName: name,
      functionVersion: '$LATEST',
      invokedFunctionArn: `arn:aws:lambda:${region}:${accountId}:function:${name}`,
      memoryLimitInMB: '128',
      awsRequestId: randomUUID(),
      logGroupName: `/aws/lambda/${name}`,
      logStreamName: 'local',
      getRemainingTimeInMillis: () => Math.max(0, deadline - clock.now()),
    }
  }
}

async function run(handler: LambdaHandler, event: object, context: LambdaContext): Promise<Outcome> {
  const callable = handler as (event: object, context: LambdaContext) => unknown
  try {
    return { kind: 'returned', value: await callable(event, context) }
  } catch (error) {
    return { kind: 'threw', error }
  }
}
