/** `fanout why` and `fanout doctor`, as processes, asked about a deployment. */
import { run } from '../cli/cli-process.ts'
import type { Deployment } from '../e2e/deployment.ts'

export interface Why {
  readonly reason: string
  readonly evidence: readonly string[]
  readonly devices: readonly { readonly device: string; readonly reason: string }[]
}

export async function why(
  { httpUrl, secret }: Deployment,
  userId: string,
  event: string,
  device?: string,
): Promise<Why> {
  const about = ['--user', userId, '--event', event, ...(device === undefined ? [] : ['--device', device])]
  const { stdout, stderr } = await run(['why', ...about, '--url', httpUrl, '--json'], {
    env: { JWT_SECRET: secret },
  })
  if (stdout === '') throw new Error(`fanout why found nothing out: ${stderr}`)
  return JSON.parse(stdout) as Why
}

/** Waits until the server has noticed that a user's last connection is closed: what is published before that is still pushed to it. */
export async function gone({ httpUrl, secret }: Deployment, userId: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const { stdout } = await run(['status', '--user', userId, '--url', httpUrl, '--json'], {
      env: { JWT_SECRET: secret },
    })
    if ((JSON.parse(stdout) as { connections: unknown[] }).connections.length === 0) return
  }
  throw new Error(`the server still has a connection of ${userId}`)
}

export interface Link {
  readonly link: string
  readonly status: 'ok' | 'failed' | 'warning' | 'skipped'
  readonly came?: string
  readonly cause?: string
  readonly remedy?: string
}

export interface Diagnosis {
  readonly code: number | null
  readonly links: readonly Link[]
  /** Of what failed, in order. */
  readonly causes: readonly string[]
}

export async function doctor(
  { httpUrl, wsUrl, secret }: Pick<Deployment, 'httpUrl' | 'wsUrl' | 'secret'>,
  ...more: readonly string[]
): Promise<Diagnosis> {
  const args = ['doctor', '--url', httpUrl, '--ws-url', wsUrl, '--json', ...more]
  const { code, stdout, stderr } = await run(args, { env: { JWT_SECRET: secret } })
  if (stdout === '') throw new Error(`fanout doctor said nothing: ${stderr}`)
  const { links } = JSON.parse(stdout) as { links: Link[] }
  const causes = links.filter(({ status }) => status === 'failed').map(({ cause }) => cause ?? 'no cause')
  return { code, links, causes }
}
