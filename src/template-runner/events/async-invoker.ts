import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { FunctionError, ThrottledError } from '../functions/function-error.ts'
import type { LambdaFunctions } from '../functions/lambda-functions.ts'
import { payloadOf } from '../functions/payload.ts'
import type { Trigger } from '../invocation.ts'
import type { RunnerLog } from '../runner-log.ts'
import type { AsyncConfig } from './async-config.ts'
import type { QueueSender } from './queue-sender.ts'

export interface AsyncInvokerSettings {
  readonly functions: LambdaFunctions
  readonly configs: ReadonlyMap<string, AsyncConfig>
  readonly sender: QueueSender
  readonly log: RunnerLog
  /** Before the first retry, the second, …; the last one repeats. */
  readonly retryDelaysMs: readonly number[]
}

interface Attempted {
  readonly requestId: string
  readonly event: unknown
  readonly attempts: number
  readonly result?: unknown
  readonly error?: unknown
}

/** Lambda's own queue: invocations that nobody waits for. It retries what fails, and then hands it on. */
export class AsyncInvoker {
  readonly #settings: AsyncInvokerSettings
  readonly #running = new Set<Promise<void>>()
  readonly #stopping = new AbortController()

  constructor(settings: AsyncInvokerSettings) {
    this.#settings = settings
  }

  /** Returns at once. @throws RequestTooLargeError, for Lambda does not even queue such an event */
  invoke(functionId: string, event: unknown, trigger: Trigger): void {
    payloadOf(event, trigger)
    const running = this.#invoke(functionId, event, trigger)
      .catch((error: unknown) => {
        const text = error instanceof Error ? error.message : String(error)
        this.#settings.log.error({ function: functionId, error: text }, 'an asynchronous invocation was lost')
      })
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Resolves when all have come to an end. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  /** No retries from now on. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.idle()
  }

  async #invoke(functionId: string, event: unknown, trigger: Trigger): Promise<void> {
    const config = this.#settings.configs.get(functionId)
    const attempted = await this.#attempt(functionId, event, trigger, config?.retries ?? 0)
    if (!config) return
    const destination = attempted.error === undefined ? config.onSuccessArn : config.onFailureArn
    if (destination !== undefined) await this.#handOn(functionId, destination, attempted)
    if (attempted.error !== undefined && config.deadLetterArn !== undefined) {
      const { errorMessage } = shapeOf(attempted.error)
      const attributes = {
        RequestID: attempted.requestId,
        ErrorCode: '200',
        ErrorMessage: errorMessage === '' ? 'none' : errorMessage,
      }
      await this.#settings.sender.send(config.deadLetterArn, event, functionId, attributes)
    }
  }

  async #attempt(functionId: string, event: unknown, trigger: Trigger, retries: number): Promise<Attempted> {
    const requestId = randomUUID()
    const { functions, log, retryDelaysMs } = this.#settings
    for (let attempts = 1; ; attempts += 1) {
      try {
        const result = await functions.invoke(functionId, event, { trigger })
        return { requestId, event, attempts, result }
      } catch (error) {
        if (!(error instanceof FunctionError) && !(error instanceof ThrottledError)) throw error
        log.warn(
          { function: functionId, attempts, error: `${error.name}: ${error.message}` },
          'an asynchronous invocation failed',
        )
        // What was only throttled is tried again for hours, and counts as no retry.
        if (error instanceof ThrottledError) attempts -= 1
        else if (attempts > retries) return { requestId, event, attempts, error }
        if (this.#stopping.signal.aborted) return { requestId, event, attempts, error }
        await this.#pause(retryDelaysMs[Math.max(0, attempts - 1)] ?? retryDelaysMs.at(-1) ?? 0)
      }
    }
  }

  /** Source: Lambda developer guide, page invocation-async-retain-records. */
  async #handOn(
    functionId: string,
    destination: string,
    { requestId, event, attempts, result, error }: Attempted,
  ): Promise<void> {
    const succeeded = error === undefined
    const body = {
      version: '1.0',
      timestamp: new Date().toISOString(),
      requestContext: {
        requestId,
        functionArn: `${this.#settings.functions.find(functionId)?.arn ?? functionId}:$LATEST`,
        condition: succeeded ? 'Success' : 'RetriesExhausted',
        approximateInvokeCount: attempts,
      },
      requestPayload: event,
      responseContext: {
        statusCode: 200,
        executedVersion: '$LATEST',
        ...(!succeeded && { functionError: 'Unhandled' }),
      },
      responsePayload: succeeded ? result : shapeOf(error),
    }
    await this.#settings.sender.send(destination, body, functionId)
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
  }
}

function shapeOf(error: unknown): { errorType: string; errorMessage: string } {
  if (error instanceof FunctionError) return error.payload
  return error instanceof Error
    ? { errorType: error.name, errorMessage: error.message }
    : { errorType: typeof error, errorMessage: String(error) }
}
