/** Functions as they are deployed, each in a process of its own, against `services.ts`. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { connecting, OPERATIONS, type Operation, pinging, USERS } from './operations.ts'
import type { Addresses, Bill, Request } from './services.ts'

const bundles = join(import.meta.dirname, '../../dist/bundles')

/** Batches that are handled before any is measured: until V8 has compiled what runs often. */
const WARM_UP = 60

/** So much more often runs what handles one thing at a time. */
const ALONE = 5

interface Run {
  readonly cpuUs: number
  readonly last: { readonly body?: string; readonly statusCode?: number } | undefined
}

/** What one thing that an operation's name says takes. */
export interface Measured extends Bill {
  readonly name: string
  readonly cpuUs: number
}

export function environmentAt({ dynamodb, connections, secrets }: Addresses): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    NODE_NO_WARNINGS: '1',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    // As long as Lambda's are: it is a part of every request.
    AWS_SESSION_TOKEN: 'x'.repeat(400),
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets,
    CONNECTIONS_ENDPOINT: `${connections}/prod`,
    LOG_TABLE: 'log',
    CONNECTIONS_TABLE: 'connections',
    QUEUE_URL: 'http://127.0.0.1:9/000000000000/events.fifo',
    DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1:9/000000000000/dead.fifo',
    JWT_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:tokens-AbCdEf',
    METRICS_SERVICE: 'bench',
    LOG_LEVEL: 'warn',
  }
}

async function ask<T>(child: ChildProcess, message: object | Request): Promise<T> {
  const answer = once(child, 'message')
  child.send(message)
  return ((await answer) as [T])[0]
}

export class Services {
  readonly #child = fork(join(import.meta.dirname, 'services.ts'))

  async ask<T>(request: Request): Promise<T> {
    return ask(this.#child, request)
  }

  stop(): void {
    this.#child.kill()
  }
}

class FunctionHost {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(name: string, env: NodeJS.ProcessEnv): Promise<FunctionHost> {
    const args = [join(bundles, name, 'index.mjs')]
    // Not tsx's loader; and what a function writes to its log is nobody's here.
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const
    const child = fork(join(import.meta.dirname, 'function-host.js'), args, {
      execArgv: [],
      env,
      stdio: [...stdio],
    })
    await once(child, 'message')
    return new FunctionHost(child)
  }

  async run(events: readonly unknown[]): Promise<Run> {
    return ask(this.#child, events)
  }

  stop(): void {
    this.#child.kill()
  }
}

/** Connects all users. @returns where their logs end, as a `pong` tells it */
async function prepare(env: NodeJS.ProcessEnv): Promise<(user: string) => number> {
  const heads = new Map<string, number>()
  const connect = await FunctionHost.start('connect', env)
  const message = await FunctionHost.start('message', env)
  for (const user of USERS) {
    await connect.run([connecting(user)])
    const { last } = await message.run([pinging(user)])
    heads.set(user, (JSON.parse(last?.body ?? '') as { head: number }).head)
  }
  connect.stop()
  message.stop()
  return (user) => heads.get(user) ?? 0
}

/** @param rounds batches of each operation; what handles one thing at a time is run `ALONE` times as often */
export async function* measureOperations(services: Services, rounds: number): AsyncGenerator<Measured> {
  const env = environmentAt(await services.ask<Addresses>('addresses'))
  let done = 0
  for (const operation of OPERATIONS) {
    const times = operation.size === 1 ? ALONE : 1
    const head = await prepare(env)
    const events = (count: number) =>
      Array.from({ length: count * times }, () => operation.event(done++, head))
    const host = await FunctionHost.start(operation.function, env)
    try {
      await host.run(events(WARM_UP))
      await services.ask('reset')
      const run = await host.run(events(rounds))
      yield measured(operation, rounds * times * operation.size, run, await services.ask<Bill>('bill'))
    } finally {
      host.stop()
    }
  }
}

function measured({ name }: Operation, count: number, { cpuUs, last }: Run, bill: Bill): Measured {
  if ((last?.statusCode ?? 200) >= 400) throw new Error(`${name} answers ${JSON.stringify(last)}`)
  const each = (sums: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(sums).map(([key, sum]) => [key, sum / count]))
  return { name, cpuUs: cpuUs / count, calls: each(bill.calls), units: each(bill.units) }
}
