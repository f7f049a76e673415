/** The project's own stack, synthesized and served by the template runner in this process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SQSClient } from '@aws-sdk/client-sqs'
import { App, CfnElement } from 'aws-cdk-lib'
import { afterAll, beforeAll } from 'vitest'
import { EventFanoutStack, type EventFanoutStackProps } from '../../lib/event-fanout-stack.ts'
import type { FunctionName } from '../../lib/function-settings.ts'
import { type RunningTemplate, startTemplate } from '../../src/template-runner/run-template.ts'
import { type Assembly, readAssembly } from '../../src/template-runner/template/assembly.ts'
import type { Deployment } from '../e2e/deployment.ts'
import { CONTEXT, SYNTHESIS_MS } from '../lib/synthesized.ts'

export const SECRET = 'a secret of the template run, long enough for HS256'

/** What signs the tests' own calls of AWS: the recorder tells them from the functions'. */
export const BACKEND = 'backend'

interface Wanted {
  readonly props?: EventFanoutStackProps
  /** What is done to the stack before it is synthesized. */
  readonly change?: (stack: EventFanoutStack) => void
  /** As `startTemplate` takes them. @default `SECRET`, for the only secret */
  readonly secrets?: Readonly<Record<string, string>> | string
}

export class ServedStack implements Deployment {
  readonly secret = SECRET
  readonly isOwn = false
  #running: RunningTemplate | undefined
  #assembly: Assembly | undefined
  #stack: EventFanoutStack | undefined
  #folder: string | undefined
  #sqs: SQSClient | undefined

  async start({ props = {}, change, secrets = SECRET }: Wanted): Promise<void> {
    this.#folder = mkdtempSync(join(tmpdir(), 'fanout-template-'))
    this.#stack = synthesizeInto(this.#folder, props, change)
    this.#assembly = readAssembly(this.#folder)
    this.#running = await startTemplate({ cdkOut: this.#folder, secrets })
    this.#sqs = new SQSClient({
      region: 'us-east-1',
      endpoint: this.running.endpoints.sqs,
      credentials: { accessKeyId: BACKEND, secretAccessKey: 'any' },
    })
  }

  async stop(): Promise<void> {
    this.#sqs?.destroy()
    await this.#running?.stop()
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }

  get running(): RunningTemplate {
    return started(this.#running)
  }

  get assembly(): Assembly {
    return started(this.#assembly)
  }

  get sqs(): SQSClient {
    return started(this.#sqs)
  }

  get httpUrl(): string {
    return this.running.httpUrl
  }

  get wsUrl(): string {
    return this.running.wsUrl
  }

  get queueUrl(): string {
    return started(this.running.outputs['QueueUrl'])
  }

  get deadLetterQueueUrl(): string {
    const { deadLetterQueue } = started(this.#stack).fanout
    return started(this.running.queueUrls[this.#logicalId(deadLetterQueue.node.defaultChild)])
  }

  get connectionsTable(): string {
    const { connectionsTable } = started(this.#stack).fanout
    return started(this.running.tableNames[this.#logicalId(connectionsTable.node.defaultChild)])
  }

  /** The function's logical id. */
  idOf(name: FunctionName): string {
    return this.#logicalId(started(this.#stack).fanout.functions[name].node.defaultChild)
  }

  #logicalId(element: unknown): string {
    return started(this.#stack).getLogicalId(element as CfnElement)
  }
}

/** Serves the stack for the tests of a file. */
export function serveStack(wanted: Wanted | (() => Promise<Wanted>) = {}): ServedStack {
  const served = new ServedStack()
  beforeAll(async () => served.start(typeof wanted === 'function' ? await wanted() : wanted), SYNTHESIS_MS)
  afterAll(async () => served.stop(), SYNTHESIS_MS)
  return served
}

function synthesizeInto(
  outdir: string,
  props: EventFanoutStackProps,
  change?: (stack: EventFanoutStack) => void,
): EventFanoutStack {
  // Checking templates is what `cdk synth` and test/lib do; it takes some 7 s of a CPU in each process.
  const app = new App({ outdir, context: { ...CONTEXT }, builtinCloudFormationValidation: false })
  const stack = new EventFanoutStack(app, 'EventFanout', props)
  change?.(stack)
  app.synth()
  return stack
}

/** The assembly alone, for what can be told without running it. */
export function assemblyOf(props: EventFanoutStackProps): Assembly {
  const folder = mkdtempSync(join(tmpdir(), 'fanout-template-'))
  try {
    synthesizeInto(folder, props)
    return readAssembly(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function started<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the stack is not served yet')
  return value
}
