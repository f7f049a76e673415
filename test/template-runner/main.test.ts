import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Stack } from 'aws-cdk-lib'
import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { expect, it, onTestFinished } from 'vitest'
import { functionOf, synthesize } from './support/fixture.ts'

type Process = ChildProcessByStdio<null, Readable, Readable>

const main = fileURLToPath(new URL('../../src/template-runner/main.ts', import.meta.url))
const tsx = import.meta.resolve('tsx')

function start(env: Record<string, string>): Process {
  const child = spawn(process.execPath, ['--import', tsx, main], {
    env: { PATH: process.env['PATH'], PORT: '0', WS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

/** Lines of JSON until one says `message`. */
async function linesUntil(child: Process, message: string): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = []
  for await (const line of createInterface(child.stdout)) {
    lines.push(JSON.parse(line) as Record<string, unknown>)
    if (lines.at(-1)?.['msg'] === message) return lines
  }
  throw new Error(`it ended after ${JSON.stringify(lines)}`)
}

function build(stack: Stack): void {
  new Secret(stack, 'Secret', { generateSecretString: {} })
  const fn = functionOf(stack, 'Fn', 'export const handler = async () => ({ ok: true })')
  const api = new HttpApi(stack, 'Api')
  api.addRoutes({ path: '/ok', integration: new HttpLambdaIntegration('Integration', fn) })
}

it('says where it serves, and stops on SIGTERM', async () => {
  const child = start({ CDK_OUT: synthesize(build), JWT_SECRET: 'a-secret-from-outside' })
  const stderr = text(child.stderr)
  const serving = (await linesUntil(child, 'serving')).at(-1)!
  expect(serving).toMatchObject({
    level: 'info',
    httpUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
  })
  expect(await (await fetch(`${String(serving['httpUrl'])}/ok`)).json()).toEqual({ ok: true })
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number]
  expect(code).toBe(0)
  const banner = await stderr
  expect(banner).toContain(String(serving['httpUrl']))
  expect(banner).not.toContain('a-secret-from-outside')
})

it.each([
  ['PORT', 'abc', 'PORT is "abc"; give a port, 0 to 65535'],
  ['CDK_OUT', '/nowhere', 'run `cdk synth` first'],
])('ends with 2 and a reason if %s cannot be used', async (name, value, message) => {
  const child = start({ [name]: value })
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number]>])
  expect(code).toBe(2)
  expect(stderr).toContain(message)
  expect(stderr).not.toContain('    at ')
})
