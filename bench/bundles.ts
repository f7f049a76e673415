/**
 * What a cold start has to load: each function's bundle, its size, and the time to import it in a fresh Node process, as a ratio to
 * importing an empty module in the same run, and to what somebody gets who bundles the SDK's aggregated clients as they come.
 *
 *     npm run bench:bundles -- [--rounds 21]
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { quantile, withFolder } from './measure.ts'
import { numbersOrExit } from './options.ts'

const root = join(import.meta.dirname, '..')
const bundles = join(root, 'dist/bundles')

/** Prints how long the import took, in milliseconds. The environment is what a function has at its start. */
const PROBE = `
  const before = performance.now()
  await import(process.argv[1])
  console.log(performance.now() - before)
`

/** The three services that the event function calls, as the SDK's own examples begin. */
const NAIVE = `
  import { ApiGatewayManagementApi } from '@aws-sdk/client-apigatewaymanagementapi'
  import { DynamoDB } from '@aws-sdk/client-dynamodb'
  import { SQS } from '@aws-sdk/client-sqs'
  import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb'
  const tables = DynamoDBDocument.from(new DynamoDB({}))
  const connections = new ApiGatewayManagementApi({ endpoint: process.env.CONNECTIONS_ENDPOINT })
  const queues = new SQS({})
  export const handler = async () => [tables, connections, queues].length
`

const EMPTY = '(empty)'
const NAIVE_NAME = '(naive)'

const functionEnvironment = {
  LOG_TABLE: 'log',
  CONNECTIONS_TABLE: 'connections',
  CONNECTIONS_ENDPOINT: 'https://api.execute-api.us-east-1.amazonaws.com/prod',
  QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/queue.fifo',
  DEAD_LETTER_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/dead.fifo',
  JWT_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:jwt-AbCdEf',
  MAX_CONNECTIONS_PER_USER: '20',
  RETENTION_DAYS: '30',
  METRICS_SERVICE: 'bench',
  LOG_LEVEL: 'info',
}

function importMs(file: string): number {
  const environment = { PATH: process.env['PATH'] ?? '', AWS_REGION: 'us-east-1', ...functionEnvironment }
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', PROBE, pathToFileURL(file).href],
    { encoding: 'utf8', env: environment },
  )
  const ms = Number(stdout)
  if (stdout === '' || Number.isNaN(ms)) throw new Error(`${file} cannot be imported: ${stderr}`)
  return ms
}

function writeEmpty(folder: string): string {
  const file = join(folder, 'empty.mjs')
  writeFileSync(file, 'export const handler = async () => undefined\n')
  return file
}

/** With nothing set but what has to be: not minified, CommonJS. */
async function bundleNaive(folder: string): Promise<string> {
  const outfile = join(folder, 'naive.cjs')
  await build({ stdin: { contents: NAIVE, resolveDir: root }, outfile, bundle: true, platform: 'node' })
  return outfile
}

/** By name: what they are compared with, and the functions as they are deployed. */
async function filesIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = readdirSync(bundles, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  )
  return new Map([
    [EMPTY, writeEmpty(folder)],
    [NAIVE_NAME, await bundleNaive(folder)],
    ...names.map((name) => [name, join(bundles, name, 'index.mjs')] as const),
  ])
}

/** Medians in milliseconds. Round by round, so that whatever else the machine does falls on all of them alike. */
function importAll(files: ReadonlyMap<string, string>, rounds: number): ReadonlyMap<string, number> {
  const times = new Map([...files.keys()].map((name) => [name, [] as number[]]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, file] of files) times.get(name)?.push(importMs(file))
  }
  return new Map([...times].map(([name, taken]) => [name, quantile(taken, 0.5)]))
}

function print(files: ReadonlyMap<string, string>, medians: ReadonlyMap<string, number>): void {
  const msOf = (name: string): number => medians.get(name) ?? NaN
  const [empty, naive] = [msOf(EMPTY), msOf(NAIVE_NAME)]
  console.log('| function | KiB | KiB gzipped | import, ms | times an empty module | of the naive one |')
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |')
  for (const [name, file] of files) {
    const sizes = [statSync(file).size, gzipSync(readFileSync(file)).length]
    const kib = sizes.map((bytes) => (bytes / 1024).toFixed(0))
    const ms = msOf(name)
    console.log(
      `| ${[name, ...kib, ms.toFixed(1), (ms / empty).toFixed(1), (ms / naive).toFixed(2)].join(' | ')} |`,
    )
  }
}

const { rounds } = numbersOrExit('bench:bundles', { rounds: 21 })
await withFolder(async (folder) => {
  const files = await filesIn(folder)
  const medians = importAll(files, rounds)
  console.log(`Median of ${rounds} fresh processes, Node ${process.versions.node}\n`)
  print(files, medians)
})
