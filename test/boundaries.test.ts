import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

interface Report {
  readonly summary: {
    readonly totalCruised: number
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[]
  }
  readonly modules: readonly { readonly source: string }[]
}

const root = resolve(import.meta.dirname, '..')
const scratch = mkdtempSync(join(tmpdir(), 'fanout-boundaries-'))
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true })
})

function cruise(folder: string): Report {
  const command = join(root, 'node_modules/.bin/depcruise')
  const options = [
    'src',
    'lambdas',
    'lib',
    'bin',
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
  ]
  const { stdout, stderr } = spawnSync(command, options, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as Report
}

/** A tree that breaks every rule, with the file that does it. */
const broken = {
  'core-knows-nobody': { 'src/core/knows-gateway.ts': "import '../gateway/innocent.ts'" },
  'core-is-pure': { 'src/core/reads-files.ts': "import 'node:fs'" },
  'gateway-knows-nobody': { 'src/gateway/knows-core.ts': "import '../core/innocent.ts'" },
  'auth-knows-core': { 'src/auth/knows-gateway.ts': "import '../gateway/innocent.ts'" },
  'embedded-knows-core': { 'src/embedded/knows-auth.ts': "import '../auth/innocent.ts'" },
  'lambdas-translate': {
    'lambdas/knows-embedded.ts': "import '../src/embedded/innocent.ts'",
    'lambdas/knows-deployed.ts': "import './deployed/innocent.ts'",
  },
  'aws-knows-core': { 'src/aws/knows-gateway.ts': "import '../gateway/innocent.ts'" },
  'deployed-composes': { 'lambdas/deployed/knows-embedded.ts': "import '../../src/embedded/innocent.ts'" },
  'lib-knows-nobody': { 'lib/knows-core.ts': "import '../src/core/innocent.ts'" },
  'bin-knows-lib': { 'bin/knows-core.ts': "import '../src/core/innocent.ts'" },
  'template-runner-knows-the-gateway': {
    'src/template-runner/knows-core.ts': "import '../core/innocent.ts'",
  },
  'bridge-publishes': { 'src/bridge/knows-embedded.ts': "import '../embedded/innocent.ts'" },
  'process-knows-nobody': { 'src/process/knows-core.ts': "import '../core/innocent.ts'" },
  'local-composes': { 'src/local/knows-cli.ts': "import '../cli/innocent.ts'" },
  'client-knows-nobody': { 'src/client/knows-core.ts': "import '../core/innocent.ts'" },
  'react-knows-client': { 'src/react/knows-core.ts': "import '../core/innocent.ts'" },
  'console-knows-client': { 'src/console/knows-core.ts': "import '../core/innocent.ts'" },
  'publisher-knows-the-event-map': { 'src/publisher/knows-core.ts': "import '../core/innocent.ts'" },
  'cli-is-a-client': { 'src/cli/knows-embedded.ts': "import '../embedded/innocent.ts'" },
  'nothing-imports-tests': { 'src/core/knows-tests.ts': "import '../../test/innocent.ts'" },
  'no-circular': {
    'src/core/circle.ts': "import './circle-2.ts'",
    'src/core/circle-2.ts': "import './circle.ts'",
  },
  resolvable: { 'src/core/lost.ts': "import './nowhere.ts'" },
}

function brokenTree(): string {
  const parts = ['src/core', 'src/gateway', 'src/auth', 'src/embedded', 'src/cli', 'lambdas/deployed', 'test']
  const innocent = parts.map((part) => [`${part}/innocent.ts`, 'export {}'] as const)
  const settings = { 'tsconfig.json': '{}', 'package.json': '{"type":"module"}' }
  const files = Object.values(broken).flatMap((rule) => Object.entries(rule))
  for (const [name, text] of [...Object.entries(settings), ...innocent, ...files]) {
    mkdirSync(dirname(join(scratch, name)), { recursive: true })
    writeFileSync(join(scratch, name), text)
  }
  cpSync(join(root, '.dependency-cruiser.cjs'), join(scratch, '.dependency-cruiser.cjs'))
  return scratch
}

describe('dependencies point inwards', () => {
  it('in the whole project', () => {
    const { summary, modules } = cruise(root)
    expect(summary.violations).toEqual([])
    // A cruise that reads nothing finds nothing wrong: every part has to have been seen.
    const seen = new Set(modules.map(({ source }) => /^(lambdas|lib|bin|src\/[\w-]+)\//.exec(source)?.[1]))
    const sources = [
      'auth',
      'aws',
      'bridge',
      'cli',
      'core',
      'embedded',
      'gateway',
      'local',
      'template-runner',
    ]
    for (const part of ['lambdas', 'lib', 'bin', ...sources.map((name) => `src/${name}`)])
      expect(seen).toContain(part)
  })

  it('and the check says so where they do not', () => {
    const found = new Map<string, string[]>()
    for (const { from, rule } of cruise(brokenTree()).summary.violations) {
      found.set(rule.name, [...(found.get(rule.name) ?? []), from])
    }
    for (const [rule, files] of Object.entries(broken)) {
      expect(Object.keys(files), rule).toEqual(expect.arrayContaining(found.get(rule) ?? ['nothing found']))
    }
  })
})
