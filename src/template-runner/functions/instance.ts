import { randomUUID } from 'node:crypto'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { FunctionDefinition } from './definition.ts'
import { type ErrorPayload, FunctionError } from './function-error.ts'

export type Output = (stream: 'stdout' | 'stderr', text: string) => void

type Message =
  | { type: 'output'; stream: 'stdout' | 'stderr'; text: string }
  | { type: 'ready' }
  | { type: 'initFailed'; error: ErrorPayload }
  | { type: 'returned'; json: string }
  | { type: 'threw'; error: ErrorPayload }

type Ending = Exclude<Message, { type: 'output' }> | { type: 'died'; error: ErrorPayload }

/** A function whose import does not end must not hang its caller. Lambda's own limit, 10 s, is for faster machines. */
const INIT_TIMEOUT_MS = 60_000

/** Lambda's runtime leaves a tenth of the memory for what is not V8's heap. */
const HEAP_SHARE = 0.9

/** Source: Lambda developer guide, page gettingstarted-limits. */
const MAX_RESPONSE_BYTES = 6_291_556

/** One execution environment: a worker thread that runs one event at a time. */
export class FunctionInstance {
  readonly #definition: FunctionDefinition
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #signal = new Int32Array(new SharedArrayBuffer(4))
  readonly #output: Output
  #settle: ((ending: Ending) => void) | undefined
  #dead: ErrorPayload | undefined

  private constructor(definition: FunctionDefinition, environment: Record<string, string>, output: Output) {
    const { port1, port2 } = new MessageChannel()
    this.#definition = definition
    this.#output = output
    this.#port = port1
    this.#worker = new Worker(new URL('worker.mjs', import.meta.url), {
      name: definition.id,
      env: environment,
      // Nothing of what this process was started with: not its loaders, not its flags.
      execArgv: [],
      argv: [],
      resourceLimits: { maxOldGenerationSizeMb: Math.floor(definition.memoryMb * HEAP_SHARE) },
      workerData: {
        port: port2,
        signal: this.#signal,
        file: definition.file,
        exportName: definition.exportName,
      },
      transferList: [port2],
    })
    this.#worker.unref()
    port1.unref()
    this.#listen()
  }

  /** @throws FunctionError if the module cannot be imported or has no such handler */
  static async start(
    definition: FunctionDefinition,
    environment: Record<string, string>,
    output: Output,
  ): Promise<FunctionInstance> {
    const instance = new FunctionInstance(definition, environment, output)
    const ending = await instance.#ending(INIT_TIMEOUT_MS)
    if (ending?.type === 'ready') return instance
    await instance.terminate()
    throw new FunctionError(
      'crashed',
      ending && 'error' in ending
        ? ending.error
        : { errorType: 'Runtime.InitTimeout', errorMessage: `${definition.id} was not imported in time` },
    )
  }

  get isAlive(): boolean {
    return this.#dead === undefined
  }

  /** @param event as JSON @throws FunctionError */
  async run(event: string): Promise<unknown> {
    const { timeoutMs } = this.#definition
    const requestId = randomUUID()
    const context = contextOf(this.#definition, requestId)
    const ended = this.#ending(timeoutMs)
    this.#port.postMessage({
      event,
      deadline: Date.now() + timeoutMs,
      context,
    })
    Atomics.add(this.#signal, 0, 1)
    Atomics.notify(this.#signal, 0)
    const ending = await ended
    if (ending?.type === 'returned') return parseResult(ending.json)
    if (ending?.type === 'threw') throw new FunctionError('threw', ending.error)
    if (ending && 'error' in ending) throw new FunctionError('crashed', ending.error)
    await this.terminate()
    throw new FunctionError('timedOut', {
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
    })
  }

  async terminate(): Promise<void> {
    this.#died({ errorType: 'Runtime.ExitError', errorMessage: 'the runner ended it' })
    await this.#worker.terminate()
  }

  #listen(): void {
    this.#port.on('message', (message: Message) => {
      this.#take(message)
    })
    // Whoever listens keeps the process alive; a frozen function must not.
    this.#port.unref()
    this.#worker.on('error', (error: unknown) => {
      this.#died(describeCrash(error))
    })
    this.#worker.on('exit', (code) => {
      // The last that it said may not have been handed over yet: that it ended is no reason, why it did is.
      for (let left = receiveMessageOnPort(this.#port); left; left = receiveMessageOnPort(this.#port)) {
        this.#take(left.message as Message)
      }
      this.#died({
        errorType: 'Runtime.ExitError',
        errorMessage: `Runtime exited without providing a reason (code ${code})`,
      })
      this.#port.close()
    })
  }

  #take(message: Message): void {
    if (message.type === 'output') this.#output(message.stream, message.text)
    else this.#settle?.(message)
  }

  #died(error: ErrorPayload): void {
    this.#dead ??= error
    this.#settle?.({ type: 'died', error: this.#dead })
  }

  /** Undefined when it takes longer than `ms`. Only one may be awaited at a time. */
  async #ending(ms: number): Promise<Ending | undefined> {
    if (this.#dead) return { type: 'died', error: this.#dead }
    return new Promise((resolve) => {
      const settle = (ending: Ending | undefined): void => {
        clearTimeout(timer)
        this.#settle = undefined
        resolve(ending)
      }
      const timer = setTimeout(() => {
        settle(undefined)
      }, ms)
      this.#settle = settle
    })
  }
}

function contextOf({ name, arn, memoryMb }: FunctionDefinition, requestId: string): object {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: arn,
    memoryLimitInMB: String(memoryMb),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
  }
}

function parseResult(json: string): unknown {
  const bytes = Buffer.byteLength(json)
  if (bytes <= MAX_RESPONSE_BYTES) return JSON.parse(json)
  throw new FunctionError('threw', {
    errorType: 'Function.ResponseSizeTooLarge',
    errorMessage: `Response payload size (${bytes} bytes) exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
  })
}

/** What is thrown outside of the handler ends the environment, on Lambda as here. */
function describeCrash(error: unknown): ErrorPayload {
  const isOutOfMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
  if (isOutOfMemory) return { errorType: 'Runtime.OutOfMemory', errorMessage: error.message }
  if (!(error instanceof Error)) return { errorType: 'Runtime.Crash', errorMessage: String(error) }
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
}
