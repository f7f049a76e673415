import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SYNTHESIS_MS } from './synthesized.ts'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** `npx cdk synth`, as somebody without an AWS account would run it, on the sources. */
function synth(home: string) {
  const cdk = join(ROOT, 'node_modules/aws-cdk/bin/cdk')
  const app = `${process.execPath} --import tsx bin/app.ts`
  const output = join(home, 'cdk.out')
  const options = ['--build', 'true', '--app', app, '--output', output, '--quiet']
  return run(process.execPath, [cdk, 'synth', ...options], { cwd: ROOT, env: environment(home) })
}

function environment(home: string) {
  return { PATH: process.env['PATH'], HOME: home, AWS_EC2_METADATA_DISABLED: 'true' }
}

describe('the app', () => {
  let home: string
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'fanout-synth-'))
  })
  afterEach(() => rm(home, { recursive: true, force: true }))

  it(
    'is synthesized without an account, and there is nothing to complain about',
    async () => {
      const { stdout, stderr } = await synth(home)
      expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' })
      const template = await readFile(join(home, 'cdk.out/EventFanout.template.json'), 'utf8')
      expect(JSON.parse(template)).toHaveProperty('Outputs.WebSocketUrl')
    },
    SYNTHESIS_MS,
  )

  it(
    'reads the context, and fails with the value that cannot be used',
    async () => {
      const context = { CDK_CONTEXT_JSON: '{"retentionDays":"soon"}', CDK_OUTDIR: join(home, 'cdk.out') }
      const started = run(process.execPath, ['--import', 'tsx', 'bin/app.ts'], {
        cwd: ROOT,
        env: { ...environment(home), ...context },
      })
      const complaint = 'context value retentionDays is "soon"; it must be a whole number'
      await expect(started).rejects.toThrow(complaint)
    },
    SYNTHESIS_MS,
  )
})
