import type { SQSClient } from '@aws-sdk/client-sqs'
import { SECRET } from '../e2e/deployment.ts'
import { Cli } from './cli-process.ts'

export type Env = Readonly<Record<string, string>>

/** `fanout bridge` that runs, on any free port. */
export function bridge(args: readonly string[], env: Env): Cli {
  return new Cli(['bridge', '--port', '0', ...args], { env: { JWT_SECRET: SECRET, ...env } })
}

/** Reads the log up to the first line with this text. */
export async function logged(cli: Cli, message: string): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const line = (await cli.printed()) as Readonly<Record<string, unknown>>
    if (line['msg'] === message) return line
  }
}

export async function healthOf(cli: Cli): Promise<string> {
  return String((await logged(cli, 'bridge serves its health'))['health'])
}

export async function ended(cli: Cli, signal: NodeJS.Signals = 'SIGTERM') {
  cli.signal(signal)
  return cli.ended
}

/** What a process needs to reach a queue of fauxqs. */
export async function awsEnv(client: SQSClient): Promise<Env> {
  const { protocol, hostname, port = 0 } = await client.config.endpoint!()
  return {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    // The URL of the queue has a host that does not exist.
    AWS_ENDPOINT_URL_SQS: `${protocol}//${hostname}:${port}`,
  }
}
