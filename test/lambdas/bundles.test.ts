/** What Lambda loads: each bundle holds what its function uses, and nothing else. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const folder = join(import.meta.dirname, '../../dist/bundles')

interface Metafile {
  readonly outputs: Readonly<
    Record<
      string,
      { readonly entryPoint?: string; readonly inputs: Readonly<Record<string, { bytesInOutput: number }>> }
    >
  >
}

/** The parts that are there or not: clients of AWS, the token library, and what of the project is large. */
const PARTS = {
  tables: 'node_modules/@aws-sdk/client-dynamodb/',
  queues: 'node_modules/@aws-sdk/client-sqs/',
  secrets: 'node_modules/@aws-sdk/client-secrets-manager/',
  posts: 'node_modules/@aws-sdk/client-apigatewaymanagementapi/',
  tokens: 'node_modules/jose/',
  log: 'src/aws/log/dynamo-log-store.ts',
  events: 'src/core/event.ts',
} as const

const EXPECTED: Readonly<Record<string, readonly (keyof typeof PARTS)[]>> = {
  authorize: ['secrets', 'tokens'],
  connect: ['tables', 'posts'],
  disconnect: ['tables'],
  message: ['tables', 'posts', 'log'],
  event: ['tables', 'queues', 'posts', 'log', 'events'],
  publish: ['tables', 'queues', 'secrets', 'posts', 'tokens', 'log', 'events'],
  recent: ['tables', 'secrets', 'tokens', 'log'],
  inspect: ['tables', 'secrets', 'posts', 'tokens', 'log'],
  'disconnect-user': ['tables', 'secrets', 'posts', 'tokens'],
  health: ['tables', 'queues'],
}

function filesIn(name: string): string[] {
  const { outputs } = JSON.parse(readFileSync(join(folder, `${name}.meta.json`), 'utf8')) as Metafile
  const output = Object.values(outputs).find(({ entryPoint }) => entryPoint !== undefined)
  return Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) =>
    bytesInOutput > 0 ? [file] : [],
  )
}

describe('the bundles', () => {
  it('are those of the functions', () => {
    const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect(names.map(({ name }) => name).toSorted()).toEqual(Object.keys(EXPECTED).toSorted())
  })

  it.each(Object.entries(EXPECTED))('%s has what it uses, and nothing else', (name, expected) => {
    const files = filesIn(name)
    const parts = Object.entries(PARTS).flatMap(([part, path]) =>
      files.some((file) => file.startsWith(path)) ? [part] : [],
    )
    expect(parts).toEqual(expected)
    const strangers = files.filter(
      (file) =>
        !/^(node_modules|lambdas|src\/(aws|auth|core))\/|^src\/process\/sha256\.ts$/.test(file) ||
        /credential-provider|pino/.test(file),
    )
    expect(strangers).toEqual([])
  })

  it.each(Object.keys(EXPECTED))('%s is small, and needs no CommonJS loader', (name) => {
    const text = readFileSync(join(folder, name, 'index.mjs'), 'utf8')
    // CommonJS that esbuild could not turn into modules would fail with this in a function.
    expect(text).not.toMatch(/Dynamic require of/)
    expect(text.length).toBeLessThan(400 * 1024)
  })
})
