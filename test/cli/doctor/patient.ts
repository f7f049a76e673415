import { expect } from 'vitest'
import type { Cause } from '../../../src/cli/doctor/causes.ts'
import type { LinkName, LinkReport } from '../../../src/cli/doctor/link.ts'
import type { Deployment } from '../../e2e/deployment.ts'
import { run } from '../cli-process.ts'

export interface Diagnosis {
  readonly code: number | null
  readonly ok: boolean
  readonly links: readonly LinkReport[]
  readonly stderr: string
  /** Of one link. */
  readonly of: (link: LinkName) => LinkReport
  /** What failed, in order. */
  readonly failures: readonly (readonly [LinkName, Cause | undefined])[]
}

type Addresses = Pick<Deployment, 'httpUrl' | 'wsUrl'>

/** What the doctor says of a deployment, with `--json`. */
export async function examine(
  { httpUrl, wsUrl, secret }: Addresses & { readonly secret: string },
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Diagnosis> {
  const { code, stdout, stderr } = await run(
    ['doctor', '--json', '--url', httpUrl, '--ws-url', wsUrl, ...args],
    {
      env: { JWT_SECRET: secret, ...env },
    },
  )
  if (stdout === '') throw new Error(`the doctor said nothing: ${stderr}`)
  const { ok, links } = JSON.parse(stdout) as Pick<Diagnosis, 'ok' | 'links'>
  expect(code).toBe(ok ? 0 : 1)
  return {
    code,
    ok,
    links,
    stderr,
    of: (name) => links.find(({ link }) => link === name) ?? expect.unreachable(`no link ${name}`),
    failures: links
      .filter(({ status }) => status === 'failed')
      .map(({ link, cause }) => [link, cause] as const),
  }
}
