import type { Faults } from './recorder/faults.ts'
import type { RunnerLog } from './runner-log.ts'

export interface TemplateOptions {
  /** The cloud assembly. @default cdk.out */
  readonly cdkOut?: string
  /** Which stack of it. @default the only one */
  readonly stack?: string
  /** Of the HTTP API; 0 picks a free one. @default 0 */
  readonly port?: number
  /** Of the WebSocket API. @default 0 */
  readonly wsPort?: number
  /** Where the APIs listen; everything else stays on 127.0.0.1. @default 127.0.0.1 */
  readonly host?: string
  /**
   * Values of secrets: by logical id, or by ARN those that are not in the template and that a function's variable names;
   * or one value, for the only secret that there is.
   *
   * @default what the template says
   */
  readonly secrets?: Readonly<Record<string, string>> | string
  /** Hooks before and after each call of an AWS API. They may be set later, on `RunningTemplate.faults`. */
  readonly faults?: Faults
  /** @default none */
  readonly log?: RunnerLog
  /** How many instances of a function without reserved concurrency run at once, and batches of a queue. @default 8 */
  readonly maxInstances?: number
  /** Before the retries of asynchronous invocations; on AWS 1 and 2 minutes. @default [200, 400] */
  readonly retryDelaysMs?: readonly number[]
  /** Of calls, invocations and log lines, only so many are kept. @default all */
  readonly keep?: number
}

const silent: RunnerLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

export type Settings = Required<Omit<TemplateOptions, 'stack'>> & Pick<TemplateOptions, 'stack'>

export function settle(options: TemplateOptions): Settings {
  return {
    cdkOut: 'cdk.out',
    port: 0,
    wsPort: 0,
    host: '127.0.0.1',
    secrets: {},
    faults: {},
    log: silent,
    maxInstances: 8,
    retryDelaysMs: [200, 400],
    keep: Infinity,
    ...options,
  }
}
