/**
 * What a cold start has to load: each function's bundle, its size, and the time to import it in a fresh Node process, as a
 * ratio to importing an empty module in the same run.
 *
 *     npm run bench:bundles
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { quantile } from './measure.ts'

const ROUNDS = 21
const bundles = join(import.meta.dirname, '../dist/bundles')

/** Prints how long the import took, in milliseconds. The environment is what a function has at its start. */
const PROBE = `
  const before = performance.now()
  await import(process.argv[1])
  console.log(performance.now() - before)
`

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

const scratch = mkdtempSync(join(tmpdir(), 'fanout-bundles-'))
try {
  const empty = join(scratch, 'empty.mjs')
  writeFileSync(empty, 'export const handler = async () => undefined\n')
  const names = readdirSync(bundles, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  )
  const files = new Map([
    ['(empty)', empty],
    ...names.map((name) => [name, join(bundles, name, 'index.mjs')] as const),
  ])
  const times = new Map([...files.keys()].map((name) => [name, [] as number[]]))
  // Round by round, so that whatever else the machine does falls on all of them alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, file] of files) times.get(name)?.push(importMs(file))
  }
  const floor = quantile(times.get('(empty)') ?? [], 0.5)
  console.log(`Median of ${ROUNDS} fresh processes, Node ${process.versions.node}\n`)
  console.log('| function | KiB | KiB gzipped | import, ms | times an empty module |')
  console.log('| --- | ---: | ---: | ---: | ---: |')
  for (const [name, file] of files) {
    const ms = quantile(times.get(name) ?? [], 0.5)
    const sizes = [statSync(file).size, gzipSync(readFileSync(file)).length].map((bytes) =>
      (bytes / 1024).toFixed(0),
    )
    console.log(`| ${[name, ...sizes, ms.toFixed(1), (ms / floor).toFixed(1)].join(' | ')} |`)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
